"""What a probe reads, taken out round by round: by moments or by rows, the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC
from support.samples import draw, feature_units, samples

from nullprobe import InputError, Moments
from nullprobe.data.concept import concept
from nullprobe.probes import HalfspaceProbe, LDAProbe, LogisticProbe, MeanDifferenceProbe
from nullprobe.probes.base.linear import LinearProbe, MomentProbe
from nullprobe.probes.base.nullspace import Nullspace
from nullprobe.stats import metrics


class Wrapped:
    """A probe that is fitted to rows, though it could do with moments; no scikit-learn either."""

    def __init__(self, probe):
        self.inner = probe

    def fit(self, X, y, sample_weight=None):
        self.probe_ = self.inner.fit(X, y, sample_weight).probe_


class Scripted(MomentProbe):
    """A probe that returns one direction after the other, whatever the moments say."""

    told = []

    def __init__(self, script=()):
        self.script = script

    def _read(self, moments):
        self.told.append(moments)
        return LinearProbe(np.array([self.script[len(self.told) - 1]]).T, np.zeros(1), (0, 1))


def space(probe, X, y, *, w=None, most=None):
    """Return the empty nullspace of a sample."""
    most = X.shape[1] if most is None else most
    moments = Moments.of(X, y, sample_weight=w)
    return Nullspace(probe, X, concept(y), w=w, moments=moments, most=most)


def after(probe, X, y, n_rounds, **more):
    """Return the nullspace after some rounds."""
    found = space(probe, X, y, **more)
    for _ in range(n_rounds):
        assert found.grow(found.read())
    return found


def apart(A, B):
    """Return the sine of the largest angle between the spans of two orthonormal bases."""
    return np.linalg.norm(A - B @ (B.T @ A), 2)


@pytest.mark.parametrize("probe", [LDAProbe(), LDAProbe(0.3), MeanDifferenceProbe()])
@pytest.mark.parametrize("kind", ["two classes", "five classes", "numbers", "weights"])
def test_moments_and_rows_give_the_same_directions(probe, kind):
    s = draw(0, 300, 12, 5 if kind == "five classes" else 2, gap=0.5)
    rng = np.random.default_rng(0)
    y = s.X[:, :2] + rng.standard_normal((300, 2)) if kind == "numbers" else s.y
    w = rng.uniform(0.1, 3, 300) if kind == "weights" else None
    one, other = (space(p, s.X, y, w=w) for p in (probe, Wrapped(probe)))
    for _ in range(1 if isinstance(probe, MeanDifferenceProbe) else 3):
        W, W_ = one.read(), other.read()
        np.testing.assert_allclose(W_, W, atol=1e-8 * np.abs(W).max())
        assert one.grow(W)
        assert other.grow(W_)
        assert one.basis.shape == other.basis.shape
        assert apart(one.basis, other.basis) < 1e-8


@given(seed=st.integers(0, 99), d=st.sampled_from([3, 8, 40]))
def test_moments_and_rows_give_the_same_in_mixed_units(seed, d):
    s = draw(seed, 200, d, 3, gap=0.3)
    X = (s.X + 3.0) * feature_units(d, seed)
    one, other = (after(p, X, s.y, 2 if d > 4 else 1) for p in (LDAProbe(), Wrapped(LDAProbe())))
    assert one.basis.shape == other.basis.shape
    scale = np.abs(one.basis).max(axis=1, keepdims=True)
    other_basis = other.basis @ (other.basis.T @ one.basis)
    np.testing.assert_allclose(other_basis / scale, one.basis / scale, atol=1e-6)


def test_other_rows_give_other_directions():
    s = draw(0, 300, 12, 2, gap=0.5)
    one, other = (after(LDAProbe(), s.X[:n], s.y[:n], 2) for n in (300, 290))
    assert apart(one.basis, other.basis) > 1e-3


@given(sample=samples(least_classes=2), by_rows=st.booleans())
def test_basis_is_orthonormal_until_nothing_is_left(sample, by_rows):
    probe = Wrapped(LDAProbe()) if by_rows else LDAProbe()
    found = space(probe, sample.X, sample.y)
    while not found.is_full and found.grow(found.read()):
        r = found.basis.shape[1]
        np.testing.assert_allclose(found.basis.T @ found.basis, np.eye(r), atol=1e-12)
    assert found.basis.shape[1] <= sample.X.shape[1]


@pytest.mark.parametrize(
    "probe",
    [
        LDAProbe(),
        HalfspaceProbe(n_init=1),
        LogisticProbe(),
        LogisticRegression(),
        LinearSVC(),
        SGDClassifier(random_state=0),
    ],
    ids=lambda probe: type(probe).__name__,
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_any_linear_classifier_will_do(probe, n_classes):
    s = draw(1, 300, 6, n_classes, gap=0.7)
    found = after(probe, s.X, s.y, 1)
    least = n_classes - 1  # softmax and discriminant weights sum to nothing, others need not
    assert least <= found.basis.shape[1] <= (1 if n_classes == 2 else n_classes)
    W = found.read()
    assert W.shape == (6, 1 if n_classes == 2 else n_classes)
    np.testing.assert_allclose(found.basis.T @ W, 0.0, atol=1e-12 * np.abs(W).max())


@pytest.mark.parametrize("probe", [Ridge(), LinearRegression(), LDAProbe()])
@pytest.mark.parametrize("k", [1, 2])
def test_any_linear_predictor_of_numbers_will_do(probe, k):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 5))
    found = after(probe, X, X[:, :k] + rng.standard_normal((200, k)), 1)
    assert found.basis.shape == (5, k)


def test_weights_of_scikit_learn_are_the_directions():
    s = draw(2, 200, 6, 2)
    coef = LogisticRegression().fit(s.X - s.X.mean(axis=0), s.y).coef_[0]
    basis = after(LogisticRegression(), s.X, s.y, 1).basis[:, 0]
    np.testing.assert_allclose(np.abs(basis @ coef), np.linalg.norm(coef))


def test_probe_is_left_as_it_was():
    s, probe = draw(2, 200, 6, 2), LogisticRegression()
    X = s.X.copy()
    after(probe, X, s.y, 2)
    assert not hasattr(probe, "coef_")
    np.testing.assert_array_equal(X, s.X)


def test_weights_given_back_read_of_whole_rows_what_the_probe_reads_of_projected_ones():
    s = draw(3, 300, 8, 3, gap=0.5)
    found = after(LDAProbe(0.1), s.X, s.y, 2)
    Q = found.basis
    X = s.X - (s.X - s.X.mean(axis=0)) @ Q @ Q.T
    expected = LDAProbe(0.1).fit(X, s.y).decision_function(X)
    scores = s.X @ found.read()
    np.testing.assert_allclose(
        scores - scores.mean(axis=0), expected - expected.mean(axis=0), atol=1e-8
    )


def test_no_more_directions_are_taken_than_may_be():
    s = draw(4, 300, 8, 5)
    found = after(LDAProbe(), s.X, s.y, 1, most=3)
    assert found.basis.shape == (8, 3)
    assert found.is_full


@pytest.mark.parametrize("wrap", [Wrapped, lambda probe: probe], ids=["rows", "moments"])
def test_a_probe_is_not_blinded_by_the_rounding_of_a_feature_that_was_the_concept(wrap):
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    X = rng.standard_normal((400, 4)) + 100.0
    X[:, 0] += y
    X[:, 2] = np.array([0.1, 0.7])[y]
    found = after(wrap(LDAProbe(0.0)), X, y, 1)
    assert abs(found.basis[2, 0]) == pytest.approx(1.0)
    scores = X @ found.read()
    assert metrics.auc(scores.T, y[None] == 1) > 0.7


def test_what_a_feature_keeps_is_judged_against_what_it_was_at_first():
    """Two rounds leave the first feature 1e-7 of its variance each: together, rounding."""
    X, c = np.random.default_rng(0).standard_normal((300, 3)), 3e-4
    Scripted.told = []
    found = after(Scripted([[1, c, 0], [-c, 1, c], [0, 0, 1]]), X, np.arange(300) % 2, 2)
    found.read()
    alive = [(moments.scale > 0).tolist() for moments in Scripted.told]
    assert alive == [[True, True, True], [True, True, True], [False, True, True]]


def test_a_direction_that_is_gone_already_is_not_read_again():
    s = draw(5, 200, 3, 2)
    Scripted.told = []
    found = after(Scripted([[0.1, 0.2, 0.3], [0.3, 0.6, 0.9]]), s.X, s.y, 1)
    W = found.read()
    assert not W.any()
    assert not found.grow(W)
    assert found.basis.shape == (3, 1)


def test_constant_features_have_no_part_in_directions():
    """LinearSVC uses a constant feature as an intercept; to project it out would change nothing."""
    s = draw(5, 200, 4, 2)
    X = np.hstack([s.X, np.full((200, 1), 1000.0)])
    assert not after(LinearSVC(), X, s.y, 2).basis[4].any()


@pytest.mark.parametrize("probe", [LDAProbe(), Wrapped(LDAProbe()), LogisticProbe()])
@pytest.mark.parametrize(("n", "rank"), [(200, 3), (5, 4)])
def test_nothing_is_left_after_as_many_rounds_as_the_rows_have_directions(probe, n, rank):
    """Weights in other units lie beside the row space; to project those out would not do."""
    s = draw(6, n, 6, 2, rank=rank)
    X = s.X * [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]
    found = after(probe, X, s.y, rank)
    assert found.is_full
    X_ = (X - X.mean(axis=0)) @ (np.eye(6) - found.basis @ found.basis.T)
    assert np.abs(X_).max() < 1e-9


@pytest.mark.parametrize("r", [1, 2, 3, 4])
def test_discriminants_of_r_rounds_span_a_krylov_space(r):
    """Σ⁻¹δ, Σ⁻²δ, ... Σ⁻ʳδ: docs/methods/inlp.md."""
    s = draw(7, 400, 8, 2, gap=0.5)
    S = np.cov(s.X.T)
    powers = [s.X[s.y == 1].mean(axis=0) - s.X[s.y == 0].mean(axis=0)]
    for _ in range(r):
        powers.append(np.linalg.solve(S, powers[-1]))
    krylov = np.linalg.qr(np.array(powers[1:]).T)[0]
    basis = after(LDAProbe(0.0), s.X, s.y, r).basis
    assert apart(basis, krylov) < 1e-6
    assert apart(basis, np.linalg.qr(np.array(powers[:-1]).T)[0]) > 1e-2


@pytest.mark.parametrize("n_levels", [1, 2, 3])
def test_discriminants_need_as_many_rounds_as_the_covariance_has_eigenvalues(n_levels):
    rng = np.random.default_rng(8)
    X, y = rng.standard_normal((400, 9)), np.arange(400) % 2
    centred = X - X.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / 400)
    X = centred @ vectors / np.sqrt(values)  # identity covariance, classes and all
    X = X * np.sqrt(np.array([1.0, 2.0, 5.0])[np.arange(9) % n_levels]) @ np.linalg.qr(vectors)[0]
    found = after(LDAProbe(0.0), X, y, n_levels)
    delta = X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)
    left = delta - found.basis @ (found.basis.T @ delta)
    assert np.linalg.norm(left) < 1e-10 * np.linalg.norm(delta)
    before = after(LDAProbe(0.0), X, y, n_levels - 1).basis
    assert np.linalg.norm(delta - before @ (before.T @ delta)) > 1e-3 * np.linalg.norm(delta)


@pytest.mark.parametrize(
    ("probe", "offers"),
    [
        (KNeighborsClassifier(), "KNeighborsClassifier offers neither"),
        (SVC(kernel="rbf"), "SVC offers neither"),
        (SVC(kernel="linear"), r"SVC offers weights .*\(6, 10\)"),
    ],
)
def test_a_probe_that_is_not_linear_is_refused(probe, offers):
    s = draw(9, 100, 6, 5)
    with pytest.raises(InputError, match=offers):
        space(probe, s.X, s.y).read()


def test_gap_falls_as_fast_as_conjugate_gradients_at_least():
    """D after r rounds ≤ 2 ((√κ − 1)/(√κ + 1))ʳ D: docs/methods/inlp.md."""
    s = draw(10, 2000, 20, 2, gap=0.3, spread=3.0)
    delta = s.X[s.y == 1].mean(axis=0) - s.X[s.y == 0].mean(axis=0)
    within = s.X - np.array([s.X[s.y == c].mean(axis=0) for c in (0, 1)])[s.y]
    S = within.T @ within / len(s.X)
    root = np.sqrt(np.linalg.cond(S))
    found, gaps = space(LDAProbe(0.0), s.X, s.y), []
    for _ in range(8):
        w = found.read()
        gaps.append(abs(delta @ w[:, 0]) / np.sqrt(w[:, 0] @ S @ w[:, 0]))
        found.grow(w)
    assert gaps[0] == pytest.approx(np.sqrt(delta @ np.linalg.solve(S, delta)))
    bound = 2 * ((root - 1) / (root + 1)) ** np.arange(8) * gaps[0]
    assert (gaps <= bound * (1 + 1e-9)).all()
    assert (np.diff(gaps) < 0).all()
    assert gaps[7] > 1e-3 * gaps[0]  # and not at once
