"""Plots are drawn without a screen, and closed."""

import matplotlib
import pytest
from matplotlib import pyplot


@pytest.fixture(autouse=True)
def unseen():
    """Draw without a screen; close what a test leaves open."""
    before = matplotlib.get_backend()
    matplotlib.use("Agg")
    yield
    pyplot.close("all")
    matplotlib.use(before)
