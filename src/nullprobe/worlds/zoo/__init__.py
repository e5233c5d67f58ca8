"""Small transformers, set by hand or trained, of which it is known what they use."""
