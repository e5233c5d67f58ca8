"""Fitted maps of the erasers, and their files."""
