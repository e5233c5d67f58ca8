"""Input data: representations, concepts, splits and contrast pairs, and their files."""
