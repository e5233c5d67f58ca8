"""Planner: how many rows an eraser needs, and what to expect of the rows that there are.

Problem. An eraser is perfect on its own sample, and leaves on new data what its estimate of the
class means was off by. How many rows make that too little to be read?

Solution. With whitened Gaussian classes at Mahalanobis gap D, d features and p the share of a
class, an eraser fitted to n rows leaves the squared gap g on new data, and a fresh probe reads

    1/g = 1/D² + 1/e,   e = (d − 1)/(p (1 − p) n),   AUC = Φ( g / sqrt(g + e_P) / √2 ),

e_P the same noise in the probe's own estimate, 0 where it has endless data. Given the AUC, the
last equation is a quadratic in g, and the first gives n.

Reference. `docs/methods/planner.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import norm

from nullprobe._core import parameters, validation
from nullprobe.measures.expected_auc import expected_auc, gap_left, noise

MOST_ROWS = 2.0**53  # above it, neighbouring whole numbers are one float


@dataclass(frozen=True)
class Plan:
    """What to expect of an eraser fitted to n rows.

    Attributes
    ----------
    d : int
        Features that vary on their own: the rank of the covariance.
    gap : float
        D, Mahalanobis distance of the true class means.
    positive_fraction : float
        p, share of one of the two classes, in the eraser's rows and in the probe's.
    n : int
        Rows that the eraser is fitted to, both classes together.
    n_probe : int or None
        Rows that the fresh probe is fitted to; None for endless data.
    gap_left : float
        g, squared Mahalanobis distance of the class means on new data after erasure.
    auc : float
        AUC that the fresh probe is expected to reach on new data after erasure.
    raw_auc : float
        AUC of a probe with endless data before erasure.

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


def plan(
    d: int,
    gap: float,
    auc: float | None = None,
    *,
    n: int | None = None,
    n_probe: int | None = None,
    positive_fraction: float = 0.5,
) -> Plan:
    """Say how many rows keep a fresh probe at or below an AUC, or what to expect of n rows.

    Parameters
    ----------
    d : int
        Number of features that vary on their own.
    gap : float
        Mahalanobis distance of the two class means; ``math.inf`` if it is not known, for rows
        that are enough for any gap.
    auc : float
        The AUC that the fresh probe may reach. Pass this or ``n``.
    n : int
        Rows that the eraser is fitted to, both classes together.
    n_probe : int, optional
        Rows that the probe is fitted to. By default it has endless data, which is the safe
        answer: no linear probe reads more.
    positive_fraction : float
        Share of one of the classes; it does not matter which.

    Returns
    -------
    Plan
        With the least n that keeps to ``auc``, or with the n that was given.

    Raises
    ------
    InputError
        If a number is out of range, or not just one of ``auc`` and ``n`` is given.

    Notes
    -----
    It holds for every eraser that makes the class means equal on its rows, such as mean
    projection and LEACE: they leave a linear probe the same. The classes are taken to be
    Gaussian with one covariance. A probe of ``n_probe`` rows is taken to know that covariance,
    and nothing of where the gap may be: one that must estimate the covariance reads less, one
    that is told more, as by a penalty on features when the gap lies along one of them, reads
    more. For K classes plan each pair, with its own gap and its share of the pair's rows: the
    eraser of all classes leaves no pair more than that.

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
            "plan takes auc, to say how many rows are needed, or n, to say what they give",
            "neither arrived" if auc is None else "both arrived",
            "pass one of the two",
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
    """Return the least number of rows that keeps the probe at or below an AUC."""
    least = _least(share)
    # With s = √2 Φ⁻¹(AUC): g² − s² g − s² e_P = 0.
    s = math.sqrt(2.0) * float(norm.ppf(auc))
    most = 0.5 * s * (s + math.sqrt(s * s + 4.0 * noise(d, _counts(n_probe, share))))
    if math.sqrt(most) >= gap:
        return least
    rows = noise(d, (share, 1.0 - share)) * (1.0 / most - 1.0 / gap / gap)
    if not rows < MOST_ROWS:
        validation.complain(
            f"an AUC that a number of rows can keep to is needed for {d} features",
            f"{auc!r} takes more than {MOST_ROWS:.0g} rows",
            "allow an AUC further above .5",
        )
    n = max(least, math.ceil(rows))
    # Rounding may have put n one row to either side.
    if n > least and _expect(d, gap, share, n - 1, n_probe).auc <= auc:
        return n - 1
    return n + (_expect(d, gap, share, n, n_probe).auc > auc)


def _counts(n: int | None, share: float) -> tuple[float, float]:
    rows = math.inf if n is None else float(n)
    return share * rows, (1.0 - share) * rows


def _least(share: float) -> int:
    """Return how many rows hold one of each class."""
    return math.ceil(round(1.0 / min(share, 1.0 - share), 9))


def _gap(gap: object) -> float:
    if isinstance(gap, float) and not gap >= 0.0:
        validation.complain(
            "gap must be a distance of at least 0",
            f"{gap!r} arrived",
            "pass such a number, or inf if it is not known",
        )
    return math.inf if gap == math.inf else parameters.real_number("gap", gap, least=0.0)


def _share(share: object) -> float:
    value = parameters.share("positive_fraction", share)
    if value in (0.0, 1.0):
        validation.complain(
            "positive_fraction must leave rows to both classes",
            f"{share!r} arrived",
            "pass a number above 0 and below 1",
        )
    return value


def _target(auc: object) -> float:
    value = parameters.share("auc", auc)
    if value <= 0.5:
        validation.complain(
            "auc must be above .5, for no number of rows makes an estimated mean exact",
            f"{auc!r} arrived",
            "pass an AUC above .5, such as .55",
        )
    return value


def _rows(name: str, n: object, share: float) -> int:
    rows, least = parameters.whole_number(name, n, least=2), _least(share)
    if rows < least:
        validation.complain(
            f"{name} must be at least {least}, for one row of each class at a share of {share:g}",
            f"{rows} arrived",
            "pass more rows",
        )
    return rows
