"""Planner: how many rows an eraser needs, and what AUC to expect for a number of rows.

Problem. An eraser is exact on the rows that it was fitted to. On new data, the error of its
estimated class means remains. How many rows make this error too small to read?

Solution. Let whitened Gaussian classes have the Mahalanobis gap D, d features and the share p of
one class. An eraser fitted to n rows leaves the squared gap g on new data, and a fresh probe reads

    1/g = 1/D² + 1/e,   e = (d − 1)/(p (1 − p) n),   AUC = Φ( g / sqrt(g + e_P) / √2 ).

e_P is the noise in the estimate of the probe, and 0 if the probe has infinite data. For a given
AUC, the last equation is quadratic in g, and the first one then gives n.

Reference. `docs/methods/planner.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.stats import norm

from nullprobe._core import parameters, validation
from nullprobe._core.frames import Table
from nullprobe.measures.expected_auc import expected_auc, gap_left, noise

MOST_ROWS = 2.0**53  # above it, not every whole number is a float


@dataclass(frozen=True)
class Plan:
    """Expected effect of an eraser fitted to n rows.

    Attributes
    ----------
    d : int
        Number of independent features: the rank of the covariance.
    gap : float
        Mahalanobis distance D of the true class means.
    positive_fraction : float
        Share p of one of the two classes, among the rows of the eraser and of the probe.
    n : int
        Rows that the eraser is fitted to, both classes together.
    n_probe : int or None
        Rows that the fresh probe is fitted to; None for infinite data.
    gap_left : float
        Squared Mahalanobis distance g of the class means on new data after erasure.
    auc : float
        Expected AUC of the fresh probe on new data after erasure.
    raw_auc : float
        AUC of a probe with infinite data before erasure.

    Examples
    --------
    >>> from nullprobe import plan
    >>> expected = plan(768, 2.0, n=1000)
    >>> expected.n_probe, round(expected.raw_auc, 3), round(expected.auc, 3)
    (None, 0.921, 0.824)
    """

    d: int
    gap: float
    positive_fraction: float
    n: int
    n_probe: int | None
    gap_left: float
    auc: float
    raw_auc: float

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with one row; ``kind`` is "pandas", "polars" or "pyarrow"."""
        return PLAN.frame([self], kind)


PLAN = Table(
    {
        "d": int,
        **dict.fromkeys(("gap", "positive_fraction"), float),
        **dict.fromkeys(("n", "n_probe"), int),
        **dict.fromkeys(("gap_left", "auc", "raw_auc"), float),
    },
    lambda one: [vars(one)],
)


def plan(
    d: int,
    gap: float,
    auc: float | None = None,
    *,
    n: int | None = None,
    n_probe: int | None = None,
    positive_fraction: float = 0.5,
) -> Plan:
    """Return the rows that keep a fresh probe at or below an AUC, or the AUC for n rows.

    Parameters
    ----------
    d : int
        Number of independent features.
    gap : float
        Mahalanobis distance of the two class means. Pass ``math.inf`` if it is not known: then the
        rows are enough for any gap.
    auc : float
        Largest AUC that the fresh probe may reach. Pass either this or ``n``.
    n : int
        Rows that the eraser is fitted to, both classes together.
    n_probe : int, optional
        Rows that the probe is fitted to. By default it has infinite data. This is an upper bound:
        no linear probe reads more.
    positive_fraction : float
        Share of one of the two classes, either one.

    Returns
    -------
    Plan
        Its n is the smallest that keeps the AUC at or below ``auc``, or the n that was passed.

    Raises
    ------
    InputError
        If a number is out of range, or if not exactly one of ``auc`` and ``n`` is passed.

    Notes
    -----
    The plan holds for every eraser that makes the class means equal on its fitting rows, such as
    mean projection and LEACE. A linear probe reads the same after each of them. The classes are
    assumed to be Gaussian with one covariance. A probe of ``n_probe`` rows is assumed to know the
    covariance, but not the direction of the gap. A probe that estimates the covariance reads less.
    A probe that knows more about the direction reads more, such as a probe with a sparse penalty if
    the gap lies along one feature. For K classes, plan each pair of classes with its gap and its
    share. An eraser of all classes leaves no pair more than its plan.

    Examples
    --------
    >>> plan(768, 2.0, n=1000, n_probe=1000).auc.__round__(3)
    0.712
    >>> plan(768, 2.0, auc=0.55).n
    96379
    """
    d = parameters.whole_number("d", d, least=1)
    gap, share = _gap(gap), _share(positive_fraction)
    if (auc is None) == (n is None):
        validation.complain(
            "plan needs either auc or n",
            "neither arrived" if auc is None else "both arrived",
            "pass auc for the number of rows that it needs, or n for the AUC to expect",
        )
    n_probe = None if n_probe is None else _rows("n_probe", n_probe, share)
    n = _rows("n", n, share) if auc is None else _enough(d, gap, _target(auc), n_probe, share)
    return _expect(d, gap, share, n, n_probe)


