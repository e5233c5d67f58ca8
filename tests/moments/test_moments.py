"""Counts, means and covariances, against np.mean and np.cov of all rows at once."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.reference import assert_same, covariances, one_hot
from support.samples import backed, draw, samples

from nullprobe import ClassMoments, InputError, Moments
from nullprobe.moments.task_moments import TaskMoments


def in_turn(X, y, cuts):
    """Return the moments of the rows between the cuts."""
    return [
        Moments.of(part, label)
        for part, label in zip(np.split(X, cuts), np.split(np.asarray(y), cuts), strict=True)
    ]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@given(sample=samples())
def test_moments_are_those_of_numpy(backend, sample):
    m = Moments.of(backed(sample.X, backend), sample.y)
    S, C, Szz = covariances(sample.X, sample.y)
    sd = sample.X.std(axis=0)
    assert (m.n, m.weight, m.d, m.k) == (*sample.X.shape[:1] * 2, len(sd), Szz.shape[0])
    np.testing.assert_allclose(m.mean / sd, sample.X.mean(axis=0) / sd, atol=1e-12)
    np.testing.assert_allclose(m.covariance / np.outer(sd, sd), S / np.outer(sd, sd), atol=1e-12)
    np.testing.assert_allclose(m.variance, m.covariance.diagonal())
    np.testing.assert_allclose(m.scale, sd)
    np.testing.assert_allclose(m.cross_covariance / sd[:, None], C / sd[:, None], atol=1e-12)
    np.testing.assert_allclose(m.concept_covariance, Szz, atol=1e-12)
    for label, mean in zip(m.classes, m.class_means, strict=True):
        np.testing.assert_allclose(
            mean / sd, sample.X[sample.y == label].mean(axis=0) / sd, atol=1e-10
        )


def test_moments_of_other_rows_are_others():
    sample = draw(1, 100, 4, 2)
    with pytest.raises(AssertionError):
        assert_same(Moments.of(sample.X[:99], sample.y[:99]), Moments.of(sample.X, sample.y))


@pytest.mark.parametrize("n_classes", [40, 60])
def test_many_classes_give_the_same_by_another_way(n_classes):
    sample = draw(2, 300, 5, n_classes)
    m = Moments.of(sample.X, sample.y, kind="labels")
    numeric = Moments.of(sample.X, one_hot(sample.y), kind="numeric")
    np.testing.assert_allclose(m.cross_covariance, numeric.cross_covariance, atol=1e-12)
    np.testing.assert_allclose(m.concept_covariance, numeric.concept_covariance, atol=1e-15)


def test_a_numeric_concept_has_no_class_means():
    with pytest.raises(InputError, match="the concept is numeric"):
        _ = Moments.of(np.eye(3), np.eye(3), kind="numeric").class_means


# Precision


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_totals_of_float32_are_float64(backend):
    X = draw(3, 20_000, 3, 2, gap=3.0).X.astype(np.float32)
    y = np.arange(20_000) % 2
    m = Moments.of(backed(X, backend), y)
    exact = X.astype(np.float64)
    S, C, _ = covariances(exact, y)
    sd = exact.std(axis=0)
    np.testing.assert_allclose(m.mean, exact.mean(axis=0), atol=1e-7 * sd.min())
    np.testing.assert_allclose(m.cross_covariance / sd[:, None], C / sd[:, None], atol=1e-7)
    np.testing.assert_allclose(m.covariance / np.outer(sd, sd), S / np.outer(sd, sd), atol=1e-6)
    assert m.eps == np.finfo(np.float32).eps
    assert m.mean.dtype == m.covariance.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_means_far_from_zero_cost_no_precision(dtype):
    sample = draw(4, 3000, 3, 2)
    X = (sample.X + 1e6 * sample.X.std(axis=0)).astype(dtype)
    S, C, _ = covariances(X, sample.y)  # of the numbers as they are stored
    sd = np.sqrt(np.diag(S))
    m = Moments.of(X, sample.y)
    tolerance = 1e-9 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(
        m.covariance / np.outer(sd, sd), S / np.outer(sd, sd), atol=tolerance
    )
    np.testing.assert_allclose(m.cross_covariance / sd[:, None], C / sd[:, None], atol=tolerance)


def test_sums_of_squares_would_lose_everything_there():
    x = np.float32(1e6) + np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    naive = (x * x).mean() - x.mean() ** 2
    assert abs(naive - x.astype(np.float64).var()) > 0.5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_halves_are_read_as_what_they_stand_for(dtype):
    sample = draw(5, 400, 4, 2)
    X = torch.from_numpy(sample.X).to(dtype)
    m = Moments.of(X, sample.y)
    assert_same(m, Moments.of(X.float(), sample.y), rtol=1e-12)
    assert_same(m, Moments.of(X.double(), sample.y), rtol=1e-5)


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool"])
def test_whole_numbers_are_exact(kind):
    X = np.random.default_rng(0).integers(0, 200, (50, 3)).astype(kind)
    y = np.arange(50) % 2
    expected = Moments.of(X.astype(float), y)
    for form in (X, torch.from_numpy(X), pd.DataFrame(X), X.tolist()):
        assert_same(Moments.of(form, y), expected, rtol=1e-15)


# Weights


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@given(sample=samples(), seed=st.integers(0, 999))
def test_weights_are_repetitions(backend, sample, seed):
    times = np.random.default_rng(seed).integers(1, 4, len(sample.X))
    weighted = Moments.of(backed(sample.X, backend), sample.y, sample_weight=times)
    repeated = Moments.of(np.repeat(sample.X, times, axis=0), np.repeat(sample.y, times))
    assert weighted.n == len(sample.X)
    weighted.spread.rows = repeated.n
    assert_same(weighted, repeated)


@pytest.mark.parametrize("n_classes", [3, 60])
def test_rows_of_weight_zero_are_ignored(n_classes):
    sample = draw(6, 300, 4, n_classes)
    w = (np.arange(300) % 3).astype(float)
    w[:n_classes] = 1
    all_rows = Moments.of(sample.X, sample.y, sample_weight=w, kind="labels")
    X, y = sample.X[w > 0], sample.y[w > 0]
    some = Moments.of(X, y, sample_weight=w[w > 0], kind="labels")
    assert_same(all_rows, some, rtol=1e-12)


def test_a_class_of_weight_zero_has_no_mean():
    m = Moments.of(np.eye(3), ["a", "b", "c"], sample_weight=[1, 1, 0])
    assert m.classes == ("a", "b", "c")
    assert np.isnan(m.class_means[2]).all()
    assert np.isfinite(m.class_means[:2]).all()


def test_pieces_of_weight_zero_change_nothing():
    sample = draw(7, 100, 4, 2)
    m = Moments.of(sample.X, sample.y)
    with pytest.raises(InputError, match="all are zero"):
        m.update(sample.X, sample.y, sample_weight=np.zeros(100))
    assert_same(m, Moments.of(sample.X, sample.y))


# Merging


@given(sample=samples(), seed=st.integers(0, 999))
def test_merge_equals_one_pass(sample, seed):
    rng = np.random.default_rng(seed)
    cuts = np.unique(rng.integers(1, len(sample.X), 4))
    whole = Moments.of(sample.X, sample.y)
    parts = in_turn(sample.X, sample.y, cuts)
    assert_same(sum(parts), whole)
    updated = parts[0].copy()
    for X, y in list(zip(np.split(sample.X, cuts), np.split(sample.y, cuts), strict=True))[1:]:
        assert updated.update(X, y) is updated
    assert_same(updated, whole)


def test_order_and_grouping_of_pieces_make_no_difference():
    sample = draw(8, 120, 4, 3)
    parts = in_turn(sample.X, sample.y, [10, 11, 80])
    whole = Moments.of(sample.X, sample.y)
    for order in itertools.permutations(parts):
        assert_same(sum(order), whole)
    assert_same((parts[0] + parts[1]) + (parts[2] + parts[3]), whole)


def test_merging_leaves_the_pieces_as_they_were():
    sample = draw(9, 100, 4, 2)
    a, b = in_turn(sample.X, sample.y, [50])
    total = sum([a])
    total.update(sample.X[50:], sample.y[50:])
    merged = a + b
    merged.update(sample.X, sample.y)
    assert_same(a, Moments.of(sample.X[:50], sample.y[:50]), rtol=1e-13)
    assert_same(b, Moments.of(sample.X[50:], sample.y[50:]), rtol=1e-13)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_classes_that_turn_up_later_are_added(backend):
    sample = draw(10, 120, 4, 4)
    names = np.array(["delta", "alpha", "charlie", "bravo"])[sample.y]
    order = np.argsort(sample.y, kind="stable")  # one class after the other
    X, names = sample.X[order], names[order]
    cuts = [20, 50, 90]
    whole = Moments.of(X, names)
    assert whole.classes == ("alpha", "bravo", "charlie", "delta")
    pieces = [
        Moments.of(backed(part, backend), label)
        for part, label in zip(np.split(X, cuts), np.split(names, cuts), strict=True)
    ]
    for pair in itertools.permutations(pieces, 4):
        assert_same(sum(pair), whole)


def test_a_first_piece_of_one_outlying_row_does_no_harm():
    sample = draw(11, 200, 4, 2)
    X = sample.X.copy()
    X[0] += 1e6 * X.std(axis=0)
    whole = Moments.of(X, sample.y)
    S, C, _ = covariances(X, sample.y)
    sd = np.sqrt(np.diag(S))
    for m in (whole, sum(in_turn(X, sample.y, [1]))):
        np.testing.assert_allclose(
            m.covariance / np.outer(sd, sd), S / np.outer(sd, sd), atol=1e-12
        )
        np.testing.assert_allclose(m.cross_covariance / sd[:, None], C / sd[:, None], atol=1e-12)


def test_what_the_outlier_hides_is_found_once_it_is_gone():
    """The scatter of the other rows survives beside a first row that is a million sd away."""
    sample = draw(12, 4000, 2, 2)
    X = sample.X.copy()
    X[0, 0] += 1e6
    m = sum(in_turn(X, sample.y, [1]))
    np.testing.assert_allclose(m.variance[1], X[:, 1].var(), rtol=1e-12)
    within = m.variance[0] - (X[0, 0] - X[1:, 0].mean()) ** 2 * 3999 / 4000**2
    assert within == pytest.approx(X[1:, 0].var() * 3999 / 4000, rel=1e-3)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pieces_whose_means_drift_apart_keep_their_covariance(dtype):
    """Each piece is far from the others; what varies within them must not drown."""
    rng = np.random.default_rng(13)
    X = rng.standard_normal((300, 3))
    X[:, 2] = X[:, 1] + 0.1 * X[:, 2]
    drift = np.repeat([0.0, 1e6, -1e6], 100)
    X[:, 0] += drift
    X = X.astype(dtype)
    y = np.arange(300) % 2
    m = sum(in_turn(X, y, [100, 200]))
    S, C, _ = covariances(X, y)
    sd = np.sqrt(np.diag(S))
    tolerance = 1e-12 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(
        m.covariance / np.outer(sd, sd), S / np.outer(sd, sd), atol=tolerance
    )
    np.testing.assert_allclose(m.cross_covariance / sd[:, None], C / sd[:, None], atol=tolerance)
    assert m.mean[0] == pytest.approx(X[:, 0].astype(float).mean(), abs=1e-8)


def test_pieces_may_live_in_different_libraries():
    sample = draw(14, 100, 4, 2)
    one = Moments.of(sample.X[:50], sample.y[:50])
    other = Moments.of(torch.from_numpy(sample.X[50:]), torch.from_numpy(sample.y[50:]))
    whole = Moments.of(sample.X, sample.y)
    assert_same(one + other, whole)
    assert_same(other + one, whole)
    assert_same(one.copy().update(torch.from_numpy(sample.X[50:]), sample.y[50:]), whole)
    assert_same(other.copy().update(sample.X[:50], sample.y[:50]), whole)


def test_pieces_of_another_width_or_kind_are_refused():
    m = Moments.of(np.eye(3), [0, 1, 1])
    with pytest.raises(InputError, match="3 features, as in earlier pieces, but X has 2"):
        m + Moments.of(np.eye(2), [0, 1])
    with pytest.raises(InputError, match="3 features, as in earlier pieces, but X has 2"):
        m.update(np.eye(2), [0, 1])
    with pytest.raises(
        InputError, match="one has 2 classes and another a numeric concept of 1 columns"
    ):
        m + Moments.of(np.eye(3), [0.5, 1.5, 2.5])
    with pytest.raises(
        InputError, match="numeric concept of 2 columns and another a numeric concept of 3"
    ):
        Moments.of(np.eye(3), np.ones((3, 2)), kind="numeric").update(np.eye(3), np.eye(3))
    with pytest.raises(InputError, match="of one type in all pieces"):
        m + Moments.of(np.eye(3), ["a", "b", "b"])
    with pytest.raises(InputError, match="of one type in all pieces"):
        m.update(np.eye(3), ["a", "b", "b"])
    with pytest.raises(TypeError):
        m + 1


@pytest.mark.parametrize("shrinkage", [0.0, 0.3, 1.0])
def test_the_factor_is_that_of_the_shrunk_correlation_matrix(shrinkage):
    sample = draw(18, 100, 5, 2)
    X = np.hstack([sample.X, np.ones((100, 1))])
    R = np.zeros((6, 6))
    R[:5, :5] = (1 - shrinkage) * np.corrcoef(sample.X.T) + shrinkage * np.eye(5)
    B = np.random.default_rng(0).standard_normal((6, 2))
    solution = Moments.of(X, sample.y).factor(shrinkage).solve(B)
    np.testing.assert_allclose(solution, np.linalg.pinv(R) @ B, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("kind", [Moments, ClassMoments, TaskMoments])
def test_two_million_narrow_float32_rows_lose_no_digits(kind, backend):
    X = np.random.default_rng(0).standard_normal((2_000_000, 3), dtype=np.float32) + 5
    y = np.arange(len(X)) % 3
    task = (y,) if kind is TaskMoments else ()
    m = kind.of(backed(X, backend), y, *task)
    wide = X.astype(np.float64)
    if kind is ClassMoments:
        found, expected = m.covariances[1], np.cov(wide[y == 1].T, bias=True)
    else:
        found, expected = getattr(m, "concept", m).covariance, np.cov(wide.T, bias=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("y", [np.arange(60) % 3, np.linspace(0, 1, 120).reshape(60, 2)])
def test_rescaled_moments_are_those_of_rescaled_rows(y):
    X = np.random.default_rng(0).normal(size=(60, 4)) + 2.0
    m, factors = Moments.of(X, y), np.array([0.5, 3.0, 0.0, 1e4])
    found, expected = m.rescaled(factors), Moments.of((X - m.mean) * factors, y)
    for name in ("mean", "covariance", "cross_covariance", "concept_covariance"):
        scale = 1.0 if name == "concept_covariance" else np.max(factors) ** 2
        np.testing.assert_allclose(
            getattr(found, name), getattr(expected, name), atol=1e-13 * scale, rtol=1e-10
        )
    assert (found.n, found.weight) == (60, 60.0)
