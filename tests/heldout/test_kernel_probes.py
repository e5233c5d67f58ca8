"""Kernel readers, against scikit-learn on the rows themselves."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import pairwise, roc_auc_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import KernelCenterer
from support.reference import one_hot

from nullprobe.heldout import kernel_probes
from nullprobe.heldout.kernel_probes import (
    PROBES,
    RIDGED,
    VOTING,
    Products,
    fitted,
    fold_auc,
    held_out,
    strongest,
)

FOLDS = [slice(0, 40), slice(40, 85), slice(85, 120)]


def products(A, B):
    return Products(A @ B.T, (A**2).sum(axis=1), (B**2).sum(axis=1))


def kernel(name, A, B):
    """Return a kernel of rows of typical length 1, from the formula of the library's docs."""
    if name == "quadratic kernel":
        return pairwise.polynomial_kernel(A, B, degree=2, gamma=1.0, coef0=1.0)
    if name.endswith("RBF"):
        return pairwise.rbf_kernel(A, B, gamma={"wide": 0.5, "narrow": 2.0}[name.split()[0]])
    A, B = (np.column_stack([rows, np.ones(len(rows))]) for rows in (A, B))
    angle = np.arccos(np.clip(pairwise.cosine_similarity(A, B), -1, 1))
    size = np.outer(np.linalg.norm(A, axis=1), np.linalg.norm(B, axis=1))
    return size * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi


def naive(name, A, Y, B, whole):
    """Fit a reader to rows A and Y (n, k), score B; the ridge is in units of all the rows."""
    if name in VOTING:
        votes = min(VOTING[name], len(A) // 2)
        return KNeighborsRegressor(votes, algorithm="brute").fit(A, Y).predict(B)
    kind, ridge = RIDGED[name]
    spread = KernelCenterer().fit_transform(kernel(kind, whole, whole)).diagonal().mean()
    centre = KernelCenterer().fit(kernel(kind, A, A))
    model = KernelRidge(alpha=ridge * spread, kernel="precomputed")
    model.fit(centre.transform(kernel(kind, A, A)), Y - Y.mean(axis=0))
    return Y.mean(axis=0) + model.predict(centre.transform(kernel(kind, B, A)))


def sample(kind="two classes", n=150):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, 4))
    y = {
        "two classes": (X[:, 0] * X[:, 1] > 0).astype(int),
        "three classes": np.digitize(X[:, 0] ** 2 + X[:, 1], [0.2, 1.2]),
        "numbers": np.column_stack([X[:, 0] ** 2, X[:, 1] * X[:, 2]]),
    }[kind]
    X = X / np.sqrt((X[:120] ** 2).sum(axis=1).mean())
    Z = one_hot(y)
    return X, Z[:, 1:] if kind == "two classes" else Z


KINDS = ["two classes", "three classes", "numbers"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PROBES)
def test_scores_are_those_of_scikit_learn(name, kind):
    X, Y = sample(kind)
    A, B = X[:120], X[120:]
    found = fitted(name, products(A, A), Y[:120])(products(B, A))
    np.testing.assert_allclose(found, naive(name, A, Y[:120], B, A), atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_scores_are_those_of_fits_without_the_fold(monkeypatch, kind):
    X, Y = (v[:120] for v in sample(kind))
    quick = held_out(products(X, X), Y, FOLDS)
    monkeypatch.setattr(Products, "narrow", lambda self: self)
    found = held_out(products(X, X), Y, FOLDS)
    for i, name in enumerate(PROBES):
        for out in FOLDS:
            seen = np.delete(np.arange(120), out)
            expected = naive(name, X[seen], Y[seen], X[out], X)
            np.testing.assert_allclose(found[i, out], expected, atol=1e-8)
    # the largest eigenvalue is below 120 variances and the ridge .01 of one: 12,000 eps
    np.testing.assert_allclose(quick, found, atol=12_000 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "numbers"])
def test_reader_that_is_chosen_reads_best_in_the_folds(kind):
    X, Y = (v[:120] for v in sample(kind))
    held = held_out(products(X, X), Y, FOLDS)
    columns = range(Y.shape[1])
    weight = np.array(
        [[(Y[f, c] > 0).sum() * (Y[f, c] == 0).sum() for f in FOLDS] for c in columns]
    )
    each = [[[roc_auc_score(Y[f, c], h[f, c]) for f in FOLDS] for c in columns] for h in held]
    expected = ((np.array(each) * weight).sum(axis=2) / weight.sum(axis=1)).mean(axis=1)
    np.testing.assert_allclose(fold_auc(held, Y, FOLDS), expected, atol=1e-12)
    assert strongest(products(X, X), Y, FOLDS) == PROBES[expected.argmax()]
    assert np.ptp(expected) > 0.05


def test_wide_network_is_the_mean_over_random_rectified_units():
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((5, 3)), 2.0 * rng.standard_normal((4, 3))
    W = rng.standard_normal((400_000, 4))
    hidden = [np.maximum(W[:, :3] @ rows.T + W[:, 3:], 0) for rows in (A, B)]
    p = products(A, B)
    found = kernel_probes.wide(p.G, p.a, p.b)
    np.testing.assert_allclose(found, 2 * hidden[0].T @ hidden[1] / len(W), rtol=0.03)


def test_levels_that_differ_between_folds_are_not_read():
    Y = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0])[:, None]
    folds = [slice(0, 3), slice(3, 6)]
    held = np.array([0.1, 0.0, 0.0, 5.1, 5.1, 5.0])[None, :, None]
    assert fold_auc(held, Y, folds)[0] == 1.0
    assert roc_auc_score(Y[:, 0], held[0, :, 0]) < 1.0


def test_fold_of_one_class_and_no_folds_at_all_do_not_stop_the_choice():
    X, Y = (v[:120] for v in sample())
    Y = np.sort(Y, axis=0)
    assert Y[FOLDS[0]].max() == 0.0
    assert strongest(products(X, X), Y, FOLDS) in PROBES
    assert strongest(products(X, X), Y, []) == PROBES[0]


def test_rounding_decides_no_neighbour():
    rng = np.random.default_rng(0)
    A = rng.integers(0, 2, size=(150, 5)) / 2.0
    Y, exact = rng.random((150, 1)), products(A, A)
    G = exact.G + 1e-14 * rng.standard_normal((150, 150))
    for name in VOTING:
        fit = fitted(name, exact, Y)
        np.testing.assert_array_equal(fit(Products(G, exact.a, exact.b)), fit(exact))


@pytest.mark.parametrize("made", ["one outlier", "all rows the same"])
def test_kernel_of_hardly_any_spread_is_fitted_all_the_same(made):
    X, Y = (v[:120].copy() for v in sample())
    X[0 if made == "one outlier" else slice(None)] = 1e6
    X /= np.sqrt((X**2).sum(axis=1).mean())
    assert np.isfinite(held_out(products(X, X), Y, FOLDS)).all()


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e1, 1e2, 1e3, 1e4, 1e6, 1e9])
@pytest.mark.parametrize("n", [120, 450])
def test_one_wild_row_leaves_kernels_positive_definite(scale, n):
    """All rows but one nearly coincide in units of the typical length."""
    rng = np.random.default_rng(0)
    for wild in range(0, n, n // 6):
        X = rng.standard_normal((n, 8))
        X[wild] *= scale
        X /= np.sqrt((X**2).sum(axis=1).mean())
        folds = [slice(0, n // 3), slice(n // 3, n // 2), slice(n // 2, n)]
        assert np.isfinite(held_out(products(X, X), one_hot(np.arange(n) % 2), folds)).all()
