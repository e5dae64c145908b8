"""The only code that talks to a console: requests, wire shapes, retry, trust and the gate."""
