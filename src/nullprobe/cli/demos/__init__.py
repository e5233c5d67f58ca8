"""Demonstrations on data with known answers."""
