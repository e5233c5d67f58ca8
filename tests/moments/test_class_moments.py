"""Moments within each class, against those of each class's rows alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.reference import assert_same
from support.samples import BACKENDS, backed, draw, samples

from nullprobe import ClassMoments, InputError, Moments


@pytest.mark.parametrize("backend", BACKENDS)
@given(sample=samples(), seed=st.integers(0, 999))
def test_each_class_has_the_moments_of_its_rows(backend, sample, seed):
    w = np.random.default_rng(seed).uniform(0.5, 2, len(sample.X))
    m = ClassMoments.of(backed(sample.X, backend), sample.y, sample_weight=w)
    sd = sample.X.std(axis=0)
    unit = np.outer(sd, sd)
    pooled = 0
    for i, label in enumerate(m.classes):
        member = sample.y == label
        X, share = sample.X[member], w[member]
        mean = np.average(X, axis=0, weights=share)
        S = (X - mean).T @ (share[:, None] * (X - mean)) / share.sum()
        assert m.counts[i] == member.sum()
        assert m.weights[i] == pytest.approx(share.sum())
        np.testing.assert_allclose(m.means[i] / sd, mean / sd, atol=1e-10)
        np.testing.assert_allclose(m.covariances[i] / unit, S / unit, atol=1e-10)
        pooled = pooled + S * share.sum()
    np.testing.assert_allclose(m.within / unit, pooled / w.sum() / unit, atol=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
@given(sample=samples(), seed=st.integers(0, 999))
def test_pooled_moments_are_those_of_all_rows(backend, sample, seed):
    X, w = backed(sample.X, backend), np.random.default_rng(seed).uniform(0.5, 2, len(sample.X))
    pooled = ClassMoments.of(X, sample.y, sample_weight=w).pooled()
    assert_same(pooled, Moments.of(X, sample.y, sample_weight=w))


@given(sample=samples(), seed=st.integers(0, 999))
def test_merge_equals_one_pass(sample, seed):
    cut = int(np.random.default_rng(seed).integers(1, len(sample.X)))
    pieces = [
        ClassMoments.of(sample.X[rows], sample.y[rows])
        for rows in (slice(0, cut), slice(cut, None))
    ]
    whole = ClassMoments.of(sample.X, sample.y)
    updated = ClassMoments.of(sample.X[:cut], sample.y[:cut])
    updated.update(sample.X[cut:], sample.y[cut:])
    for merged in (pieces[0] + pieces[1], sum(reversed(pieces)), updated):
        assert merged.classes == whole.classes
        assert merged.counts.tolist() == whole.counts.tolist()
        assert_same(merged.pooled(), whole.pooled())


def test_classes_of_different_spread_are_told_apart():
    sample = draw(1, 300, 3, 2)
    X = sample.X * np.where(sample.y, 3.0, 1.0)[:, None]
    m = ClassMoments.of(X, sample.y)
    narrow, wide = (np.trace(S) for S in m.covariances)
    assert wide > 3 * narrow


def test_merging_leaves_the_pieces_as_they_were():
    sample = draw(2, 100, 4, 2)
    a, b = (ClassMoments.of(sample.X[r], sample.y[r]) for r in (slice(50), slice(50, 100)))
    sum([a]).update(sample.X[50:], sample.y[50:])
    (a + b).update(sample.X, sample.y)
    assert_same(a.pooled(), Moments.of(sample.X[:50], sample.y[:50]))
    assert_same(b.pooled(), Moments.of(sample.X[50:], sample.y[50:]))


def test_rows_of_weight_zero_are_ignored_and_so_is_a_class_of_them():
    sample = draw(3, 300, 4, 3)
    w = (np.arange(300) % 3).astype(float)
    m = ClassMoments.of(sample.X, sample.y, sample_weight=w)
    some = Moments.of(sample.X[w > 0], sample.y[w > 0], sample_weight=w[w > 0])
    assert_same(m.pooled(), some)
    m = ClassMoments.of(np.eye(3), ["a", "b", "c"], sample_weight=[1, 1, 0])
    assert m.classes == ("a", "b")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_found_with_row_and_column(bad):
    X = np.random.default_rng(0).standard_normal((3000, 4))
    X[1003, 2] = bad
    for form in (X, torch.from_numpy(X)):
        with pytest.raises(InputError, match="row 1003, column 2"):
            ClassMoments.of(form, np.arange(3000) % 2)


def test_what_does_not_fit_is_refused():
    m = ClassMoments.of(np.eye(3), [0, 1, 1])
    with pytest.raises(InputError, match="the concept is numeric"):
        ClassMoments.of(np.eye(3), np.eye(3), kind="numeric")
    with pytest.raises(InputError, match="int, str"):
        m + ClassMoments.of(np.eye(3), ["a", "b", "b"])
    with pytest.raises(InputError, match="3 features"):
        m + ClassMoments.of(np.eye(2), [0, 1])
    with pytest.raises(InputError, match="3 features"):
        m.update(np.eye(2), [0, 1])
