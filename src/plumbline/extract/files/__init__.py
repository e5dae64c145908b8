"""Scan results and exports as files: one module a format, all giving rows in the console's form."""
