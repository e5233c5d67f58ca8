"""Whether a model uses a concept."""
