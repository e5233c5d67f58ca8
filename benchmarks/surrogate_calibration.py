"""Is the Gaussian surrogate right where the truth is Gaussian?

On Gaussian worlds of n = 900 rows, d features and Mahalanobis gap D the observed raw and
read-back AUC come from the same law as their surrogates, so their mean z-score against them
should be 0. Compared in the same run: surrogates drawn with the sample's own moments.

    python benchmarks/surrogate_calibration.py
"""

from __future__ import annotations

import argparse
from itertools import product

import numpy as np
from joblib import Parallel, delayed
from record import record
from threadpoolctl import threadpool_limits

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.moments.class_moments import ClassMoments
from nullprobe.nulls.permutation import permutations
from nullprobe.nulls.surrogate import gaussian_surrogate, match

ROWS = 900


def z_scores(d: int, gap: float, seed: int, draws: int) -> dict[str, list[float]]:
    """Return the z-scores of one world: [raw, read-back] for each way of drawing."""
    world = worlds.gaussian(n=ROWS, d=d, gap=gap, random_state=seed)
    z = concept(world.y)
    rng = np.random.default_rng([seed, 1])
    parts = split(z, groups=None, n_parts=3, rng=rng)
    asis = np.arange(len(z))[:, None]

    def read(X: np.ndarray) -> np.ndarray:
        return np.concatenate(ThreeWay(X, z, parts).read(asis))

    data = ThreeWay(world.X, z, parts)
    observed = np.concatenate(data.read(asis))
    chance, _ = data.read(permutations(z, parts, 199, rng))
    source = match(
        gaussian_surrogate(world.X, z),
        lambda drawn: np.array([read(X)[0] for X in drawn]),
        observed[0],
        chance.mean(),
        chance.std(ddof=1),
        rng,
    )
    ours = np.array([read(source.draw(rng)) for _ in range(draws)])
    sample = np.array([read(X) for X in _sample_moments(world.X, z, draws, rng)])
    return {
        name: ((observed - drawn.mean(axis=0)) / drawn.std(axis=0, ddof=1)).tolist()
        for name, drawn in (("nullprobe", ours), ("sample moments", sample))
    }


def _sample_moments(X, z, draws, rng):
    """Draw Gaussian data with the class means and covariances just as the sample has them."""
    moments = ClassMoments.of(X, z)
    roots = [np.linalg.cholesky(S) for S in moments.covariances]
    for _ in range(draws):
        noise = rng.standard_normal(X.shape)
        drawn = np.empty_like(X)
        for c, root in enumerate(roots):
            drawn[z.codes == c] = noise[z.codes == c] @ root.T + moments.means[c]
        yield drawn


def main() -> None:
    """Run the grid and record it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--draws", type=int, default=39)
    arguments = parser.parse_args()
    rows = []
    with threadpool_limits(1, "blas"):
        for d, gap in product((100, 300), (0.0, 0.5, 1.0, 2.0)):
            found = Parallel(n_jobs=-1)(
                delayed(z_scores)(d, gap, seed, arguments.draws) for seed in range(arguments.seeds)
            )
            for name in found[0]:
                scores = np.array([f[name] for f in found])
                error = scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
                row = {
                    "drawn with": name,
                    "n": ROWS,
                    "d": d,
                    "D": gap,
                    "mean z raw": scores[:, 0].mean(),
                    "± raw": error[0],
                    "mean z read-back": scores[:, 1].mean(),
                    "± read-back": error[1],
                }
                rows.append(row)
                print(row, flush=True)
    record("surrogate_calibration", {"seeds": arguments.seeds, "draws": arguments.draws}, rows)


if __name__ == "__main__":
    main()
