"""Frozen maps that erasers end in, and their files."""
