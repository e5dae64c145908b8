"""Plumbline: one consolidated, proven security posture from Tenable Security Center."""

__version__ = "0.1.0"
