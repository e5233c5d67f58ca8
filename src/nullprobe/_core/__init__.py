"""What any numerical library has; knows nothing of concepts."""
