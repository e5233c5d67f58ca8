"""Where a predictor stands between observers, and what is read from states."""

import numpy as np
import pytest
from scipy.stats import entropy

from nullprobe.studies.observing import divergence, explained, share, words_before


def test_a_divergence_is_that_of_scipy():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(5), size=(2, 7))
    p[0, 0], p[0] = 0.0, p[0] / p[0].sum()
    p[0] /= p[0].sum()
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(divergence(np.log(p), np.log(q)), entropy(p, q, axis=1))


def test_what_is_read_is_held_out():
    rng = np.random.default_rng(0)
    X, y, train = rng.normal(size=(120, 50)), rng.normal(size=(120, 2)), np.arange(120) < 60
    assert explained(X, y, train) < 0.0  # noise is learned, and does not carry over
    assert explained(X, X @ rng.normal(size=(50, 2)), train) > 0.9


def test_a_share_does_not_change_with_what_observers_agree_on():
    rng = np.random.default_rng(1)
    less, full, model = rng.random((3, 4, 2))
    same = np.ones((4, 3))
    joined = (np.hstack([one, same]) for one in (model, less, full))
    assert share(*joined) == pytest.approx(share(model, less, full))


def test_words_are_counted_up_to_a_position_and_no_further():
    ids = np.array([[0, 1, 2, 1], [0, 1, 2, 2]])
    seen = words_before(ids, np.array([2]), 3, last=2)
    np.testing.assert_array_equal(seen[0], seen[1])
    assert seen.shape == (2, 1, 9)
