"""Audits of a language model's texts: from a model and a file to verdicts."""
