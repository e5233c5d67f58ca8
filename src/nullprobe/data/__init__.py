"""What is examined: representations, concepts, splits, pairs, and the files they come from."""
