"""Erasers in the forward pass of a model."""
