"""Figures: what results look like, drawn with Matplotlib, and a scene of ours that turns."""
