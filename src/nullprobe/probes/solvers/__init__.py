"""Optimisation problems that probes share."""
