"""Language models with a known concept, and their training."""
