"""Few rows: the shrunk inverse from AAᵀ is that of the correlation matrix formed and factored."""

import numpy as np
import pytest

from nullprobe._core.validation import InputError
from nullprobe.data.concept import concept
from nullprobe.heldout.factored_rows import Part
from nullprobe.moments import Moments
from nullprobe.moments.few_rows import FewRows


def rows(kind, n, d, seed=0):
    """Return rows (n, d) of a kind."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    if kind == "correlated":
        X = X @ np.linalg.cholesky(0.7 ** np.abs(np.subtract.outer(np.arange(d), np.arange(d)))).T
    elif kind == "spikes":  # massive directions, mixed over the features
        X[:, : min(3, d)] *= 1e3
        X = X @ np.linalg.qr(rng.standard_normal((d, d)))[0]
    elif kind == "falling spectrum":
        X = X / np.arange(1, d + 1) @ np.linalg.qr(rng.standard_normal((d, d)))[0]
    elif kind == "constant features":
        X[:, ::3] = 7.0
    elif kind == "copies":
        X[:, 1::2] = X[:, : d - 1 : 2][:, : X[:, 1::2].shape[1]]
    elif kind == "far from zero":
        X += 1e6 * rng.standard_normal(d)
    elif kind == "units":
        X *= 10.0 ** rng.integers(-6, 7, size=d)
    return X


KINDS = [
    "plain", "correlated", "spikes", "falling spectrum", "constant features", "copies",
    "far from zero", "units",
]  # fmt: skip


@pytest.mark.parametrize(("n", "d"), [(3, 5), (20, 30), (40, 300), (150, 400)])
@pytest.mark.parametrize("kind", KINDS)
def test_solutions_are_those_of_the_matrix_that_is_formed(kind, n, d):
    X = rows(kind, n, d)
    few = FewRows.of(X)
    moments = Moments.of(X, np.arange(n) % 2)
    B = X.T @ np.random.default_rng(1).standard_normal((n, 4)) * few.inverse[:, None]
    B += np.random.default_rng(2).standard_normal((d, 4)) * (few.inverse > 0)[:, None]
    expected = moments.factor("oas").solve(B)
    np.testing.assert_allclose(few.mean, moments.mean, rtol=1e-12, atol=1e-12)
    scale = np.where(moments.scale > 0, moments.scale, 1.0)
    np.testing.assert_allclose(few.inverse * scale, moments.scale > 0, rtol=1e-8)
    error = np.abs(few.solve(B) - expected).max() / np.abs(expected).max()
    assert error < (1e-7 if kind == "far from zero" else 1e-9)


@pytest.mark.parametrize("shrinkage", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_solutions_with_a_given_shrinkage_are_those_of_the_matrix_that_is_formed(kind, shrinkage):
    X = rows(kind, 40, 60)
    few = FewRows.of(X, shrinkage)
    moments = Moments.of(X, np.arange(40) % 2)
    B = X.T @ np.random.default_rng(1).standard_normal((40, 4)) * few.inverse[:, None]
    expected = moments.factor(shrinkage).solve(B)
    error = np.abs(few.solve(B) - expected).max() / np.abs(expected).max()
    assert error < (1e-7 if kind == "far from zero" else 1e-9)


@pytest.mark.parametrize("kind", ["correlated", "spikes", "constant features"])
def test_whitened_rows_have_the_same_inner_products_as_solutions(kind):
    X = rows(kind, 30, 50)
    few = FewRows.of(X)
    standard = few.centred * few.inverse
    white = few.whiten(standard)
    inner = standard @ few.solve(standard.T)
    np.testing.assert_allclose(white @ white.T, inner, atol=1e-8 * np.abs(inner).max())
    W = np.random.default_rng(0).standard_normal((white.shape[1], 2))
    np.testing.assert_allclose(standard @ few.unwhiten(W), white @ W, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["correlated", "spikes", "falling spectrum"])
def test_a_part_reads_the_same_with_few_rows_as_with_a_formed_matrix(kind, dtype, monkeypatch):
    X = rows(kind, 60, 80).astype(dtype)
    y = np.arange(60) % 2
    z, half = concept(y), np.arange(60) < 40

    def scores(X):
        P, S = (Part.of(X, z, np.flatnonzero(rows)) for rows in (half, ~half))
        return P.scores(S, P.solve(P.cross(np.eye(2)[y])))

    few = scores(X)
    monkeypatch.setattr("nullprobe.heldout.factored_rows.is_few", lambda n, d: False)
    expected = scores(X.astype(np.float64))
    # Scores are products of rows, which have the precision of X.
    least = {np.float32: 3e-3, np.float64: 1e-9}[dtype]
    np.testing.assert_allclose(few, expected, atol=least * np.abs(expected).max())


def test_rows_that_hardly_vary_give_solutions_of_zero_or_are_refused():
    assert not FewRows.of(np.ones((3, 5))).solve(np.ones((5, 1))).any()
    one = np.zeros((3, 5))
    one[:, 2] = [1.0, 2.0, 4.0]
    expected = Moments.of(one, [0, 1, 1]).factor("oas").solve(np.eye(5)[:, [2]])
    np.testing.assert_allclose(FewRows.of(one).solve(np.eye(5)[:, [2]]), expected)
    assert not FewRows.of(np.ones((1, 5))).solve(np.eye(5)).any()
    with pytest.raises(InputError, match="vanish"):
        FewRows.of(1e-200 * rows("plain", 3, 5))
