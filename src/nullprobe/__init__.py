"""Finds, removes and audits concepts in representations, and says what each result is about."""

__version__ = "0.1.0"
