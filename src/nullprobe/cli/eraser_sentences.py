"""Sentences about erasers: what was fitted, and what was done to rows."""

from __future__ import annotations

from nullprobe.cli.eraser_files import CONCEPT, SHRUNK, Eraser
from nullprobe.data.manifest import SITE
from nullprobe.erasers import AffineEraser


def fitted(eraser: Eraser, n: int, *, constant: bool) -> str:
    """Return in words what was fitted to n rows; ``constant`` if their concept does not vary."""
    directions, rows = f"{_count(eraser.rank, 'direction')} of {eraser.d:,}", _count(n, "row")
    name = eraser.details.get(CONCEPT)
    column = "the concept" if name is None else repr(name)
    if isinstance(eraser, AffineEraser):
        site = eraser.details.get(SITE)
        where = "" if site is None else f" at {site}"
        text = f"{eraser.method} removes {column}, {directions}{where}, fitted to {rows}."
    else:
        text = (
            f"{eraser.method} moves rows in {directions}, fitted to {rows}; it needs "
            f"{column} of the rows that it erases."
        )
    if not eraser.rank:
        # An eraser that does nothing is legal, but nobody should take it for one that did.
        why = eraser.details.get("stopped", f"nothing in them varies with {column}")
        why = f"{column} is the same in all of them" if constant else why
        text += f" It leaves all rows as they are: {why}."
    shrunk = eraser.details.get(SHRUNK, "0")
    if not shrunk.startswith("0"):
        text += (
            f" {shrunk} had their covariance shrunk first, so after erasure it may still differ "
            "from the covariance of the others."
        )
    return text


def applied(eraser: Eraser, n: int) -> str:
    """Return in words what was done to n rows."""
    directions = f"{_count(eraser.rank, 'direction')} of {eraser.d:,}"
    if isinstance(eraser, AffineEraser):
        return f"{eraser.method} took {directions} out of {_count(n, 'row')}."
    return f"{eraser.method} moved {_count(n, 'row')} in {directions}."


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