def _expect(d: int, gap: float, share: float, n: int, n_probe: int | None) -> Plan:
    fitting = _counts(n, share)
    return Plan(
        d=d,
        gap=gap,
        positive_fraction=share,
        n=n,
        n_probe=n_probe,
        gap_left=gap_left(gap, d, fitting),
        auc=expected_auc(gap, d, fitting, _counts(n_probe, share)),
        raw_auc=float(norm.cdf(gap / math.sqrt(2.0))),
    )


def _enough(d: int, gap: float, auc: float, n_probe: int | None, share: float) -> int:
    """Return the smallest number of rows that keeps the probe at or below an AUC."""
    least = _least(share)
    # With s = √2 Φ⁻¹(AUC): g² − s² g − s² e_P = 0.
    s = math.sqrt(2.0) * float(norm.ppf(auc))
    most = 0.5 * s * (s + math.sqrt(s * s + 4.0 * noise(d, _counts(n_probe, share))))
    if math.sqrt(most) >= gap:
        return least
    rows = noise(d, (share, 1.0 - share)) * (1.0 / most - 1.0 / gap / gap)
    if not rows < MOST_ROWS:
        validation.complain(
            f"auc must be reachable with at most {MOST_ROWS:.0g} rows",
            f"{auc!r} needs more rows for {d} features",
            "pass an AUC further above .5",
        )
    n = max(least, math.ceil(rows))
    # Because of rounding, n may be one row too many or too few.
    if n > least and _expect(d, gap, share, n - 1, n_probe).auc <= auc:
        return n - 1
    return n + (_expect(d, gap, share, n, n_probe).auc > auc)


def _counts(n: int | None, share: float) -> tuple[float, float]:
    rows = math.inf if n is None else float(n)
    return share * rows, (1.0 - share) * rows


def _least(share: float) -> int:
    """Return the smallest number of rows with at least one row of each class."""
    return math.ceil(round(1.0 / min(share, 1.0 - share), 9))


def _gap(gap: object) -> float:
    if isinstance(gap, float) and not gap >= 0.0:
        validation.complain(
            "gap must be at least 0",
            f"{gap!r} arrived",
            "pass inf if it is not known",
        )
    return math.inf if gap == math.inf else parameters.real_number("gap", gap, least=0.0)


def _share(share: object) -> float:
    value = parameters.share("positive_fraction", share)
    if value in (0.0, 1.0):
        validation.complain(
            "positive_fraction must be above 0 and below 1",
            f"{share!r} arrived",
        )
    return value


def _target(auc: object) -> float:
    value = parameters.share("auc", auc)
    if value <= 0.5:
        validation.complain(
            "auc must be above .5, since no number of rows makes an estimated mean exact",
            f"{auc!r} arrived",
            "pass an AUC such as .55",
        )
    return value


def _rows(name: str, n: object, share: float) -> int:
    rows, least = parameters.whole_number(name, n, least=2), _least(share)
    if rows < least:
        validation.complain(
            f"{name} must be at least {least}, for one row of each class at a share of {share:g}",
            f"{rows} arrived",
        )
    return rows
