"""Measures: what linear prediction remains, and how far a representation moved."""
