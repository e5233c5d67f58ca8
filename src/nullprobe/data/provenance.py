"""Provenance: the data and versions of a result, which make it reproducible."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import scipy

from nullprobe._core import validation
from nullprobe._version import __version__
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts

HALVES = "two halves take turns as P (probe) and S (scores); the eraser was given"
RULE = "three parts take turns as F (eraser), P (probe) and S (scores)"


def data(
    X: np.ndarray,
    z: Concept,
    parts: Parts,
    *,
    group_names: Sequence[str] = (),
    feature_names: Sequence[str] = (),
) -> dict[str, Any]:
    """Describe X (n, d) and its concept: shapes, names, splits, and a fingerprint."""
    digest, sparse = hashlib.blake2b(digest_size=16), validation.is_sparse(X)
    stored: Any = X
    for part in (stored.indptr, stored.indices, stored.data) if sparse else (X,):
        digest.update(np.ascontiguousarray(part).data)
    digest.update(np.ascontiguousarray(z.data).data)
    counts = None
    if z.codes is not None and z.classes is not None:
        counts = dict(zip(map(str, z.classes), np.bincount(z.codes).tolist(), strict=True))
    fingerprint = hashlib.blake2b(parts.part.astype(np.int8).data, digest_size=8).hexdigest()
    return {
        "rows": len(z),
        "features": X.shape[1],
        "dtype": str(X.dtype),
        **({"share_of_values_stored": stored.nnz / (len(z) * X.shape[1])} if sparse else {}),
        "classes": counts,
        "groups": 0 if parts.groups is None else len(np.unique(parts.groups)),
        **({"group_names": list(group_names)} if group_names else {}),
        **({"feature_names": list(feature_names)} if feature_names else {}),
        "data_hash": digest.hexdigest(),
        "splits": {
            "rule": RULE if parts.n_parts > 2 else HALVES,
            "rows": [len(parts.rows(j)) for j in range(parts.n_parts)],
            "fingerprint": fingerprint,
        },
    }


def pairs(
    negative: np.ndarray, positive: np.ndarray, labels: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Describe pairs (n, d) and their labels (n,): shapes, shares, and a fingerprint."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (negative, positive, *labels.values()):
        digest.update(np.ascontiguousarray(part).data)
    return {
        "pairs": len(negative),
        "features": negative.shape[1],
        "dtype": str(negative.dtype),
        "positive_shares": {name: float(np.mean(y)) for name, y in labels.items()},
        "data_hash": digest.hexdigest(),
        "splits": "three parts of the pairs take turns to be held out, drawn without labels",
    }


def estimator(one: Any) -> str:
    """Return an estimator with its parameters on one line."""
    return " ".join(repr(one).split())


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that the numbers depend on."""
    return {
        "nullprobe": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": version("scikit-learn"),
    }
