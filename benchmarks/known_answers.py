"""What must come out on worlds whose answer is known; the README shows the table.

python benchmarks/known_answers.py
"""

from __future__ import annotations

import argparse

import numpy as np
from record import record
from scipy.stats import binomtest

from nullprobe import audit, worlds
from nullprobe.claims import Claim


def row(what: str, result: str, target: str) -> dict[str, str]:
    """Print and return one line of the table."""
    print(f"{what}: {result} (target: {target})", flush=True)
    return {"what": what, "result": result, "target": target}


def verdict(claim: Claim) -> str:
    """Return whether a claim holds, and what that takes."""
    return f"{claim.holds}, {claim.takes}"


def founding(seed: int) -> list[dict[str, str]]:
    small = worlds.two_features(n_per_class=100, d=3, random_state=seed)
    result = audit(small.X, small.y, n_jobs=-1, random_state=seed)
    before = result["readable"].details["logistic_accuracy"]
    after = result["one_direction"].details["in_sample_after"]
    claim = result["one_direction"]
    large = worlds.two_features(n_per_class=10_000, d=3, random_state=seed)
    found = audit(large.X, large.y, claims=["no_halfspace"], n_jobs=-1, random_state=seed)
    half = found["no_halfspace"]
    drawn = {null.rung: f"{null.mean:.1%} ± {null.sd:.1%}" for null in half.nulls}
    return [
        row(
            "founding experiment, 100 a class: linear probe, held out",
            f"{before:.1%}",
            "about 94 %",
        ),
        row("the same in sample after erasure", f"{after:.1%}", "50 %"),
        row("`one_direction`", verdict(claim), "yes, linear_algebra"),
        row(
            "10,000 a class: best halfspace after erasure, held out",
            f"{half.observed:.1%}",
            "62 ± 1.5 %",
        ),
        row("the same on rotated data", drawn["moments"], "near 50 %"),
        row("the same where noise is flipped", drawn["noise"], "—"),
        row("`no_halfspace`", verdict(half), "no, structure"),
    ]


def gaussian(seed: int) -> list[dict[str, str]]:
    w = worlds.gaussian(n=3000, d=768, gap=2.0, random_state=seed)
    claim = audit(w.X, w.y, claims=["erasure_holds"], random_state=seed)["erasure_holds"]
    expected = claim.details["expected_from_means"]
    return [
        row(
            "Gaussian, d = 768, 1,000 rows a part, D = 2: read-back AUC",
            f"{claim.observed:.3f}",
            ".712 ± .02",
        ),
        row("the same as expected from estimated means", f"{expected:.3f}", ".712"),
        row("`erasure_holds`", verdict(claim), "no, moments"),
    ]


def null(seeds: int) -> list[dict[str, str]]:
    called = 0
    for seed in range(seeds):
        w = worlds.null(random_state=seed)
        claim = audit(w.X, w.y, claims=["readable"], random_state=seed)["readable"]
        called += claim.holds == "yes"
    bound = int(max(k for k in range(seeds) if binomtest(k, seeds, 0.05, "greater").pvalue > 0.01))
    return [
        row(
            f"no concept: called readable, of {seeds} worlds",
            str(called),
            f"≤ {bound} (5 %, 99 % bound)",
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nulls", type=int, default=200)
    a = parser.parse_args()
    np.seterr(all="raise", under="ignore")
    record("known_answers", {"seed": a.seed}, founding(a.seed) + gaussian(a.seed) + null(a.nulls))


if __name__ == "__main__":
    main()
