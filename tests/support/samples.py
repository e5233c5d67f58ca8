"""Samples that Hypothesis draws for the laws: shapes, ranks, scales, class shares, dtypes."""

from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st

BACKENDS = ["numpy", "torch"]
DTYPES = ["float64", "float32"]


@dataclass(frozen=True)
class Sample:
    """A representation X (n, d) of known rank and labels y (n,)."""

    X: np.ndarray
    y: np.ndarray
    rank: int

    def __repr__(self):
        counts = np.unique(self.y, return_counts=True)[1].tolist()
        n, d = self.X.shape
        return f"<{n} x {d} {self.X.dtype} of rank {self.rank}, classes of {counts}>"

    def _repr_pretty_(self, printer, cycle):
        printer.text(repr(self))  # for Hypothesis, which would print the arrays

    @property
    def n_classes(self):
        return len(np.unique(self.y))

    def of(self, dtype):
        """Return the same sample, stored as another dtype."""
        return Sample(self.X.astype(dtype), self.y, self.rank)


def draw(seed, n, d, n_classes, *, rank=None, gap=1.0, shares=None, spread=5.0):
    """Return a Gaussian sample whose class means lie where it varies.

    The singular values of the noise go from ``spread`` to 1, so that float32, which knows a
    direction of relative spread s to about eps / s, is not asked for more than it has.
    """
    rng = np.random.default_rng(seed)
    rank = min(rank or d, d)
    y = rng.choice(n_classes, size=n, p=shares)
    y[:n_classes] = np.arange(n_classes)[:n]
    latent = rng.standard_normal((n, rank)) + gap * rng.standard_normal((n_classes, rank))[y]
    rows = np.linalg.qr(rng.standard_normal((d, rank)))[0].T
    X = latent * np.geomspace(spread, 1.0, rank) @ rows
    return Sample(X, y, min(rank, n - 1))


@st.composite
def samples(draws, *, full_rank=False, least_classes=1):
    """Draw a sample: many rows or few, all directions or some, even classes or rare ones."""
    d = draws(st.integers(1 if not full_rank else 2, 24), label="d")
    rank = d if full_rank else draws(st.integers(1, d), label="rank")
    n_classes = draws(st.integers(least_classes, 5), label="classes")
    few = not full_rank and rank > 8 and draws(st.booleans(), label="fewer rows than features")
    n = (
        rank // 2
        if few
        else 4 * rank + 8 * n_classes + draws(st.sampled_from([0, 50, 600]), label="more rows")
    )
    n_classes = min(n_classes, n - 1)
    evenness = draws(st.sampled_from([0.05, 1.0, 20.0]), label="evenness")
    seed = draws(st.integers(0, 2**32 - 1), label="seed")
    shares = np.random.default_rng(seed).dirichlet(np.full(n_classes, evenness))
    gap = draws(st.sampled_from([0.0, 0.1, 1.0, 5.0]), label="gap")
    sample = draw(seed, n, d, n_classes, rank=rank, gap=gap, shares=shares)
    scale = 10.0 ** draws(st.integers(-8, 8), label="log scale")
    offset = draws(st.sampled_from([0.0, 3.0]), label="mean in standard deviations")
    mean = offset * sample.X.std(axis=0)
    return Sample((sample.X + mean) * scale, sample.y, sample.rank)


def backed(X, backend):
    """Return X as an array of a library."""
    return torch.from_numpy(np.ascontiguousarray(X)) if backend == "torch" else X


def plain(X):
    """Return X as float64 NumPy, whichever library holds it."""
    return np.asarray(X, dtype=np.float64)


def feature_units(d, seed):
    """Return factors (d,) from 1e-6 to 1e6, one for each feature."""
    units = 10.0 ** np.random.default_rng(seed).uniform(-6, 6, d)
    units[:2] = [1e6, 1e-6][:d]
    return units
