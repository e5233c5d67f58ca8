"""The version, where everything that records it can see it."""

__version__ = "0.1.0"
