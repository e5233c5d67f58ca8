"""Any probe among permuted labels: what it decides inside is rerun, what was decided before is
not, and the first gives uniform p-values where there is nothing while the second does not."""

import numpy as np
import pytest
from scipy.stats import binom, kstest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score, roc_auc_score

from nullprobe import (
    HalfspaceProbe,
    InputError,
    KNeighborsProbe,
    LDAProbe,
    QuadraticProbe,
    StrongestProbe,
    permutation_null,
    pipeline_null,
    worlds,
)
from nullprobe.data.concept import concept
from nullprobe.data.splits import split

SETS, DRAWS = 40, 19


class Column(ClassifierMixin, BaseEstimator):
    """A reader of one column, which takes next to nothing to fit."""

    def __init__(self, column=0):
        self.column = column

    def __sklearn_clone__(self):
        return type(self)(self.column)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        x = X[:, self.column]
        self.sign_ = np.sign(x[y == self.classes_[1]].mean() - x[y == self.classes_[0]].mean())
        return self

    def decision_function(self, X):
        return self.sign_ * X[:, self.column]


class Noting(Column):
    """Notes the rows, numbered by the second column, and labels that each fit is given."""

    seen = []

    def fit(self, X, y):
        self.seen.append((X[:, 1].astype(int), np.array(y)))
        return super().fit(X, y)

    def decision_function(self, X):
        self.seen.append((X[:, 1].astype(int), None))
        return super().decision_function(X)


def columns(m):
    return {f"column {j}": Column(j) for j in range(m)}


def nothing(seed, n=36, d=16):
    rng = np.random.default_rng([21, seed])
    return rng.standard_normal((n, d)), rng.permutation(np.arange(n) % 2)


def chosen_inside(X, y, seed):
    observed, null = pipeline_null(
        X, y, StrongestProbe(columns(3)), n_permutations=DRAWS, random_state=seed
    )
    return null.p_value(observed)


def chosen_by_the_scored_rows(X, y, seed):
    """Return the p-value of the reader that scored best, as if it had been the only one."""
    each = [
        pipeline_null(X, y, probe, n_permutations=DRAWS, random_state=seed)
        for probe in columns(16).values()
    ]
    observed, null = max(each, key=lambda pair: pair[0])
    return null.p_value(observed)


def p_values(test, sets):
    return np.array([test(*nothing(seed), seed) for seed in range(sets)])


@pytest.mark.slow
def test_p_of_the_strongest_reader_is_uniform_where_there_is_nothing():
    p = p_values(chosen_inside, SETS)
    for level in (0.1, 0.2, 0.5):  # multiples of 2 / (draws + 1): their shares are exact
        low, high = binom.interval(0.999, SETS, level)
        assert low <= np.count_nonzero(p <= level + 1e-9) <= high
    step = np.random.default_rng(0).random(SETS) * 2 / (DRAWS + 1)
    assert kstest(np.clip(p - step, 0, 1), "uniform").pvalue > 0.001


@pytest.mark.long
def test_p_is_too_small_where_the_reader_was_chosen_by_the_scored_rows():
    """The calibration above can fail: it is for the choice being inside that it does not."""
    sets = 30
    p = p_values(chosen_by_the_scored_rows, sets)
    assert np.count_nonzero(p <= 0.1 + 1e-9) > binom.ppf(0.999, sets, 0.1)


@pytest.mark.slow
def test_p_of_the_strongest_reader_is_small_where_there_is_something():
    world = worlds.heteroscedastic(n=240, d=4, ratio=6.0)
    family = {"linear": LDAProbe(), "quadratic": QuadraticProbe(0.3)}
    observed, null = pipeline_null(world.X, world.y, StrongestProbe(family), n_permutations=39)
    assert null.p_value(observed) == 0.025
    assert observed > 0.8
    assert null.mean == pytest.approx(0.5, abs=4 * null.sd / 39**0.5)


