"""Audits of contrast pairs: their differences, and what CCS follows in them."""

import numpy as np
import pandas as pd
import pytest
from support.evidence import outcomes
from support.pipeline import FEW, LINEAR, RAW, verdicts

from nullprobe import ContrastPairs, audit, worlds
from nullprobe.claims import Outcome
from nullprobe.stats.null_distribution import together

ASKED = {"claims": ["consistent"], **FEW}


def salient(n=120, seed=0):
    """Return pairs of three features in all of which nothing but truth flips."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    flips = np.outer(2 * y - 1, np.ones(3))
    return ContrastPairs(*(s * flips + 0.5 * rng.standard_normal((n, 3)) for s in (-1, 1)), y)


def beside_a_nuisance(n=120, d=12, seed=0):
    """Return pairs in which truth is the consistent feature, and all others vary together.

    The others are drawn anew for each side: they make up most of how the sides differ, and yet
    tell nothing about one side from the other.
    """
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    sides = []
    for s in (-1, 1):
        truth = s * (2 * y - 1)[:, None] + 0.3 * rng.standard_normal((n, 1))
        together = 3.0 * rng.standard_normal((n, 1)) + rng.standard_normal((n, d))
        sides.append(np.hstack([truth, together]))
    return ContrastPairs(*sides, y)


def asked(pairs, **options):
    found = audit(pairs, **ASKED | options)
    return verdicts(found)["consistent"], found["consistent"]


def test_truth_that_every_direction_reads_is_a_fact_about_chance():
    verdict, claim = asked(salient(), min_effect=0.3)  # random directions differ by as much
    assert verdict == ("yes", "chance")
    assert claim.nulls[1].mean > 0.8


def test_truth_that_varies_most_is_a_fact_about_moments():
    verdict, claim = asked(worlds.contrast(n=150, d=30, random_state=0).pairs)
    assert verdict == ("yes", "moments")
    assert claim.observed > 0.9
    assert claim.beside[0].value > 0.9


def test_truth_that_is_consistent_and_varies_little_is_a_more_than_random_directions_and_moments():
    verdict, claim = asked(beside_a_nuisance())
    assert verdict == ("yes", "undecided")
    found = outcomes(claim.explanations)
    assert {found[name] for name in ("chance", "random_directions", "moments")} == {
        Outcome.REJECTED
    }
    assert found["noise"] is Outcome.NOT_TRIED
    assert claim.observed > 0.9
    assert claim.beside[0].value < 0.7
    assert claim.details["labelled_probe"] > 0.9


@pytest.mark.slow
def test_a_distractor_is_named_where_it_is_followed_instead():
    w = worlds.distractor(n=120, d=30, random_state=0)
    verdict, claim = asked(w.pairs, others={"sentiment": w.distractor})
    assert verdict == ("no", "moments")
    assert "'sentiment'" in claim.reason
    assert claim.details["agreements"]["sentiment"] > 0.9
    verdict, claim = asked(w.pairs)  # nobody knows what it follows
    assert verdict == ("unclear", "undecided")


def test_a_distractor_is_named_among_many_other_labels_by_the_fewest_permutations():
    """At α over six labels p must reach .0083, and 39 permutations reach .025."""
    w = worlds.distractor(n=120, d=30, random_state=0)
    rng = np.random.default_rng(0)
    others = {f"noise {i}": rng.permutation(w.y) for i in range(5)} | {"sentiment": w.distractor}
    assert asked(w.pairs, others=others)[0][0] == "no"


@pytest.mark.slow
def test_pairs_without_a_signal_say_nothing_above_chance():
    verdict, claim = asked(worlds.contrast(n=60, d=4, signal=0.0, random_state=0).pairs)
    assert verdict == ("unclear", "undecided")
    assert claim.p_value > 0.05
    assert claim.detectable > 0.6


@pytest.mark.slow
def test_differences_of_pairs_are_audited_like_any_representation():
    pairs = worlds.contrast(n=120, d=4, signal=0.3, random_state=0).pairs
    found, expected = (
        audit(pairs, **LINEAR),
        audit(pairs.positive - pairs.negative, pairs.y, **LINEAR),
    )
    for one, other in zip(found.claims, expected.claims, strict=True):
        assert (one.name, one.observed, one.interval) == (
            other.name,
            other.observed,
            other.interval,
        )
        assert one.reason == other.reason
        for a, b in zip(one.nulls, other.nulls, strict=True):
            np.testing.assert_array_equal(a.values, b.values)
    assert found.provenance["data_hash"] == expected.provenance["data_hash"]
    assert found.rows == "pair_differences"
    assert expected.rows == "rows"
    np.testing.assert_array_equal(found.labels, pairs.y)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64])
def test_differences_of_whole_numbers_do_not_wrap_around(kind):
    rng = np.random.default_rng(0)
    sides, y = rng.integers(0, 127, (2, 60, 3)), np.arange(60) % 2
    sides[1, :, 0] = np.where(y == 1, 120, 1)
    found, expected = (
        audit(ContrastPairs(*sides.astype(k), y), **RAW)["readable"] for k in (kind, float)
    )
    assert found.observed == expected.observed
    assert expected.observed > 0.9


@pytest.mark.slow
def test_pairs_of_any_library_give_the_same_verdict():
    pairs = salient()
    names = list("abc")
    sides = [pd.DataFrame(side, columns=names) for side in (pairs.negative, pairs.positive)]
    found, expected = (asked(p)[1] for p in (ContrastPairs(*sides, pd.Series(pairs.y == 1)), pairs))
    assert (found.observed, found.reason) == (expected.observed, expected.reason)


@pytest.mark.slow
def test_all_claims_that_apply_are_asked_of_pairs_and_consistent_of_nothing_else():
    pairs = salient(60)
    asked_of_pairs = audit(pairs, **FEW)
    names = [claim.name for claim in asked_of_pairs.claims]
    assert names[-1] == "consistent"
    assert "transfers" not in names
    numbers = pairs.positive - pairs.negative
    plain = audit(numbers, pairs.y, **FEW | {"claims": None})
    assert [claim.name for claim in plain.claims] == names[:-1]


@pytest.fixture(scope="module")
def layers():
    """Return the verdicts on three layers: two that are the same, and one that reads nothing."""
    w = worlds.contrast(n=90, d=6, signal=1.0, random_state=0)
    blind = ContrastPairs(*np.random.default_rng(1).standard_normal((2, 90, 6)), w.y)
    several = {"first": w.pairs, "copy": w.pairs, "blind": blind}
    other = {"other": np.random.default_rng(2).permutation(w.y)}
    return audit(several, others=other, claims=["readable", "consistent"], **FEW), w


@pytest.mark.slow
def test_layers_of_pairs_are_told_of_each_other(layers):
    found, _ = layers
    assert list(found.audits) == ["first", "copy", "blind"]
    for name, one in found.audits.items():
        assert (one.title, one.representation) == ("data", name)
        assert one.provenance["representations"] == ["first", "copy", "blind"]
        assert one.provenance["other_labels"] == ["other"]
    for i in range(2):  # labels permuted, and random directions
        first, copy, blind = (one["consistent"].nulls[i] for one in found.audits.values())
        assert first.adjusted == copy.adjusted
        np.testing.assert_array_equal(first.values, copy.values)
        assert (first.values != blind.values).any()
        assert all(null.adjusted is not None for null in (first, blind))
    assert str(found["blind"]["consistent"].holds) == "unclear"


@pytest.mark.slow
def test_p_values_of_layers_are_adjusted_for_each_other(layers):
    found, w = layers
    alone = audit(w.pairs, **ASKED)["consistent"]
    claims = [layer["consistent"] for layer in found.audits.values()]
    np.testing.assert_array_equal(alone.nulls[0].values, claims[0].nulls[0].values)
    assert claims[0].p_value == alone.p_value == alone.adjusted_p
    assert claims[0].adjusted_p >= alone.p_value
    expected = together([c.nulls[0] for c in claims], [c.observed for c in claims])
    assert [c.adjusted_p for c in claims] == [null.adjusted for null in expected]


def test_one_layer_of_pairs_is_judged_as_it_is_by_itself():
    pairs = salient(60)
    alone, one = asked(pairs)[1], audit({"data": pairs}, **ASKED)["data"]["consistent"]
    assert (alone.p_value, alone.reason) == (one.p_value, one.reason)


@pytest.mark.slow
def test_other_labels_of_pairs_are_recorded():
    pairs = salient(60)
    other = np.random.default_rng(0).permutation(pairs.y)
    found = audit(pairs, others={"length": other, 7: 1 - other}, **RAW)
    assert found.provenance["other_labels"] == ["length", "7"]
    assert "other_labels" not in audit(pairs, others={}, **RAW).provenance
