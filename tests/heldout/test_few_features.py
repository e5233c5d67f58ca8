"""A probe of few features: chosen inside its training rows, and scored on others."""

import numpy as np
import pytest
from scipy import sparse

from nullprobe._core import sparse_rows
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.few_features import (
    few_features_scores,
    largest,
    read_few_features,
    strength,
)
from nullprobe.heldout.learning_curve import learning_curve
from nullprobe.heldout.sparse_three_way import Unerased, three_way
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.probes.linear.lda import LDAProbe

N, D = 240, 30
RNG = np.random.default_rng(0)
X = RNG.exponential(size=(N, D)) * (RNG.random((N, D)) < 0.3)
LABELS = {
    "two": np.arange(N) % 2,
    "three": np.arange(N) % 3,
    "numbers": RNG.normal(size=(N, 2)),
}
X[:, 4] += 2.0 * LABELS["two"]
X[:, 7] += 2.0 * (LABELS["three"] == 1)
X[:, 9] += LABELS["numbers"][:, 0]


def parts_of(z):
    return split(z, groups=None, n_parts=3, rng=np.random.default_rng(1))


def both(kind):
    z = concept(LABELS[kind])
    parts = parts_of(z)
    sparse_data = Unerased(sparse_rows.csr(sparse.csr_array(X)), z, parts)
    dense = three_way(X, z, parts)
    small = three_way(sparse_rows.csr(sparse.csr_array(X)), z, parts)
    assert np.array_equal(small.scores().raw, dense.scores().raw)
    assert type(dense) is ThreeWay
    return dense, sparse_data


@pytest.mark.parametrize("kind", LABELS)
def test_sparse_scores_are_those_of_dense_rows_before_erasure(kind):
    dense, found = both(kind)
    assert np.allclose(found.scores().raw, dense.scores().raw, atol=1e-8)
    order = np.stack([np.random.default_rng(j).permutation(N) for j in range(5)], axis=1)
    raw, erased = found.read(order)
    assert np.allclose(raw, dense.read(order)[0], atol=1e-9)
    assert np.array_equal(raw, erased)


@pytest.mark.parametrize("kind", LABELS)
def test_readings_without_an_eraser_have_the_bits_of_those_before_erasure(kind):
    z = concept(LABELS[kind])
    full, raw_only = (three_way(X, z, parts_of(z), raw_only=alone) for alone in (False, True))
    order = np.stack([np.random.default_rng(j).permutation(N) for j in range(7)], axis=1)
    assert np.array_equal(raw_only.scores().raw, full.scores().raw)
    assert np.array_equal(raw_only.read(order)[0], full.read(order)[0])
    if z.is_classes:
        one, other = raw_only.read_with_variance(order)[0], full.read_with_variance(order)[0]
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("count", [1, 3, 100])
def test_few_features_of_sparse_rows_are_those_of_dense_rows(kind, count):
    dense, found = both(kind)
    one, two = (few_features_scores(data, count) for data in (dense, found))
    assert [f.tolist() for f in one.features] == [f.tolist() for f in two.features]
    assert all(len(features) == min(count, D) for features in one.features)
    assert np.allclose(one.scores, two.scores, atol=1e-8)


@pytest.mark.parametrize("kind", LABELS)
def test_the_observed_labelling_reads_what_its_scores_read(kind):
    data = both(kind)[1]
    truth = data.columns(np.arange(N)[:, None]).transpose(1, 2, 0)
    scores = few_features_scores(data, 2).scores
    values = [
        data.statistic(scores[part.rows].T[None], truth[:, :, part.rows])[0] for part in data.parts
    ]
    order = np.stack([np.arange(N), np.random.default_rng(2).permutation(N)], axis=1)
    found = read_few_features(data, order, 2)
    assert found[0] == pytest.approx(np.mean(values), abs=1e-12)
    assert found[1] < found[0]


def test_features_are_those_that_correlate_most_in_the_training_rows():
    data = both("two")[0]
    Z = data.columns(np.arange(N)[:, None])[:, 0]
    for part in data.parts:
        size = strength(part, part.cross(Z), 1)[:, 0]
        correlation = [np.corrcoef(X[part.rows, j], Z[part.rows, 0])[0, 1] for j in range(D)]
        assert np.array_equal(np.argsort(-size), np.argsort(-np.abs(correlation)))
    assert all(features[0] == 4 for features in few_features_scores(data, 1).features)


def test_with_all_features_the_probe_is_the_discriminant():
    data = both("two")[0]
    scores = few_features_scores(data, D).scores[:, 0]
    for _, p, s in data.partition.roles():
        P, S = data.parts[p].rows, data.parts[s].rows
        other = LDAProbe().fit(X[P], LABELS["two"][P]).decision_function(X[S])
        assert np.corrcoef(scores[S], other)[0, 1] == pytest.approx(1.0, abs=1e-9)


def test_the_choice_sees_no_scored_row():
    """Labels that change in S alone change neither the features nor the scores of S."""
    z = concept(LABELS["two"])
    parts = parts_of(z)
    one = few_features_scores(ThreeWay(X, z, parts), 2)
    _, _, s = next(iter(parts.roles()))
    S = parts.rows(s)
    changed = X.copy()
    changed[S, 11] += 5.0 * LABELS["two"][S]
    two = few_features_scores(ThreeWay(changed, z, parts), 2)
    assert np.array_equal(one.features[0], two.features[0])
    assert np.allclose(one.scores[S], two.scores[S])


def test_values_that_differ_by_rounding_are_ordered_by_position():
    assert largest(np.array([0.1, 0.3, 0.3 + 1e-16, 0.2]), 2).tolist() == [1, 2]
    assert largest(np.array([0.3 + 1e-15, 0.1, 0.3 - 1e-15]), 1).tolist() == [0]
    assert largest(np.zeros(3), 2).tolist() == [0, 1]


def test_the_learning_curve_of_sparse_rows_is_that_of_dense_rows():
    z = concept(LABELS["two"])
    folds = split(z, groups=None, n_parts=4, rng=np.random.default_rng(3))
    each = [learning_curve(A, z, folds) for A in (X, sparse_rows.csr(sparse.csr_array(X)))]
    for dense, found in zip(*each, strict=True):
        assert np.allclose(found.scores, dense.scores, atol=1e-8)
