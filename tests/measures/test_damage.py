"""Damage: distances against naive ones, LEACE the least, and None where there is no least."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from methods import LABELLED, erased, owing
from support.reference import erased as moved_by
from support.reference import leace_matrix, mean_projection_matrix, mean_square_move, unit
from support.samples import draw, feature_units, samples

from nullprobe import LEACE, Damage, InputError, MeanProjection, Moments, OracleLEACE, damage


def sample(n=200, d=6, n_classes=3):
    s = draw(0, n, d, n_classes, gap=1.0)
    return s.X + 5.0, s.y


@given(sample=samples())
def test_distances_are_the_naive_ones(sample):
    X, y, scale = sample.X, sample.y, unit(sample.X.std(axis=0))
    X_ = moved_by(mean_projection_matrix(X / scale, y), X / scale) * scale
    found = damage(X, X_, y)
    assert found.rows == len(X)
    assert found.moved == pytest.approx(mean_square_move(X / scale, X_ / scale), rel=1e-9)
    assert found.distance == pytest.approx(mean_square_move(X, X_), rel=1e-9)
    assert found.variance == pytest.approx(X.var(axis=0).sum(), rel=1e-9)
    assert found.share == pytest.approx(found.distance / found.variance)


def test_least_is_what_a_naive_leace_moves():
    X, y = sample()
    ideal = moved_by(leace_matrix(X, y), X)
    scale = X.std(axis=0)
    found = damage(X, ideal, y)
    assert found.least == pytest.approx(mean_square_move(X / scale, ideal / scale), rel=1e-9)
    assert found.ratio == pytest.approx(1.0, rel=1e-9)


@given(sample=samples(least_classes=2))
def test_leace_moves_the_least_of_all_that_guard(sample):
    X, y = sample.X, sample.y
    own = damage(X, LEACE().fit_transform(X, y), y)
    other = damage(X, MeanProjection().fit_transform(X, y), y)
    if own.ratio is None:
        assert own.moved == other.moved == 0.0
    else:
        assert own.ratio == pytest.approx(1.0, abs=1e-9)
        assert other.ratio >= 1 - 1e-9
        assert other.distance >= own.distance * (1 - 1e-9)


@pytest.mark.parametrize("method", [m for m in owing("guarded") if m not in LABELLED])
@given(sample=samples(least_classes=2))
def test_no_affine_eraser_that_guards_moves_less_than_leace(method, sample):
    found = damage(sample.X, erased(method, sample.X, sample.y), sample.y)
    assert found.ratio is None or found.ratio >= 1 - 1e-9


@given(sample=samples(least_classes=2))
def test_who_is_told_the_concept_moves_no_more_than_leace(sample):
    found = damage(sample.X, erased(OracleLEACE, sample.X, sample.y), sample.y)
    assert found.ratio is None or found.ratio <= 1 + 1e-9


def test_an_orthogonal_projection_of_correlated_features_costs_more():
    rng = np.random.default_rng(0)
    y = np.arange(500) % 2
    X = rng.standard_normal((500, 2)) @ np.array([[1.0, 0.95], [0.0, 0.3]])
    X[:, 0] += y
    assert damage(X, MeanProjection().fit_transform(X, y), y).ratio > 2


def test_nothing_to_remove_has_no_ratio_but_a_reason():
    X = sample()[0]
    found = damage(X, X + 1.0, np.zeros(200, dtype=int))
    assert found.least == 0
    assert found.moved > 0
    assert found.ratio is None
    assert "nothing" in found.reason


def test_nothing_moved_is_a_ratio_of_zero_where_something_was_to_be_removed():
    X, y = sample()
    found = damage(X, X.copy(), y)
    assert (found.moved, found.ratio, found.share, found.reason) == (0, 0, 0, "")


def test_features_that_never_vary_have_no_share():
    X = np.full((20, 3), 2.5)
    found = damage(X, X, np.arange(20) % 2)
    assert (found.moved, found.ratio, found.share) == (0, None, None)


def test_distance_has_no_units():
    X, y = sample()
    units = feature_units(6, 1)
    plain = damage(X, MeanProjection().fit_transform(X, y), y)
    scaled = damage(X * units, MeanProjection().fit_transform(X, y) * units, y)
    assert scaled.moved == pytest.approx(plain.moved, rel=1e-9)
    assert scaled.ratio == pytest.approx(plain.ratio, rel=1e-9)
    assert scaled.distance != pytest.approx(plain.distance, rel=0.5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_what_rounding_moves_is_nothing(dtype, scale):
    """Of rows that lie where LEACE sends everything, but for their last digit."""
    X, y = np.tile([[2.0], [4.0]], (50, 1)) * scale, np.tile([0, 1], 50)
    moments, eps = Moments.of(X, y), np.finfo(dtype).eps
    at_rest = np.full((4, 1), 3.0 * (1 + eps), dtype=dtype) * np.dtype(dtype).type(scale)
    assert damage(at_rest, at_rest, moments=moments).ratio is None
    beside = (at_rest * np.dtype(dtype).type(1 + 64 * eps)).astype(dtype)
    assert damage(beside, beside, moments=moments).ratio == 0


def test_units_and_optimum_come_from_where_the_eraser_was_fitted():
    X, y = sample(300)
    F, S = slice(0, 150), slice(150, 300)
    moments = Moments.of(X[F], y[F])
    X_ = MeanProjection().fit(X[F], y[F]).transform(X[S])
    ideal = LEACE().fit(X[F], y[F]).transform(X[S])
    scale = X[F].std(axis=0)
    found = damage(X[S], X_, moments=moments)
    assert found.moved == pytest.approx(mean_square_move(X[S] / scale, X_ / scale))
    assert found.least == pytest.approx(mean_square_move(X[S] / scale, ideal / scale))
    assert found.variance == pytest.approx(((X[S] - X[F].mean(axis=0)) ** 2).sum(axis=1).mean())


def test_feature_without_a_unit_counts_in_the_share_alone():
    X, y = sample()
    X[:, 1] = 2.0
    X_ = X.copy()
    X_[:, 1] = 3.0
    found = damage(X, X_, y)
    assert (found.moved, found.distance) == (0.0, 1.0)


def test_damage_of_pieces_adds_up():
    X, y = sample()
    X_ = MeanProjection().fit_transform(X, y)
    moments = Moments.of(X, y)
    pieces = [damage(X[p], X_[p], moments=moments) for p in np.split(np.arange(200), [30, 110])]
    whole, summed = damage(X, X_, y), sum(pieces)
    assert isinstance(summed, Damage)
    assert summed.rows == 200
    for name in ("moved", "least", "distance", "variance", "ratio", "share"):
        assert getattr(summed, name) == pytest.approx(getattr(whole, name), rel=1e-12)


@pytest.mark.parametrize("kind", [torch.from_numpy, pd.DataFrame, np.ndarray.tolist])
def test_arrays_of_any_library_are_measured(kind):
    X, y = sample()
    X_ = MeanProjection().fit_transform(X, y)
    assert damage(kind(X), kind(X_), y).moved == pytest.approx(damage(X, X_, y).moved, rel=1e-12)


def test_float32_is_measured_to_its_precision():
    X, y = sample()
    found = damage(*(a.astype("float32") for a in (X, MeanProjection().fit_transform(X, y))), y)
    expected = damage(X, MeanProjection().fit_transform(X, y), y)
    assert found.ratio == pytest.approx(expected.ratio, rel=1e-4)


def test_what_does_not_belong_together_is_refused():
    X, y = sample()
    with pytest.raises(InputError) as caught:
        damage(X, X[:, :5], y)
    assert "(200, 6)" in caught.value.required
    assert "(200, 5)" in caught.value.received
    with pytest.raises(InputError) as caught:
        damage(X, X)
    assert caught.value.received == "neither arrived"
    with pytest.raises(InputError) as caught:
        damage(X, X, y, moments=Moments.of(X, y))
    assert caught.value.received == "both arrived"
    with pytest.raises(InputError, match="must have 5 features"):
        damage(X, X, moments=Moments.of(X[:, :5], y))
    bad = X.copy()
    bad[3, 1] = np.inf
    with pytest.raises(InputError, match="row 3, column 1"):
        damage(X, bad, y)
