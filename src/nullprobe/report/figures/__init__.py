"""Figures as plotly specifications."""
