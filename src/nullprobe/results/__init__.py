"""Saved results of any kind."""
