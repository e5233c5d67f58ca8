"""After erasure no affine predictor of the concept beats the best constant on the sample.

Judged twice: by the library's own measure, and by bases of the data (reference.py).
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import CLASSES_ONLY, erased, new, owing, transformed
from support.reference import EPS, LEFT, largest_canonical_correlation
from support.samples import BACKENDS, DTYPES, Sample, backed, draw, feature_units, plain, samples

from nullprobe.data.concept import concept
from nullprobe.erasers import LEACE
from nullprobe.measures.guardedness import largest_correlation


def is_numeric(y):
    """Return whether a concept is numbers, not labels."""
    return y.ndim == 2 or y.dtype.kind == "f"


def read(y):
    """Return a concept of the kind that it is meant to be."""
    return concept(y, kind="numeric" if is_numeric(y) else "labels")


def left(X_, y, before):
    """Return the largest canonical correlation left, by either judge."""
    eps = EPS[str(before.dtype)]
    naive = largest_canonical_correlation(plain(X_), y, eps=eps, before=before)
    return max(naive, largest_correlation(X_, read(y)))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("guarded"))
@given(sample=samples())
def test_nothing_is_left(method, backend, dtype, sample):
    sample = sample.of(dtype)
    X_ = erased(method, backed(sample.X, backend), sample.y)
    assert left(X_, sample.y, sample.X) <= LEFT[dtype]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", owing("guarded in mixed units"))
@given(sample=samples(full_rank=True, least_classes=2), seed=st.integers(0, 999))
def test_nothing_is_left_in_mixed_units(method, dtype, sample, seed):
    units = feature_units(sample.X.shape[1], seed)
    sample = Sample(sample.X * units, sample.y, sample.rank).of(dtype)
    X_ = erased(method, sample.X, sample.y)
    eps = EPS[dtype]
    naive = largest_canonical_correlation(X_, sample.y, eps=eps, before=sample.X)
    assert naive <= LEFT[dtype]


def hard_cases():
    """Return name -> (X, y): the cases on which absolute tolerances go wrong."""
    rng = np.random.default_rng(0)
    plain = draw(1, 600, 20, 3)
    rare = np.zeros(3000, dtype=int)
    rare[:3] = 1
    few = draw(2, 40, 100, 3)
    rows = draw(7, 20_000, 8, 2, gap=10.0)
    flat = np.full((600, 2), 3.7)
    repeated = np.hstack([plain.X, plain.X[:, ::-1], flat, plain.X[:, :1] * 1e-6])
    itself = rng.standard_normal((600, 5))
    itself[:, 0] = plain.y
    one_hot = np.eye(3)[plain.y]
    return {
        "a class of one in a thousand": (rng.standard_normal((3000, 10)) + 4 * rare[:, None], rare),
        "Z in units of 1e6": (plain.X, one_hot * 1e6),
        "Z in units of 1e-6": (plain.X, one_hot * 1e-6),
        "Z in mixed units": (plain.X, one_hot * [1e6, 1.0, 1e-6]),
        "features in units of 1e6": (plain.X * 1e6, plain.y),
        "features in units of 1e-6": (plain.X * 1e-6, plain.y),
        "features in mixed units": (plain.X * feature_units(20, 0), plain.y),
        "many rows of distant classes": (rows.X, rows.y),
        "fewer rows than features": (few.X, few.y),
        "constant and duplicated columns": (repeated, plain.y),
        "a column that is the concept": (itself, plain.y),
        "the concept in a mixture": (itself @ rng.standard_normal((5, 5)), plain.y),
        "binary features": ((rng.random((600, 9)) < 0.2 + 0.2 * plain.y[:, None]) * 1.0, plain.y),
        "a continuous concept": (plain.X, plain.X[:, 0] + rng.standard_normal(600)),
    }


HARD = hard_cases()
CASES = [(case, m) for case in HARD for m in owing("guarded", numbers=is_numeric(HARD[case][1]))]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("case", "method"), CASES)
def test_nothing_is_left_in_hard_cases(case, method, dtype):
    X, y = HARD[case][0].astype(dtype), HARD[case][1]
    assert left(erased(method, X, read(y)), y, X) <= LEFT[dtype]


# In the wide case the methods differ by one orthogonal basis; one of them is enough.
# Transport has a (d, d) map for each class; test_transport.py tests it on 60 of them.
WIDE_AND_NARROW = [(64, m) for m in owing("guarded") if m not in CLASSES_ONLY] + [(1100, LEACE)]


@pytest.mark.slow
@pytest.mark.parametrize(("d", "method"), WIDE_AND_NARROW)
def test_nothing_is_left_of_1000_classes(d, method):
    sample = draw(4, 1500, d, 1000, gap=0.3, spread=1.0)
    eraser = new(method, "labels").fit(sample.X, sample.y)
    assert eraser.eraser_.rank == min(d, 999)
    assert left(transformed(eraser, sample.X, sample.y), sample.y, sample.X) <= LEFT["float64"]


@pytest.mark.parametrize("case", HARD)
def test_judges_find_the_concept_in_hard_cases_before_erasure(case):
    X, y = HARD[case]
    assert largest_correlation(X, read(y)) > 0.1
    assert largest_canonical_correlation(X, y, eps=EPS["float64"]) > 0.1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_law_is_broken_where_nothing_was_erased(backend, dtype):
    sample = draw(5, 200, 8, 3).of(dtype)
    assert left(backed(sample.X, backend), sample.y, sample.X) > 0.1


@pytest.mark.parametrize("method", owing("guarded"))
def test_law_is_broken_where_another_concept_was_erased(method):
    sample = draw(6, 200, 8, 3)
    X_ = erased(method, sample.X, np.arange(200) % 3)
    assert left(X_, sample.y, sample.X) > 0.1
