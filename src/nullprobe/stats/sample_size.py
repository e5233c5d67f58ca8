"""Sample size: how many rows a verdict needs, from spreads that were measured or that theory gives.

Problem. An unclear verdict has two ways out. With more rows the test finds an effect, or the
interval leaves no room for one that matters. Which of the two, nobody knows beforehand.

Solution. Let δ be the true excess over chance and E the smallest effect of interest. The test
detects δ where δ ≥ a s₀, and an absence is shown where E − δ ≥ b s₁, each with the power in
question; s₀ is the standard deviation of the draws, s₁ the standard deviation of the reading,
a = z_{1−α/2} + z_power, b = z_{1−α/4} + z_power. One of the two holds for every δ in [0, E] if
a s₀ + b s₁ ≤ E. Both spreads shrink as 1/√n, so that n rows become n ((a s₀ + b s₁) / E)².

For numbers the reading is a held-out R². A probe with d weights and a level, fitted to
m = n / 3 rows, adds v = (d + 2) / m of the variance of y to its errors; the mean of the scored rows
is a part of this. So s₀ and s₁ depend on n not only as 1/√n, and the
smallest n is searched for.

Reference. `docs/methods/existence.md`.
"""

from __future__ import annotations

import math

from scipy.stats import nct, norm, t

POWER = 0.8  # an effect that is found four times out of five
# Variance of a reading of nothing, times n s (1 − s), with s the share of the rarer class.
VARIANCES = {"AUC": 1.0 / 12.0, "balanced accuracy": 1.0 / 16.0}

MOST_T = 10_000  # units above which a t test is a z test
LEVELS = 2  # means that a held-out R² rests on: of the fitting rows, and of the scored rows


def to_detect(alpha: float, power: float = POWER, *, tails: int = 2) -> float:
    """Return a: how many standard deviations above chance a test at α detects with a power."""
    return float(norm.ppf(1.0 - alpha / tails) + norm.ppf(power))


def units_to_detect(effect: float, sd: float, alpha: float, power: float = POWER) -> int:
    """Return the fewest units whose mean a two-sided t test finds above 0, at least 2.

    Parameters
    ----------
    effect, sd : float
        Mean and standard deviation of a unit.
    alpha, power : float
        Level of the test, and the share of samples in which it finds the effect.
    """
    n = max(2, math.floor((to_detect(alpha, power) * sd / effect) ** 2))
    if sd == 0.0 or n > MOST_T:
        return n
    while nct.sf(t.ppf(1.0 - alpha / 2.0, n - 1), n - 1, effect * math.sqrt(n) / sd) < power:
        n += 1
    return n


def to_exclude(alpha: float, power: float = POWER) -> float:
    """Return b: how many standard deviations below E a reading shows an absence with a power.

    The interval has coverage 1 − α/2, since it leaves the probes as they are.
    """
    return float(norm.ppf(1.0 - alpha / 4.0) + norm.ppf(power))


def spread(metric: str, positive_fraction: float) -> float:
    """Return the standard deviation of a reading of nothing, times √n.

    Exact of an AUC (Mann and Whitney 1947). A balanced accuracy has at most this much, which it has
    where half of the rows are called positive.
    """
    return math.sqrt(VARIANCES[metric] / (positive_fraction * (1.0 - positive_fraction)))


def rows_to_decide(
    of_draws: float, of_reading: float, min_effect: float, alpha: float, power: float = POWER
) -> float:
    """Return the rows that a verdict needs, of spreads s₀ and s₁ times √n."""
    reach = to_detect(alpha, power) * of_draws + to_exclude(alpha, power) * of_reading
    return (reach / min_effect) ** 2


def r_squared_spreads(rows: float, d: int, effect: float, n_parts: int) -> tuple[float, float]:
    """Return the standard deviations of a held-out R², of nothing and of an effect.

    With v = d / m, errors of the probe vary by 2 v / n, and their products with the scored rows by
    4 v / n. An effect adds 4 R² (1 − R²)² / n, which is largest for R² = 1/3.
    """
    nothing = 6.0 * (d + LEVELS) * n_parts / rows
    effect = min(effect, 1.0 / 3.0)
    return math.sqrt(nothing / rows), math.sqrt(
        (nothing + 4.0 * effect * (1.0 - effect) ** 2) / rows
    )


def rows_to_decide_numbers(
    d: int, min_effect: float, alpha: float, power: float = POWER, *, n_parts: int = 3
) -> int:
    """Return the rows that a verdict on a held-out R² needs, for probes with d weights.

    The least rows with a s₀ + b s₁ ≤ E and v ≤ E. Both sides fall as rows are added.
    """
    a, b = to_detect(alpha, power), to_exclude(alpha, power)

    def decides(rows: int) -> bool:
        of_nothing, of_effect = r_squared_spreads(rows, d, min_effect, n_parts)
        return a * of_nothing + b * of_effect <= min_effect

    low = math.ceil(n_parts * (d + LEVELS) / min_effect)  # v ≤ E
    if decides(low):
        return low
    high = 2 * low
    while not decides(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high
