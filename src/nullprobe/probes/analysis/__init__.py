"""Curves, calibration and information: analyses that use probes."""
