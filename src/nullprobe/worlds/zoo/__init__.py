"""Small transformers whose weights are set by hand, so that what they use is known."""
