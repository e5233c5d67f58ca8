"""Measures: guardedness, damage, association, and numbers of rows for a result."""
