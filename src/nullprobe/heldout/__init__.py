"""Scores on held-out rows: rows that no fit has seen."""
