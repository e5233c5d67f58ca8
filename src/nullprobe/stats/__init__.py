"""Numbers about numbers: metrics of scores, and null distributions."""
