"""Comparisons of erasers, and of probes of contrast pairs."""
