"""Erasers in the weights of a model."""
