"""Nonlinear probes, one method a file."""
