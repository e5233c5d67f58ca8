"""Corpora whose truth is known: samplers of texts, and exact predictors of the same texts."""
