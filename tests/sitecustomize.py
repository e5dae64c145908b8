"""Interpreters started by a test without the mark `network` are refused sockets, too."""

from refusal import refuse

refuse()
