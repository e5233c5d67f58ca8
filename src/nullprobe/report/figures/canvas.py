"""Canvas: what the figures use of Plotly, which has no types; the one file that imports it."""

from __future__ import annotations

from typing import Any, Protocol, cast

# Plotly ships no types, and Pyright cannot follow the keywords of its generated methods.
import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]
from plotly.offline import get_plotlyjs  # pyright: ignore[reportMissingTypeStubs]


class Figure(Protocol):
    """The methods of ``plotly.graph_objects.Figure`` that the figures call.

    Attributes
    ----------
    data : tuple
        The traces, from the lowest to the uppermost.
    """

    data: tuple[Any, ...]

    def add_bar(self, **trace: Any) -> Any:
        """Add bars."""
        ...

    def add_heatmap(self, **trace: Any) -> Any:
        """Add a matrix of shades."""
        ...

    def add_scatter(self, **trace: Any) -> Any:
        """Add points or lines."""
        ...

    def add_scatter3d(self, **trace: Any) -> Any:
        """Add points in space."""
        ...

    def update_layout(self, **layout: Any) -> Any:
        """Set what is common to all traces."""
        ...

    def update_xaxes(self, **axis: Any) -> Any:
        """Set the axes from left to right."""
        ...

    def update_yaxes(self, **axis: Any) -> Any:
        """Set the axes from bottom to top."""
        ...

    def to_json(self) -> str | None:
        """Return the figure as JSON."""
        ...


def empty() -> Figure:
    """Return a figure without traces."""
    return cast(Figure, go.Figure())


def script() -> str:
    """Return the source of plotly.js."""
    return get_plotlyjs()
