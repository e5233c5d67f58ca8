"""Texts of a language model: what a file of them gives away, and audits of a model's states."""
