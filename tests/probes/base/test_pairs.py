"""Probes of contrast pairs: normalised sides, signs, new pairs."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.base import clone

from nullprobe import (
    CCS,
    CRC,
    INLP,
    VINC,
    ContrastPairs,
    InputError,
    RandomProbe,
    StrongestProbe,
    compare,
    pipeline_null,
    usable_information,
    worlds,
)
from nullprobe.probes.base.pairs import Normaliser, PairEstimator

WORLD = worlds.contrast(n=800, d=16, signal=3.0, n_prompts=3, random_state=1)
PAIRS = WORLD.pairs
TRAIN, NEW = PAIRS.take(slice(400)), PAIRS.take(slice(400, None))
UNTOLD = ContrastPairs(TRAIN.negative, TRAIN.positive, groups=TRAIN.groups)
PROBES = [CCS(n_init=3), CRC(), VINC()]


@cache
def trained(probe):
    """Return a probe that was fitted to the training pairs, for tests that only read it."""
    return clone(probe).fit(TRAIN)


def still_in_group(g):
    """Return pairs whose positive side never varies within one group."""
    there = (TRAIN.groups == g)[:, None]
    return replace(TRAIN, positive=np.where(there, 2.5, TRAIN.positive))


def named(probe):
    return type(probe).__name__


def test_each_side_of_each_group_has_mean_zero_and_unit_deviations():
    normaliser = Normaliser.of(PAIRS)
    codes = normaliser.codes(PAIRS.groups, len(PAIRS))
    for side, X in enumerate((PAIRS.negative, PAIRS.positive)):
        normal = normaliser.apply(X, side, codes)
        for g in range(3):
            np.testing.assert_allclose(normal[codes == g].mean(axis=0), 0, atol=1e-12)
            np.testing.assert_allclose(normal[codes == g].std(axis=0), 1, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=named)
def test_shifts_and_units_of_a_side_in_a_group_change_nothing(probe):
    shift = np.random.default_rng(0).normal(size=(3, 16)) * 1e3
    units = np.geomspace(1e-3, 1e3, 16)
    codes = TRAIN.groups
    moved = replace(TRAIN, negative=TRAIN.negative * units + shift[codes])
    before, after = trained(probe), clone(probe).fit(moved)
    moved_new = (NEW.negative * units + shift[NEW.groups], NEW.positive)
    np.testing.assert_allclose(
        after.decision_function(*moved_new, NEW.groups),
        before.decision_function(NEW.negative, NEW.positive, NEW.groups),
        atol=1e-3,  # CCS rounds in float32
    )


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=named)
def test_nothing_of_new_pairs_reaches_the_probe(probe):
    fitted = trained(probe)
    alone = [fitted.decision_function(NEW.take(slice(i, i + 1)))[0] for i in range(20)]
    np.testing.assert_allclose(alone, fitted.decision_function(NEW)[:20], atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=named)
def test_truth_is_recovered_on_new_pairs(probe):
    fitted = trained(probe)
    assert fitted.sign_ == "from labels"
    assert fitted.score(NEW) > 0.95
    scores = fitted.decision_function(NEW)
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_array_equal(fitted.predict(NEW), (scores > 0.5).astype(int))


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=named)
def test_without_groups_prompts_flip_along_with_truth(probe):
    """Each template shifts its sides by itself: a difference of means that is not the truth."""
    pairs = replace(PAIRS, groups=None)
    alone = clone(probe).fit(pairs.take(slice(400)))
    assert alone.score(pairs.take(slice(400, None))) < trained(probe).score(NEW)


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=named)
def test_labels_settle_the_sign_and_nothing_else(probe):
    told, untold = trained(probe), clone(probe).fit(UNTOLD)
    swapped = clone(probe).fit(replace(TRAIN, y=1 - TRAIN.y))
    assert (told.sign_, untold.sign_) == ("from labels", "unresolved")
    np.testing.assert_array_equal(told.probe_.weights, untold.probe_.weights)
    np.testing.assert_array_equal(told.predict(NEW), 1 - swapped.predict(NEW))
    assert swapped.score(NEW) == pytest.approx(1 - told.score(NEW))
    assert untold.score(NEW) == max(told.score(NEW), 1 - told.score(NEW))
    assert untold.orient(TRAIN.take(slice(5))).sign_ == "from labels"
    np.testing.assert_array_equal(untold.predict(NEW), told.predict(NEW))


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=named)
def test_a_known_share_of_true_positives_settles_the_sign(probe):
    true, false = (np.flatnonzero(TRAIN.y == side) for side in (1, 0))
    uneven = np.concatenate([true, false[: len(true) // 3]])
    pairs, y = UNTOLD.take(uneven), TRAIN.y[uneven]
    for share, right in ((0.75, True), (0.25, False)):
        fitted = clone(probe).set_params(positive_fraction=share).fit(pairs)
        assert fitted.sign_ == "from positive_fraction"
        agrees = np.mean(fitted.predict(pairs) == y) > 0.9
        assert agrees == right
    assert clone(probe).set_params(positive_fraction=0.5).fit(pairs).sign_ == "unresolved"
    told = clone(probe).set_params(positive_fraction=0.25).fit(replace(pairs, y=y))
    assert told.sign_ == "from labels"


def test_labels_that_are_right_as_often_as_not_settle_no_sign():
    fitted, few = CRC().fit(UNTOLD), NEW.take(slice(10))
    y = np.where(np.arange(10) < 5, 1 - fitted.predict(few), fitted.predict(few))
    told = fitted.predict(NEW)
    assert fitted.orient(replace(few, y=y)).sign_ == "unresolved"
    np.testing.assert_array_equal(fitted.predict(NEW), told)


def test_the_largest_weight_counts_as_positive_until_the_sign_is_settled():
    class Given(PairEstimator):
        def __init__(self, weights=None):
            self.weights = weights

        def read(self, negative, positive):
            return self.weights, 0.0

    weights = np.arange(16.0) - 9.0
    for way in (1.0, -1.0):
        found = Given(way * weights).fit(UNTOLD)
        assert found.sign_ == "unresolved"
        assert found.probe_.sign * found.probe_.weights[0] == 9.0


def test_sides_that_are_both_certain_are_told_apart_by_their_log_odds():
    probe = CRC().fit(TRAIN).probe_
    certain = replace(probe, bias=1e3)
    sides = NEW.negative, NEW.positive, NEW.groups
    assert (certain.scores(*sides) == 0.5).all()
    np.testing.assert_array_equal(certain.predict(*sides), probe.predict(*sides))


def test_labels_and_groups_beside_pairs_take_the_place_of_theirs():
    fitted, one = CRC().fit(TRAIN), np.zeros(400, dtype=int)
    assert fitted.score(NEW, y=1 - NEW.y) == pytest.approx(1 - fitted.score(NEW))
    turned = CRC().fit(TRAIN, y=1 - TRAIN.y)
    np.testing.assert_array_equal(turned.predict(NEW), 1 - fitted.predict(NEW))
    together = CRC().fit(TRAIN, groups=one)
    expected = CRC().fit(replace(TRAIN, groups=one))
    np.testing.assert_array_equal(together.probe_.weights, expected.probe_.weights)
    assert together.score(NEW, groups=one) == expected.score(replace(NEW, groups=one))


def test_pairs_may_come_in_parts():
    whole = CRC().fit(TRAIN)
    parts = CRC().fit(TRAIN.negative, TRAIN.positive, TRAIN.y, TRAIN.groups)
    np.testing.assert_array_equal(whole.probe_.weights, parts.probe_.weights)
    assert parts.score(NEW.negative, NEW.positive, NEW.y, NEW.groups) == whole.score(NEW)


def test_scores_come_in_the_kind_of_the_pairs():
    fitted = CRC().fit(TRAIN)
    scores = fitted.decision_function(*map(torch.tensor, (NEW.negative, NEW.positive)), NEW.groups)
    assert isinstance(scores, torch.Tensor)
    np.testing.assert_allclose(scores.numpy(), fitted.decision_function(NEW))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.predict(NEW.negative, NEW.positive), "groups.*no groups arrived"),
        (
            lambda p: p.predict(NEW.negative, NEW.positive, NEW.groups + 7),
            "among the 3 ",
        ),
        (lambda p: p.predict(NEW.negative[:, :4], NEW.positive[:, :4], NEW.groups), "16 features"),
        (lambda p: p.score(UNTOLD), "y to be passed"),
        (lambda p: p.orient(UNTOLD), "y to be passed"),
        (lambda p: p.fit(TRAIN.take(slice(1))), "two pairs"),
        (lambda p: p.fit(TRAIN.take(TRAIN.y == 1)), "two classes"),
        (
            lambda p: p.fit(replace(TRAIN, groups=np.arange(400))),
            "each group needs at least two pairs",
        ),
        (lambda p: p.fit(still_in_group(1)), "positive side of group 1 is constant"),
        (lambda p: p.fit(TRAIN, TRAIN.positive), "one ContrastPairs, or two sides"),
        (lambda p: p.set_params(positive_fraction=1.5).fit(TRAIN), "positive_fraction"),
    ],
)
def test_what_cannot_be_read_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call(CRC().fit(TRAIN))


@pytest.mark.slow
def test_features_that_do_not_vary_count_for_nothing():
    constant = np.full((400, 1), 3.3)
    wide = [np.hstack([X, constant]) for X in (TRAIN.negative, TRAIN.positive)]
    for probe in PROBES:
        fitted = clone(probe).fit(*wide, TRAIN.y, TRAIN.groups)
        far = [np.hstack([X, constant + 1e9]) for X in (NEW.negative, NEW.positive)]
        assert fitted.score(*far, NEW.y, NEW.groups) > 0.9


ROWS, LABELS = np.random.default_rng(0).standard_normal((60, 4)), np.arange(60) % 2
USES_OF_ROWS = {
    "pipeline_null": lambda probe: pipeline_null(ROWS, LABELS, probe, n_permutations=2),
    "StrongestProbe": lambda probe: StrongestProbe({"pairs": probe}).fit(ROWS, LABELS),
    "usable_information": lambda probe: usable_information(probe, ROWS, LABELS),
    "INLP": lambda probe: INLP(probe).fit(ROWS, LABELS),
    "compare": lambda probe: compare(ROWS, LABELS, erasers=["leace"], probes={"pairs": probe}),
}


@pytest.mark.parametrize("use", USES_OF_ROWS.values(), ids=USES_OF_ROWS)
@pytest.mark.parametrize("probe", [*PROBES, RandomProbe()], ids=named)
def test_a_probe_of_pairs_says_so_where_rows_are_read(use, probe):
    with pytest.raises(InputError) as info:
        use(probe)
    assert info.value.received == f"{named(probe)} takes contrast pairs"
    assert "compare_pairs" in info.value.hint
