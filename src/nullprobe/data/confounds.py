"""Confounds: known properties such as words, lengths, sources and positions, encoded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from nullprobe._core import linalg, parameters, validation
from nullprobe._core.nested import is_mapping
from nullprobe.data import kinds

# Fewer rows per column make W wide (Peduzzi et al. 1996).
ROWS_PER_COLUMN = 10
ROWS_OF_STRATUM = 30  # mean number of rows per combination that permutations within them need


@dataclass(frozen=True, eq=False)
class Confounds:
    """Known properties of n rows that may explain why a probe predicts the concept.

    Attributes
    ----------
    names : tuple of str
    design : ndarray of shape (n, q)
        Standardised numbers, and an indicator of each category.
    strata : ndarray of shape (n,) or None
        Code of each row's combination of values, if all confounds are categories and the
        combinations have enough rows; else None.
    """

    names: tuple[str, ...]
    design: np.ndarray
    strata: np.ndarray | None

    @classmethod
    def of(cls, W: Any, n: int) -> Self | None:
        """Return the confounds of n rows, or None if there are none.

        Parameters
        ----------
        W : array of shape (n,) or (n, q), frame, or mapping of str to such, or None
            Strings, booleans, and numbers with few distinct values are categories; all other
            numbers are numeric confounds. Sparse matrices will do.
        """
        if W is None:
            return None
        columns = {str(name): W[name] for name in W.columns} if hasattr(W, "columns") else W
        named = (
            parameters.by_name("confound", columns) if is_mapping(columns) else _by_number(columns)
        )
        named = {name: _dense(one) for name, one in named.items()}
        named = {name: _dates_as_numbers(one) for name, one in named.items()}
        names: list[str] = []
        blocks: list[np.ndarray] = []
        codes: list[np.ndarray | None] = []
        for name, one in named.items():
            for called, values, is_category in kinds.columns(one, name, n):
                names.append(called)
                block, code = _encoded(values, called, is_category)
                blocks.append(block)
                codes.append(code)
        if not names:
            validation.complain(
                "at least one confound is needed", "the mapping is empty", "omit confounds"
            )
        of_categories = [code for code in codes if code is not None]
        if len(of_categories) < len(codes):
            return cls(tuple(names), np.hstack(blocks), None)
        strata = np.unique(np.column_stack(of_categories), axis=0, return_inverse=True)[1].ravel()
        has_rows = n >= ROWS_OF_STRATUM * (int(strata.max()) + 1)
        return cls(tuple(names), np.hstack(blocks), strata if has_rows else None)

    def take(self, rows: np.ndarray) -> Confounds:
        """Return the confounds of the rows at the positions ``rows`` (m,)."""
        strata = None if self.strata is None else self.strata[rows]
        return Confounds(self.names, self.design[rows], strata)


def _encoded(
    values: np.ndarray, called: str, is_category: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the columns (n, q) of one confound, and its codes (n,) if it is a category."""
    distinct, codes = np.unique(values, return_inverse=True)
    few = len(distinct) <= kinds.FEW_VALUES
    if len(distinct) < 2:
        validation.complain(
            f"{called} must differ between rows to be a confound",
            f"it is {str(distinct[0])!r} in every row",
            "leave it out",
        )
    if is_category or values.dtype.kind not in "fiu" or few:
        if 2 * len(distinct) > len(values):
            validation.complain(
                f"a categorical confound ({called}) must have several rows per category",
                f"it has {len(distinct)} different values in {len(values)} rows, the first is "
                f"{str(distinct[0])!r}",
                "pass dates as datetime64 and amounts as numbers; leave out identifiers of rows",
            )
        return (codes[:, None] == np.arange(len(distinct))).astype(np.float64), codes
    numbers = kinds.numbers(values, called)
    return (numbers - numbers.mean()) * linalg.reciprocal(numbers.std(axis=0)), None


def _by_number(W: Any) -> dict[str, Any]:
    """Return the columns of a matrix by their numbers, counted from 1; other values as they are."""
    dense = _dense(W)
    values = dense if hasattr(dense, "ndim") else np.asarray(dense)
    if values.ndim != 2 or values.shape[1] < 2:
        return {"confounds": dense}
    return {f"confound {j + 1}": values[:, j] for j in range(values.shape[1])}


def _dense(one: Any) -> Any:
    """Return a sparse matrix as an array; anything else unchanged."""
    return one.toarray() if hasattr(one, "toarray") else one


def _dates_as_numbers(one: Any) -> Any:
    """Return dates as numbers of days; anything else unchanged."""
    if hasattr(one, "columns"):
        return one
    values = np.asarray(one)
    if values.dtype.kind != "M":
        return one
    if np.isnat(values).any():
        validation.complain(
            "a confound of dates must have a date in every row",
            f"{validation.counted(int(np.isnat(values).sum()), 'date is', 'dates are')} missing",
            "fill in the dates, or drop these rows",
        )
    return (values - values.min()) / np.timedelta64(1, "s") / 86_400.0
