"""How often is a reading called one beyond the confounds, where it is and where it is not?

Six worlds, n = 600, d = 20: confounds are two words, or three numbers, one of which may act as a
square. Labels follow them alone, or the rows hold more of the labels. Share of seeds with p ≤ .05
by permuted labels, by labels drawn given the confounds, by the covariance beyond them, by both, and
by permuted labels once W is regressed off X. See docs/methods/confounds.md.

    python benchmarks/confounds.py
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from joblib import Parallel, delayed
from record import record
from scipy.special import expit
from threadpoolctl import threadpool_limits

from nullprobe import audit

N, D, DRAWS, ALPHA = 600, 20, 99, 0.05
WORLDS = (
    "words",
    "words, and beyond",
    "numbers",
    "numbers, and beyond",
    "a square",
    "a square, and beyond",
)
TESTS = ("permuted", "given W", "covariance", "both", "X residualised, permuted")
ASKED = {"claims": ["readable"], "draws": DRAWS, "independent": True, "duplicates": "keep"}


def world(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, labels and confounds."""
    rng = np.random.default_rng([seed, WORLDS.index(kind)])
    is_word, is_square = "words" in kind, "square" in kind
    W = (rng.random((N, 3)) < 0.4).astype(float) if is_word else rng.normal(size=(N, 3))
    odds = 2 * W[:, 0] - 1 + W[:, 1] if is_word else 1.5 * W[:, 0]
    odds = odds + 0.8 * (W[:, 1] ** 2 - 1) * is_square
    y = (rng.random(N) < expit(odds)).astype(int)
    X = rng.normal(size=(N, D))
    X[:, :3] += 1.5 * W
    X[:, 3] += W[:, 1] ** 2 * is_square
    X[:, 5] += 0.7 * y * ("beyond" in kind)
    return X, y, W


def found(kind: str, seed: int) -> dict[str, bool]:
    """Return which tests find something beyond the confounds."""
    X, y, W = world(kind, seed)
    A = np.column_stack([np.ones(N), W])
    left = X - A @ np.linalg.lstsq(A, X, rcond=None)[0]
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        claim = audit(X, y, confounds=W, random_state=seed, **ASKED)["readable"]
        plain = audit(left, y, random_state=seed, **{**ASKED, "depth": "quick"})["readable"]
    given = {null.rung: null for null in claim.nulls}.get("inputs")
    drawn = given is not None and given.p_value(claim.observed) <= ALPHA
    covariance = claim.details.get("covariance_p", 1.0) <= ALPHA
    values = (claim.p_value <= ALPHA, drawn, covariance, drawn and covariance)
    return dict(zip(TESTS, (*values, plain.p_value <= ALPHA), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    rows = []
    for kind in WORLDS:
        each = Parallel(a.jobs)(delayed(found)(kind, seed) for seed in range(a.seeds))
        shares = {test: float(np.mean([one[test] for one in each])) for test in TESTS}
        rows.append({"world": kind, **shares})
        print(rows[-1], flush=True)
    record("confounds", {"n": N, "d": D, "draws": DRAWS, "seeds": a.seeds}, rows)


if __name__ == "__main__":
    main()
