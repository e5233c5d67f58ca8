"""The most accurate linear classifier: found where it is known, and never cheating on the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from nullprobe import InputError, worlds
from nullprobe.erasers import LEACE
from nullprobe.measures.guardedness import largest_correlation
from nullprobe.probes import HalfspaceProbe, LDAProbe
from nullprobe.probes.solvers import halfspace_search
from nullprobe.probes.solvers.halfspace_search import best_thresholds, halfspaces


def accuracy(probe, X, y):
    return balanced_accuracy_score(y, probe.predict(X))


def best_by_trying(scores, y):
    """Return the best balanced accuracy of any threshold and side, by trying them all."""
    cuts = np.unique(scores)
    between = (cuts[1:] + cuts[:-1]) / 2
    best = 0.5
    for cut in between:
        hit = ((scores > cut)[y].mean() + (scores <= cut)[~y].mean()) / 2
        best = max(best, hit, 1 - hit)
    return best


@given(seed=st.integers(0, 999), n=st.integers(2, 40), values=st.integers(1, 40))
def test_threshold_is_the_best_there_is(seed, n, values):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, values, (n, 3)) / 7.0
    Y = rng.random((n, 3)) < [0.2, 0.5, 0.9]
    Y[0], Y[-1] = True, False
    threshold, sign, promised = best_thresholds(scores, Y)
    for c in range(3):
        said = sign[c] * scores[:, c] > sign[c] * threshold[c]
        kept = (said[Y[:, c]].mean() + (~said)[~Y[:, c]].mean()) / 2
        assert promised[c] == pytest.approx(best_by_trying(scores[:, c], Y[:, c]))
        assert promised[c] == pytest.approx(kept) or promised[c] == 0.5


def test_equal_scores_are_never_split():
    scores = np.array([[1.0], [1.0], [1.0], [1.0], [2.0], [2.0]])
    Y = np.array([[True], [False], [False], [False], [True], [True]])
    threshold, sign, promised = best_thresholds(scores, Y)
    assert threshold[0] == 1.5
    assert sign[0] == 1.0
    assert promised[0] == pytest.approx((2 / 3 + 1) / 2)


def test_scores_that_are_all_equal_promise_chance():
    _, _, promised = best_thresholds(np.zeros((6, 1)), np.arange(6)[:, None] % 2 > 0)
    assert promised.tolist() == [0.5]


@pytest.mark.parametrize("standardise", [False, True])
def test_founding_experiment_leaves_62_percent_after_erasure(standardise):
    fit, held_out = (
        worlds.two_features(n_per_class=10_000, d=3, standardise=standardise, random_state=seed)
        for seed in (0, 1)
    )
    eraser = LEACE().fit(fit.X, fit.y)
    X, X_held_out = eraser.transform(fit.X), eraser.transform(held_out.X)
    found = accuracy(HalfspaceProbe().fit(X, fit.y), X_held_out, held_out.y)
    assert found == pytest.approx(0.62, abs=0.015)
    assert accuracy(LDAProbe().fit(X, fit.y), X_held_out, held_out.y) < 0.58


def test_halfspace_is_accurate_where_the_means_are_equal():
    fit, held_out = (worlds.skewed(n=2000, d=5, random_state=seed) for seed in (0, 1))
    X = fit.X.copy()
    for c in (0, 1):
        X[fit.y == c] -= X[fit.y == c].mean(axis=0)
    assert largest_correlation(X, fit.y) == 0.0
    for seen in (fit.X, X):
        assert accuracy(HalfspaceProbe().fit(seen, fit.y), held_out.X, held_out.y) > 0.85
    assert accuracy(LDAProbe().fit(X, fit.y), X, fit.y) == 0.5


def test_exclusive_or_is_read_at_one_corner():
    fit, held_out = (worlds.xor(n=4000, d=4, random_state=seed) for seed in (0, 1))
    found = accuracy(HalfspaceProbe().fit(fit.X, fit.y), held_out.X, held_out.y)
    assert found == pytest.approx(fit.truth["halfspace_accuracy"], abs=0.03)


def test_gaussian_classes_are_read_as_well_as_by_their_discriminant():
    fit, held_out = (worlds.gaussian(n=2000, d=10, gap=2.0, random_state=7) for _ in range(2))
    found = accuracy(HalfspaceProbe().fit(fit.X, fit.y), held_out.X, held_out.y)
    assert found == pytest.approx(fit.truth["bayes_accuracy"], abs=0.02)


def test_rare_class_counts_as_much_as_the_common_one():
    w = worlds.rare(n=5000, d=4, positive_fraction=0.004, gap=5.0, random_state=0)
    probe = HalfspaceProbe().fit(w.X, w.y)
    assert (probe.predict(w.X)[w.y == 1] == 1).mean() > 0.9
    assert accuracy(probe, w.X, w.y) > 0.95


def test_same_seed_gives_the_same_halfspace_and_another_another():
    w = worlds.null(n=200, d=10, random_state=0)
    first, again, other = (
        HalfspaceProbe(random_state=seed).fit(w.X, w.y).probe_.weights for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_restarts_are_never_worse_on_the_rows_they_saw():
    w = worlds.null(n=120, d=6, random_state=1)
    found = [accuracy(HalfspaceProbe(r).fit(w.X, w.y), w.X, w.y) for r in (0, 30)]
    assert found[1] >= found[0] - 0.01
    assert found[1] > accuracy(LDAProbe().fit(w.X, w.y), w.X, w.y)


def forbidden_directions(rng, d, m):
    """Return two orthonormal directions for each of m labellings, (d, 2, m)."""
    bases = [np.linalg.qr(rng.normal(size=(d, 2)))[0] for _ in range(m)]
    return np.stack(bases, axis=2)


def test_weights_keep_off_what_is_forbidden():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(300, 6)), rng.random((300, 4)) < 0.5
    X[:, 0] += 2.0 * Y[:, 0]
    bars = forbidden_directions(rng, 6, 4)
    W, _ = halfspaces(X, Y, forbidden=bars, rng=rng)
    np.testing.assert_allclose(np.einsum("dkm,dm->km", bars, W), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1.0, atol=1e-5)
    free, _ = halfspaces(X, Y, rng=rng)
    assert np.abs(np.einsum("dkm,dm->km", bars, free)).max() > 0.1


def test_forbidding_the_one_readable_direction_leaves_chance():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(1000, 3)), rng.random(1000) < 0.5
    X[:, 0] += 4.0 * y
    bar = np.eye(3)[:, :1, None]
    for forbidden, low, high in ((None, 0.95, 1.0), (bar, 0.0, 0.6)):
        W, cut = halfspaces(X, y[:, None], forbidden=forbidden, rng=np.random.default_rng(0))
        assert low <= balanced_accuracy_score(y, (X @ W > cut)[:, 0]) <= high


def test_nothing_is_found_where_everything_is_forbidden():
    """Rounding must not be blown up to a direction: it would be as readable as X."""
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(200, 2)), rng.random(200) < 0.5
    X += 5.0 * y[:, None]
    turned = np.linalg.qr(rng.normal(size=(2, 2)))[0][:, :, None]
    W, cut = halfspaces(X, y[:, None], forbidden=turned, rng=rng)
    assert not W.any()
    assert not cut.any()


def test_negative_restarts_are_refused():
    with pytest.raises(InputError, match="n_init must be a whole number of at least 0"):
        HalfspaceProbe(n_init=-1).fit(np.eye(4), [0, 1, 0, 1])


def test_starts_that_descend_together_end_where_each_would_alone():
    """Each has its schedule, of another length, and the bars of its labelling."""
    rng = np.random.default_rng(3)
    # float64: a bold schedule amplifies rounding, and products of other widths round differently.
    X, Y = rng.normal(size=(200, 8)), rng.random((200, 3)) < 0.5
    X[:, 0] += Y[:, 1]
    bars = forbidden_directions(rng, 8, 3)
    begin, cut = rng.normal(size=(8, 3, 3)), rng.normal(size=(3, 3))
    schedules = [halfspace_search.FINE, halfspace_search.BOLD, halfspace_search.CAREFUL]
    together = halfspace_search._descend(X, Y, begin, cut, schedules, bars)
    for j, schedule in enumerate(schedules):
        one = slice(j, j + 1)
        alone = halfspace_search._descend(X, Y, begin[:, one], cut[one], [schedule], bars)
        np.testing.assert_allclose(together[:, one], alone, atol=1e-4)
    assert np.abs(together[:, 0] - together[:, 1]).max() > 0.01
