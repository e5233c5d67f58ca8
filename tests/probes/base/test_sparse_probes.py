"""Linear probes of sparse rows score as probes of the same dense rows do."""

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from nullprobe import HalfspaceProbe, InputError, LDAProbe, LogisticProbe, MeanDifferenceProbe
from nullprobe.moments import sparse_moments

PROBES = {
    "lda": LDAProbe(),
    "lda, shrunk": LDAProbe(shrinkage=0.2),
    "mean difference": MeanDifferenceProbe(),
    "logistic": LogisticProbe(C=1.0),
    "logistic, weak penalty": LogisticProbe(C=30.0),
    "logistic, chosen penalty": LogisticProbe(),
}
SLOW = "logistic, chosen penalty"
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n == SLOW else n for n in PROBES]
LABELS = {
    "two": lambda n: np.array(["no", "yes"])[np.arange(n) % 2],
    "three": lambda n: np.arange(n) % 3,
}
TOLERANCE = 1e-5  # of log-odds: the solver's tolerance, divided by the least curvature


def rows(n=150, d=40, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * (rng.random((n, d)) < 0.2)
    X[:, 0] += 0.5 * (np.arange(n) % 2)
    X[:, 1] += 0.5 * (np.arange(n) % 3)
    X[:, 2] = 0.0
    return X


@pytest.mark.parametrize("solver", ["factored", "iterative"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("d", [20, 400])
@pytest.mark.parametrize("name", NAMES)
def test_scores_are_those_of_dense_rows(name, d, labels, weighted, solver, monkeypatch):
    monkeypatch.setattr(sparse_moments, "EXACT", 2048 if solver == "factored" else 10)
    X = rows(d=d)
    S, y = sparse.csc_array(X), LABELS[labels](len(X))
    w = np.random.default_rng(1).integers(0, 3, len(X)) if weighted else None
    dense, found = (clone(PROBES[name]).fit(A, y, w) for A in (X, S))
    expected = dense.decision_function(X)
    assert np.allclose(found.decision_function(S), expected, atol=TOLERANCE)
    assert np.array_equal(found.decision_function(S), found.decision_function(S.tolil()))
    assert np.allclose(dense.decision_function(S), expected)
    assert found.score(S, y) == dense.score(X, y)
    assert found.n_features_in_ == d
    assert found.classes_.tolist() == dense.classes_.tolist()


@pytest.mark.parametrize("name", ["lda", "mean difference"])
def test_numbers_are_read_as_from_dense_rows(name):
    X, y = rows(), np.random.default_rng(3).normal(size=(150, 2))
    dense, found = (clone(PROBES[name]).fit(A, y) for A in (X, sparse.csr_array(X)))
    assert np.allclose(found.predict(sparse.csr_array(X)), dense.predict(X))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [20, 400])
def test_many_concepts_are_read_as_one_by_one(name, d):
    X = sparse.csr_array(rows(d=d))
    Y = np.column_stack([np.arange(150) % 2, np.arange(150) % 3, np.arange(150) // 75])
    many = clone(PROBES[name]).fit_many(X, Y)
    scores = many.decision_function(X)
    for j, place in enumerate(many.probe_.places):
        one = clone(PROBES[name]).fit(X, Y[:, j]).decision_function(X).reshape(150, -1)
        assert np.allclose(scores[:, place], one, atol=TOLERANCE)


def test_the_optimum_is_that_of_scikit_learn():
    X = rows(d=400)
    S = sparse.csr_array(X)
    y = np.arange(150) % 2
    inverse = np.divide(1.0, X.std(axis=0), out=np.zeros(400), where=X.std(axis=0) > 0)
    other = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(S * inverse, y)
    found = LogisticProbe(C=1.0).fit(S, y)
    assert np.allclose(found.probe_.weights[:, 0], other.coef_[0] * inverse, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("layout", ["to_sparse_coo", "to_sparse_csr"])
def test_scores_of_tensors_are_tensors(layout):
    X, y = rows(), np.arange(150) % 2
    S = getattr(torch.tensor(X, dtype=torch.float32), layout)()
    scores = LDAProbe().fit(S, y).decision_function(S)
    assert scores.dtype == torch.float32
    assert np.allclose(scores, LDAProbe().fit(X, y).decision_function(X), atol=1e-5)


def test_a_fitted_probe_checks_sparse_rows():
    probe = LDAProbe().fit(rows(), np.arange(150) % 2)
    with pytest.raises(InputError, match="40 features"):
        probe.predict(sparse.csr_array(rows(d=41)))
    with pytest.raises(InputError, match="finite"):
        probe.predict(sparse.csr_array(np.full((2, 40), np.nan)))


def test_a_halfspace_is_fitted_to_dense_rows_and_scores_sparse_ones():
    X, y = rows(d=5), np.arange(150) % 2
    with pytest.raises(InputError) as caught:
        HalfspaceProbe().fit(sparse.csr_array(X), y)
    assert "LogisticProbe" in caught.value.hint
    probe = HalfspaceProbe(n_init=1).fit(X, y)
    assert np.allclose(probe.decision_function(sparse.csr_array(X)), probe.decision_function(X))