def test_each_labelling_is_fitted_afresh_and_never_to_rows_that_it_is_scored_on():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(60), np.arange(60)])
    y = np.arange(60) % 2
    Noting.seen.clear()
    pipeline_null(X, y, Noting(), n_permutations=5)
    fits, reads = Noting.seen[0::2], Noting.seen[1::2]
    assert len(fits) == len(reads) == 3 * 6
    for (fitted, labels), (scored, _) in zip(fits, reads, strict=True):
        assert not set(fitted) & set(scored)
        assert set(fitted) | set(scored) == set(range(60))
        assert np.bincount(labels).tolist() == [len(fitted) // 2] * 2
    np.testing.assert_array_equal(fits[0][1], y[fits[0][0]])
    orders = {labels.tobytes() for _, labels in fits[0::3]}
    assert len(orders) == 6


def test_labels_of_scored_rows_do_not_reach_the_fit_of_their_fold():
    """Permuted labels stay within parts: those of a fold's scored rows are in none of its fits."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(60), np.arange(60)])
    y = rng.permutation(np.arange(60) % 2)
    parts = split(concept(y), groups=None, n_parts=3, rng=np.random.default_rng(3))
    Noting.seen.clear()
    pipeline_null(X, y, Noting(), n_permutations=3, random_state=3)
    for fitted, labels in Noting.seen[0::2]:
        for part in range(3):
            mine = parts.part[fitted] == part
            if mine.any():
                assert labels[mine].sum() == y[parts.part == part].sum()


@pytest.mark.parametrize("n_classes", [2, 4])
def test_observed_is_the_cross_validated_macro_area(n_classes):
    world = worlds.multiclass(n=160, d=4, n_classes=n_classes)
    observed, null = pipeline_null(world.X, world.y, LDAProbe(), n_permutations=3)
    parts = split(concept(world.y), groups=None, n_parts=3, rng=np.random.default_rng(0))
    each = []
    for j in range(3):
        test = parts.part == j
        probe = LDAProbe().fit(world.X[~test], world.y[~test])
        scores = probe.decision_function(world.X[test]).reshape(test.sum(), -1)
        labels = np.arange(n_classes)[-scores.shape[1] :]
        positive = world.y[test][:, None] == labels
        each.append(roc_auc_score(positive, scores))
    assert observed == pytest.approx(np.mean(each))
    assert null.values.shape == (3,)


@pytest.mark.slow
def test_null_of_a_discriminant_is_that_of_the_exact_one():
    world = worlds.null(n=60, d=5)
    _, ours = pipeline_null(world.X, world.y, LDAProbe(), n_permutations=300)
    _, fast = permutation_null(world.X, world.y, n_folds=3, n_permutations=999)
    assert ours.mean == pytest.approx(fast.mean, abs=4 * fast.sd / 300**0.5)
    assert ours.sd == pytest.approx(fast.sd, rel=4 / (2 * 300) ** 0.5)


def test_numbers_are_read_in_r_squared():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 3))
    y = X[:, 0] + 0.5 * rng.standard_normal(90)
    observed, null = pipeline_null(X, y, Ridge(), n_permutations=39)
    assert null.p_value(observed) == 0.025
    model = Ridge().fit(X[:60], y[:60])
    assert observed == pytest.approx(r2_score(y[60:], model.predict(X[60:])), abs=0.15)
    with pytest.raises(InputError, match="needs class labels"):
        pipeline_null(X, y, QuadraticProbe(), n_permutations=3)


def test_halfspaces_are_read_by_balanced_accuracy():
    world = worlds.two_features(n_per_class=60)
    observed, _ = pipeline_null(world.X, world.y, HalfspaceProbe(), n_permutations=1)
    assert observed == pytest.approx(0.9475, abs=0.06)


def test_labels_that_are_constant_in_groups_move_with_whole_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), 4)
    y = (np.arange(24) % 2)[groups]
    X = np.column_stack([rng.standard_normal(96), np.arange(96)])
    Noting.seen.clear()
    _, null = pipeline_null(X, y, Noting(), groups=groups, n_permutations=4)
    assert "whole groups" in null.description
    for fitted, labels in Noting.seen[0::2]:
        for group in np.unique(groups[fitted]):
            assert len(np.unique(labels[groups[fitted] == group])) == 1


def test_same_seed_gives_the_same_null_and_another_another():
    X, y = nothing(0)
    first, again, other = (
        pipeline_null(X, y, KNeighborsProbe(3), n_permutations=9, random_state=s)[1].values
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_progress_is_told_after_the_observation_and_each_permutation():
    X, y = nothing(0)
    calls, fits = [], []
    Noting.seen.clear()

    def progress(*call):
        calls.append(call)
        fits.append(len(Noting.seen[0::2]))

    _, told = pipeline_null(X, y, Noting(), n_permutations=4, progress=progress)
    assert calls == [("permutations", done, 5) for done in range(1, 6)]
    assert fits == [3, 6, 9, 12, 15]  # three folds each
    _, untold = pipeline_null(X, y, Noting(), n_permutations=4)
    np.testing.assert_array_equal(told.values, untold.values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probe": LDAProbe}, "must be an instance of an estimator"),
        ({"probe": "linear"}, "a probe must have the methods fit"),
        ({"n_permutations": 0}, "n_permutations must be"),
        ({"y": np.zeros(36, int)}, "at least two classes"),
        ({"y": np.arange(36) // 35}, "every class needs at least 6 rows"),
        ({"groups": np.arange(35)}, "X has 36 and groups has 35"),
    ],
)
def test_what_cannot_be_permuted_is_refused(arguments, message):
    X, y = nothing(0)
    used = {"y": y, "probe": LDAProbe(), "n_permutations": 2} | arguments
    with pytest.raises(InputError, match=message):
        pipeline_null(X, **used)
