"""Audits: from arrays to verdicts."""
