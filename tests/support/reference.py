"""Naive implementations to judge the library by: one formula each, no care for speed.

Nothing here may import nullprobe. What is compared with these is what the library computes
by other ways: Cholesky factors, merged totals, a handful of directions.
"""

import numpy as np

# The relative error with which a number of this dtype is stored.
EPS = {"float64": 2.0**-52, "float32": 2.0**-23}
# What guardedness is held to: canonical correlations left on the fitting sample.
LEFT = {"float64": 1e-10, "float32": 1e-5}


def one_hot(y):
    """Return the indicators (n, K) of labels; a float concept as columns."""
    y = np.asarray(y)
    if y.ndim == 2:
        return y.astype(float)
    if y.dtype.kind == "f":
        return y[:, None]
    return (y[:, None] == np.unique(y)).astype(float)


def centred(A):
    """Return A less its column means; twice, so that the mean's own rounding goes, too."""
    A = np.asarray(A, dtype=float)
    A = A - A.mean(axis=0)
    return A - A.mean(axis=0)


def unit(scale):
    """Return a scale with 1 for features that do not vary."""
    return np.where(scale > 0, scale, 1.0)


def largest_canonical_correlation(X, y, *, eps, before=None):
    """Return the largest canonical correlation of X (n, d) and y, from bases of the data.

    Which cut is legitimate? After erasure, X holds directions of nothing but rounding noise;
    whitened without a cut they count like any other, and n rows of noise are correlated with
    anything by 1/sqrt(n). The noise has the size of eps in the units of the features *before*
    erasure, because the map subtracts numbers of that size. So features are divided by their
    standard deviations before, and directions whose spread is below 1,000 eps of the largest
    one there are taken for noise: of such a direction an uncertainty in the last digit of the
    data leaves three digits at most. Z is given exactly; its cut only removes the column that
    one-hot indicators have too many.
    """
    before = centred(X if before is None else before)
    scale = unit(before.std(axis=0))
    largest = np.linalg.norm(before / scale, 2)
    U, spread, _ = np.linalg.svd(centred(X) / scale, full_matrices=False)
    U = U[:, spread > 1000 * eps * largest]
    V = basis_of(y)
    return np.linalg.svd(U.T @ V, compute_uv=False).max(initial=0.0)


def basis_of(y):
    """Return orthonormal columns that span Z; for labels with the constant, X being centred."""
    y = np.asarray(y)
    if y.ndim == 1 and y.dtype.kind != "f":
        Z = one_hot(y)
        return Z / np.sqrt(Z.sum(axis=0))
    Z = centred(one_hot(y))
    V, size, _ = np.linalg.svd(Z / unit(Z.std(axis=0)), full_matrices=False)
    return V[:, size > 1e-6 * size[0]]


def covariances(X, y):
    """Return Cov(X), Cov(X, Z), Cov(Z), divided by n."""
    X, Z = centred(X), centred(one_hot(y))
    n = len(X)
    return X.T @ X / n, X.T @ Z / n, Z.T @ Z / n


def leace_matrix(X, y):
    """Return P (d, d) of x ↦ μ + P (x − μ): I − W⁺ (W C)(W C)⁺ W of Belrose et al. 2023."""
    S, C, _ = covariances(X, y)
    values, vectors = np.linalg.eigh(S)
    kept = values > 1e-12 * values[-1]
    root = np.sqrt(values[kept])
    W = vectors[:, kept] / root @ vectors[:, kept].T
    back = vectors[:, kept] * root @ vectors[:, kept].T
    WC = W @ C
    return np.eye(len(S)) - back @ WC @ np.linalg.pinv(WC, rcond=1e-10) @ W


def mean_projection_matrix(X, y):
    """Return I − C C⁺, the orthogonal projection along the differences of class means."""
    _, C, _ = covariances(X, y)
    return np.eye(len(C)) - C @ np.linalg.pinv(C, rcond=1e-10)


def erased(P, X):
    """Return μ + P (x − μ) for every row of X."""
    mean = X.mean(axis=0)
    return mean + (X - mean) @ P.T


def least_squares(X, y):
    """Return the predictions (n, k) of an unregularised linear model of Z with an intercept."""
    scores = centred(X) / unit(np.asarray(X).std(axis=0))
    Z = one_hot(y)
    return Z.mean(axis=0) + scores @ np.linalg.lstsq(scores, centred(Z), rcond=1e-10)[0]


def mean_square_move(X, X_, M=None):
    """Return the mean of (x − x')ᵀ M (x − x'), M the identity if not given."""
    move = np.asarray(X, dtype=float) - np.asarray(X_, dtype=float)
    return float(np.einsum("ij,ij->", move if M is None else move @ M, move)) / len(move)


def spread(variance, mean, least=1e-12):
    """Return standard deviations, and 1 for what is constant up to rounding."""
    sd = np.sqrt(np.clip(variance, 0, None))
    return np.where(sd > least * np.abs(mean), sd, 1.0)


def assert_same(a, b, *, rtol=1e-10):
    """Assert that two moments are equal up to rounding, each covariance in its own units."""
    assert a.n == b.n
    assert a.classes == b.classes
    np.testing.assert_allclose(a.weight, b.weight)
    sd = spread(b.variance, b.mean)
    # A concept of one class is constant: a variance of 1e-16 is the rounding of its mean, 1.
    sdz = spread(b.concept_covariance.diagonal(), b.concept_mean, least=1e-7)
    np.testing.assert_allclose(a.mean / sd, b.mean / sd, atol=rtol, rtol=1e-12)
    for one, other, unit in [
        (a.covariance, b.covariance, np.outer(sd, sd)),
        (a.cross_covariance, b.cross_covariance, np.outer(sd, sdz)),
        (a.concept_covariance, b.concept_covariance, np.outer(sdz, sdz)),
    ]:
        np.testing.assert_allclose(one / unit, other / unit, atol=rtol)


def assert_same_bytes(a, b):
    """Assert that two erasers hold the same arrays to the last bit, and say the same."""
    assert type(a) is type(b)
    for name in vars(a):
        if name in ("method", "classes", "feature_names", "details"):
            continue
        one, other = np.asarray(getattr(a, name)), np.asarray(getattr(b, name))
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()
    assert (a.method, a.classes, a.feature_names) == (b.method, b.classes, b.feature_names)
    assert dict(a.details) == dict(b.details)
