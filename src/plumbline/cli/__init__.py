"""The command line: one file a command; parse, wire, print."""
