"""Balancing: the largest subset of texts in which nothing that was found goes with the label.

Problem. In a balanced file, each word that gives the label away, each template and each entity has
as many rows of one label as of the other. Rows must be left out so that all of this holds at once.

Solution. Rows with the same label and the same properties can replace each other. So the number of
rows that are chosen of each such kind is a whole number, and the most rows under all equations are
an integer linear programme.

Reference. J. Zubizarreta, R. Paredes, P. Rosenbaum, "Matching for balance, pairing for
heterogeneity", 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

LEAST = 6  # rows of each label, which an audit needs
NODES = 500  # of the search; with more, the best subset until then is returned


class Condition(NamedTuple):
    """Sets of rows that must hold as many rows of one label as of the other.

    Attributes
    ----------
    name : str
        What the sets are, such as "the word 'not'".
    codes : ndarray of shape (n,), int
        Set of each row; −1 for rows that may be chosen freely.
    """

    name: str
    codes: np.ndarray

    def most(self, y: np.ndarray) -> int:
        """Return how many rows can be chosen under this condition alone, for labels y (n,)."""
        codes = self.codes + 1
        positives = np.bincount(codes, y)
        negatives = np.bincount(codes, ~y, minlength=len(positives))
        # The rows without a condition must be balanced, too, as all rows are.
        return int(2 * np.minimum(positives, negatives).sum())


def balanced_rows(y: np.ndarray, conditions: Sequence[Condition]) -> np.ndarray:
    """Return the largest set of rows that meets all conditions, and has equal labels.

    Parameters
    ----------
    y : ndarray of shape (n,), bool
    conditions : sequence of Condition

    Returns
    -------
    ndarray of int
        Rows in order; empty if only the empty set meets all conditions. Of rows that can replace
        each other, the first ones are chosen.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([True, True, True, False, False])
    >>> balanced_rows(y, [Condition("a word", np.array([0, 0, 1, 1, 0]))]).tolist()
    [0, 2, 3, 4]
    """
    codes = np.column_stack([np.zeros(len(y), dtype=int), *(one.codes for one in conditions)])
    kinds, kind = np.unique(np.column_stack([codes, y]), axis=0, return_inverse=True)
    kind = kind.ravel()
    signs = np.where(kinds[:, -1] == 1, 1.0, -1.0)
    sets = [
        (kinds[:, j] == code) * signs
        for j in range(codes.shape[1])
        for code in np.unique(kinds[:, j])
        if code >= 0
    ]
    most = np.bincount(kind)
    result = milp(
        -np.ones(len(kinds)),
        integrality=np.ones(len(kinds), dtype=int),
        bounds=Bounds(0, most),
        constraints=LinearConstraint(np.unique(sets, axis=0), 0, 0),
        options={"node_limit": NODES},
    )
    if result.x is None:
        return np.zeros(0, dtype=int)
    chosen = np.rint(result.x).astype(int)
    order = np.argsort(kind, kind="stable")
    # Position of each row among the rows of its kind.
    position = np.empty(len(y), dtype=int)
    position[order] = np.arange(len(y)) - np.repeat(np.cumsum(most) - most, most)
    return np.flatnonzero(position < chosen[kind])


def reason(y: np.ndarray, conditions: Sequence[Condition], labels: Sequence[str]) -> str:
    """Return why no balanced subset exists, in one sentence."""
    if conditions:
        least = min(conditions, key=lambda one: one.most(y))
        if least.most(y) < 2 * LEAST:
            return (
                f"no balanced subset exists: if {least.name} must be balanced, "
                f"{least.most(y)} of {len(y)} rows remain"
            )
    return (
        f"no balanced subset of at least {LEAST} rows of {labels[0]} and of {labels[1]} exists: "
        "each condition can be met alone, but not all together"
    )
