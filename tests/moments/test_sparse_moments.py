"""Moments of sparse rows equal those of dense rows, in each of the three ways to solve."""

import numpy as np
import pytest
from scipy import sparse

from nullprobe import InputError, Moments
from nullprobe._core import sparse_rows
from nullprobe.data.concept import concept
from nullprobe.moments import sparse_moments as module
from nullprobe.moments.sparse_moments import WideMoments, sparse_moments

SIZES = {"narrow": (200, 12), "wide": (60, 300), "spiked": (60, 300)}


def rows(size, seed=0):
    n, d = SIZES[size]
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * (rng.random((n, d)) < 0.2)
    if size == "spiked":
        X += 3 * rng.normal(size=(n, 1)) * rng.normal(size=d) * (rng.random((n, 1)) < 0.5)
    X[:, 3] = 0.0
    X[:, 0] += np.arange(n) % 2
    return X


CONCEPTS = {
    "two": lambda n: np.arange(n) % 2,
    "three": lambda n: np.arange(n) % 3,
    "numbers": lambda n: np.random.default_rng(5).normal(size=(n, 2)),
}


@pytest.mark.parametrize("solver", ["factored", "iterative"])
@pytest.mark.parametrize("shrinkage", ["oas", 0.3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", CONCEPTS)
@pytest.mark.parametrize("size", SIZES)
def test_systems_have_the_solutions_of_dense_rows(
    size, kind, weighted, shrinkage, solver, monkeypatch
):
    monkeypatch.setattr(module, "EXACT", 2048 if solver == "factored" else 10)
    X = rows(size)
    z = concept(CONCEPTS[kind](len(X)))
    w = np.random.default_rng(1).random(len(X)) + 0.5 if weighted else None
    dense = Moments.of(X, z, sample_weight=w)
    (found,) = sparse_moments(sparse_rows.csr(sparse.csr_array(X)), [z], w)
    assert isinstance(found, WideMoments) == (size != "narrow" or solver == "iterative")
    for name in ("mean", "variance", "scale", "concept_mean", "concept_covariance"):
        assert np.allclose(getattr(found, name), getattr(dense, name), atol=1e-13), name
    assert np.allclose(found.cross_covariance, dense.cross_covariance, atol=1e-13)
    B = np.random.default_rng(2).normal(size=(X.shape[1], 3))
    assert np.allclose(found.covariance @ B, dense.covariance @ B)
    inverse = (dense.scale > 0)[:, None] * B
    expected = dense.factor(shrinkage).solve(inverse)
    assert np.allclose(found.factor(shrinkage).solve(inverse), expected, rtol=1e-7, atol=1e-8)
    assert found.oracle_shrinkage() == pytest.approx(dense.oracle_shrinkage(), abs=1e-9)


def test_spikes_are_found_in_the_gram_matrix():
    X = sparse_rows.csr(sparse.csr_array(rows("spiked")))
    (found,) = sparse_moments(X, [concept(np.arange(60) % 2)])
    assert len(found.factor("oas").shrunk.values) == 1


def test_without_shrinkage_the_solution_has_the_least_norm():
    X = rows("wide")
    z = concept(np.arange(60) % 2)
    dense, (found,) = Moments.of(X, z), sparse_moments(sparse_rows.csr(sparse.csr_array(X)), [z])
    B = (dense.scale > 0)[:, None] * np.random.default_rng(0).normal(size=(300, 2))
    assert np.allclose(found.factor(0.0).solve(B), dense.factor(0.0).solve(B))


def test_many_rows_and_features_without_shrinkage_are_refused(monkeypatch):
    monkeypatch.setattr(module, "EXACT", 10)
    (found,) = sparse_moments(
        sparse_rows.csr(sparse.csr_array(rows("wide"))), [concept(np.arange(60) % 2)]
    )
    with pytest.raises(InputError, match="shrinkage must be above 0"):
        found.factor(0.0)


@pytest.mark.parametrize(("value", "words"), [(1e-170, "vanish"), (1e160, "overflow")])
def test_values_whose_squares_are_no_numbers_are_refused(value, words):
    X = sparse.csr_array(np.eye(8) * value)
    with pytest.raises(InputError, match=words):
        sparse_moments(sparse_rows.csr(X), [concept(np.arange(8) % 2)])
