"""A Tenable Security Center 6.6 to try, demonstrate and test against."""
