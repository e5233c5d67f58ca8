"""Foundations that any numerical library needs; nothing here knows about concepts."""
