"""The three-way pipeline on a sample, and small audits: what several tests need to begin with."""

import numpy as np
from support.samples import draw

from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.three_way import ThreeWay

# Options of an audit: the fewest draws there may be; without halfspaces; readings alone.
FEW = {"draws": 39, "n_splits": 1}
LINEAR = {"claims": ["readable", "one_direction", "erasure_holds"], **FEW}
RAW = {"claims": ["readable"], **FEW}


def verdicts(result):
    """Return name -> (holds, what it takes) of an audit's claims, as strings."""
    return {claim.name: (str(claim.holds), str(claim.takes)) for claim in result.claims}


def ready(X, y, seed=0):
    """Return the concept, its parts and the reader of a sample."""
    z = concept(y)
    parts = split(z, groups=None, n_parts=3, rng=np.random.default_rng(seed))
    return z, parts, ThreeWay(X, z, parts)


def thirds(y, seed=0):
    """Return the rows of F, P and S in each turn of a comparison."""
    parts = split(concept(y), groups=None, n_parts=3, rng=np.random.default_rng([seed, 0]))
    return rows_of_roles(parts)


def asis(y):
    return np.arange(len(y))[:, None]


def rows_of_roles(parts):
    return [[parts.rows(j) for j in role] for role in parts.roles()]


def sample(kind, n=150, d=6):
    s = draw(3, n, d, 3 if kind == "three classes" else 2, gap=1.0, spread=2.0)
    noise = np.random.default_rng(4).normal(size=(n, 2))
    y = {
        "number": s.X[:, 0] + noise[:, 0],
        "numbers": s.X[:, :2] + noise,
    }.get(kind, s.y)
    return s.X + 3.0, y
