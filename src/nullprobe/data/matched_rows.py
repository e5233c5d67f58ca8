"""Matched rows: pairs of rows of two classes whose confounds are equal.

Problem. Where confounds nearly determine the concept, no adjustment has much to work with. A design
has: rows that differ in the concept and in none of the confounds.

Solution. Coarsened exact matching. Categories must be equal, and numbers must fall into one
interval of a fifth of their standard deviation. Within each cell as many pairs are formed as there
are rows of the rarer class.

Reference. S. M. Iacus, G. King, G. Porro, "Causal inference without balance checking: coarsened
exact matching", 2012. P. C. Austin, "Optimal caliper widths", 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.data.concept import Concept, concept
from nullprobe.data.confounds import Confounds

CALIPER = 0.2  # standard deviations of a number


def matched_rows(y: Any, confounds: Any) -> np.ndarray:
    """Return pairs of rows of two classes whose confounds are equal.

    Parameters
    ----------
    y : array-like of shape (n,)
        Labels of two classes.
    confounds : array of shape (n,) or (n, q), frame, or mapping of str to such
        As `audit` takes them.

    Returns
    -------
    ndarray of shape (m, 2), int
        Positions of the rows of each pair, the first of the first class in order. No row is in two
        pairs; m is the largest number of such pairs.

    Raises
    ------
    InputError
        If y does not have two classes, or the confounds are not known in every row.

    Examples
    --------
    >>> matched_rows(["no", "yes", "yes", "no"], ["book", "book", "web", "book"]).tolist()
    [[0, 1]]
    """
    z = concept(y)
    z.need_two_classes()
    if z.classes is None or len(z.classes) != 2:
        validation.complain(
            "rows of two classes are matched",
            "y has numbers" if z.classes is None else f"y has {len(z.classes)} classes",
            "match each pair of classes, or cut numbers into two",
        )
    W = Confounds.of(confounds, len(z))
    if W is None:
        validation.complain("confounds are needed to match rows", "None arrived")
    return pairs_within_cells(z, W)


def pairs_within_cells(z: Concept, W: Confounds) -> np.ndarray:
    """Return the pairs (m, 2) of a concept of two classes, cell by cell."""
    assert z.codes is not None, "rows of classes are matched"
    # A rounding error must not split the ones of an indicator.
    coarse = np.floor(W.design / CALIPER + 1e-9)
    cells = np.unique(coarse, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(cells, kind="stable")
    pairs: list[tuple[int, int]] = []
    for rows in np.split(order, np.flatnonzero(np.diff(cells[order])) + 1):
        first, second = rows[z.codes[rows] == 0], rows[z.codes[rows] == 1]
        pairs += zip(first, second, strict=False)
    return np.array(pairs, dtype=int).reshape(-1, 2)
