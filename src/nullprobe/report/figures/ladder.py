"""Ladder: the verdicts of an audit, or of several, as one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.layers import shortened_names
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.text import rungs
from nullprobe.report.text.wording import claim_name

GLYPHS = {"yes": "✓", "no": "✕", "unclear": "?"}
WORDS = {"rejected": "not enough", "undecided": "undecided", "not_tried": "not tried"}
COLUMNS = {
    "linear_algebra": "linear\nalgebra", "chance": "chance", "moments": "means and\ncovariances",
    "noise": "shape of\nthe noise", "structure": "more\nstructure",
}  # fmt: skip
LONGEST = 30  # letters of a representation next to its row
CELL, ENDS, SIDE = 26, 70, 0.9  # pixels of a row, of the ends; side of a cell
SOLID = 0.92


def height(n_documents: int, n_claims: int) -> int:
    """Return how many pixels high the picture of so many audits should be.

    Examples
    --------
    >>> height(1, 8) == height(8, 1) < height(80, 1)
    True
    """
    return ENDS + CELL * max(2, n_claims if n_documents == 1 else n_documents)


def verdicts(documents: Sequence[Mapping[str, Any]], ax: Axes) -> list[str]:
    """Draw verdicts: claims by rungs for one document, documents by claims for several.

    Parameters
    ----------
    documents : sequence of mapping
        Documents of audits.
    ax : Axes

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    return _one(documents[0]["claims"], ax) if len(documents) == 1 else _many(documents, ax)


def _one(claims: Sequence[Mapping[str, Any]], ax: Axes) -> list[str]:
    """Draw, for each claim, what became of each explanation, and the one that suffices."""
    keys = list(COLUMNS)
    for y, claim in enumerate(claims):
        outcomes = {one["name"]: one["outcome"] for one in claim["explanations"]}
        for x, key in enumerate(keys):
            outcome = outcomes.get(key)
            if claim["takes"] == key:
                _cell(ax, x, y, roles.rung_hex(key), SOLID)
                words = "needed" if key == "structure" else "is enough"
                _write(ax, x, y, words, roles.LIGHT["paper"], weight="bold")
            elif outcome in WORDS:
                _cell(ax, x, y, roles.LIGHT["rule"], 0.55 if outcome == "rejected" else 0.0)
                _write(ax, x, y, WORDS[outcome], roles.LIGHT["muted"])
    axis.frame(ax, "what the result takes", None)
    ax.xaxis.labelpad = 8
    names = [f"{claim_name(claim['name'])} {GLYPHS[claim['holds']]}" for claim in claims]
    _table(ax, len(keys), len(claims))
    axis.names_at(ax, "y", range(len(names)), names, LONGEST)
    ax.set_xticks(range(len(keys)), list(COLUMNS.values()))
    return []


def _many(documents: Sequence[Mapping[str, Any]], ax: Axes) -> list[str]:
    """Draw a table of claims by documents: colour and number say what a result takes."""
    names = [document["representation"] or document["title"] for document in documents]
    claims = list(dict.fromkeys(c["name"] for document in documents for c in document["claims"]))
    used: dict[int, rungs.Rung] = {}
    for y, document in enumerate(documents):
        for claim in document["claims"]:
            known = rungs.takes(claim)
            used[known.height] = known
            x, is_known = claims.index(claim["name"]), known.height > 0
            colour = roles.rung_hex(known.colour) if is_known else roles.LIGHT["rule"]
            _cell(ax, x, y, colour, SOLID if is_known else 0.55)
            words = GLYPHS[claim["holds"]] + (f" {known.height}" if is_known else "")
            _write(ax, x, y, words, roles.LIGHT["paper"] if is_known else axis.ink(ax))
    pattern, short = shortened_names(names)
    axis.frame(ax, None, pattern)
    _table(ax, len(claims), len(documents))
    axis.names_at(ax, "y", range(len(names)), short, LONGEST)
    axis.names_at(ax, "x", range(len(claims)), [claim_name(name) for name in claims], LONGEST)
    key = ", ".join(f"{used[h].height} {used[h].name}" for h in sorted(used) if h)
    return [f"What a result takes: {key}."] if key else []


def _cell(ax: Axes, x: float, y: float, colour: str, shade: float) -> None:
    ax.barh(y, SIDE, SIDE, x - SIDE / 2, color=[(colour, shade)], linewidth=0)


def _write(ax: Axes, x: float, y: float, words: str, colour: str, **style: Any) -> None:
    ax.text(x, y, words, ha="center", va="center", **axis.small(ax, color=colour, **style))


def _table(ax: Axes, n_columns: int, n_rows: int) -> None:
    """Set the ends of a table whose first row is at the top, its heads above it."""
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xlim(-0.5, max(1, n_columns) - 0.5)
    ax.set_ylim(max(1, n_rows) - 0.5, -0.5)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0)
