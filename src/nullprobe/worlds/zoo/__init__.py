"""Small transformers, set by hand or trained, whose use of a concept is known."""
