"""No more directions are removed than the concept has: K - 1 for classes, k for numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import LABELLED, new, owing, transformed
from support.reference import covariances, unit
from support.samples import BACKENDS, DTYPES, backed, draw, samples


def directions(X, y, X_):
    """Return how many directions X - X' spans: its singular values above rounding."""
    scale = unit(X.std(axis=0))
    size = np.linalg.svd((X - X_) / scale, compute_uv=False)
    return int((size > 1e-9 * np.linalg.norm((X - X.mean(axis=0)) / scale, 2)).sum())


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("least rank"))
@given(sample=samples())
def test_classes_cost_at_most_one_direction_less_than_there_are(method, backend, dtype, sample):
    X = backed(sample.of(dtype).X, backend)
    rank = new(method).fit(X, sample.y).eraser_.rank
    assert rank <= min(sample.n_classes - 1, sample.rank)


@pytest.mark.parametrize("method", owing("least rank"))
@given(sample=samples(full_rank=True))
def test_moves_span_as_many_directions_as_the_means(method, sample):
    eraser = new(method).fit(sample.X, sample.y)
    C = covariances(sample.X, sample.y)[1] / sample.X.std(axis=0)[:, None]
    size = np.linalg.svd(C, compute_uv=False)
    assert eraser.eraser_.rank == int((size > 1e-10).sum())
    X_ = transformed(eraser, sample.X, sample.y)
    assert directions(sample.X, sample.y, X_) == eraser.eraser_.rank


@pytest.mark.parametrize("method", owing("least rank"))
@given(k=st.integers(1, 4), copies=st.integers(0, 2), seed=st.integers(0, 999))
def test_numeric_concept_costs_its_independent_columns(method, k, copies, seed):
    sample = draw(seed, 120, 8, 2)
    rng = np.random.default_rng(seed)
    Z = sample.X[:, :k] + rng.standard_normal((120, k))
    mixed = np.hstack([Z, Z @ rng.standard_normal((k, copies)) + 7.0])
    assert new(method).fit(sample.X, mixed).eraser_.rank == k


@pytest.mark.parametrize("n", [500, 5000, 100_000])
def test_indicators_given_as_numbers_cost_no_direction_more(n):
    sample = draw(1, n, 3, 3)
    for method in owing("least rank"):
        for Z in (np.eye(3)[sample.y], np.eye(3)[sample.y] * [1e6, 1.0, 1e-6]):
            assert new(method, "numeric").fit(sample.X, Z).eraser_.rank == 2


def test_law_is_broken_by_a_map_that_moves_everything():
    sample = draw(2, 200, 8, 3)
    assert directions(sample.X, sample.y, 0.5 * sample.X) == 8


@pytest.mark.parametrize("method", [m for m in owing("least rank") if m not in LABELLED])
def test_law_is_broken_by_two_erasers_of_unrelated_concepts(method):
    sample = draw(3, 200, 8, 3)
    first = new(method).fit(sample.X, sample.y).eraser_
    both = new(method).fit(first.apply(sample.X), np.arange(200) % 3).eraser_.compose(first)
    assert directions(sample.X, sample.y, both.apply(sample.X)) > 2
