"""Lists of findings, hosts, vulnerabilities and asset lists: one way to filter, sort and leaf."""
