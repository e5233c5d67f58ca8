"""Several representations: each p-value is that of the largest departure in any of them."""

from dataclasses import replace

import numpy as np
import pytest
from support.evidence import evidence, seen

from nullprobe.auditing.multiplicity import told_of_each_other
from nullprobe.claims import Followed
from nullprobe.nulls import Null

M = 199


def drawn(rung, seed):
    return Null(rung, "", np.random.default_rng(seed).normal(0.5, 0.05, M), upper=True)


def layer(seed, agreement, other):
    """Return evidence of pairs, with draws of its own: how often CCS agrees with two labels."""
    follows = Followed(
        agreement=seen(agreement),
        random=drawn("random_directions", [seed, 1]),
        first=seen(0.5),
        others={"length": (seen(other), drawn("chance", [seed, 2]))},
        told=seen(0.9),
    )
    given = evidence()
    chance = drawn("chance", [seed, 0])
    return replace(given, followed=follows, chance={**given.chance, "consistent": chance})


def nulls(one):
    """Return what the claim `consistent` is judged by: observed values with their nulls."""
    other, chance = one.followed.others["length"]
    own = one.followed.agreement.value
    return {
        "chance": (own, one.chance["consistent"]),
        "random": (own, one.followed.random),
        "length": (other.value, chance),
    }


@pytest.mark.parametrize("name", ["chance", "random", "length"])
def test_what_pairs_are_judged_by_is_corrected_for_the_number_of_representations(name):
    given = [layer(i, agreement, agreement) for i, agreement in enumerate((0.62, 0.56, 0.5))]
    each = []
    for one in given:
        value, null = nulls(one)[name]
        every = np.append(value, null.values)
        each.append((every - every.mean()) / every.std())
    strongest = np.max(each, axis=0)[1:]
    for one, before, own in zip(told_of_each_other(given), given, each, strict=True):
        value, null = nulls(one)[name]
        assert null.p_value(value) == (np.sum(strongest >= own[0]) + 1) / (M + 1)
        assert null.p_value(value) > nulls(before)[name][1].p_value(value)
        np.testing.assert_array_equal(null.values, nulls(before)[name][1].values)


def test_what_is_observed_stays_as_it_is():
    given = [layer(i, 0.6, 0.7) for i in range(2)]
    for one, before in zip(told_of_each_other(given), given, strict=True):
        assert one.followed.agreement is before.followed.agreement
        assert one.followed.first is before.followed.first
        assert one.followed.others["length"][0] is before.followed.others["length"][0]


def test_one_representation_is_not_corrected():
    (one,) = told_of_each_other([layer(0, 0.6, 0.7)])
    assert all(null.strongest is None for _, null in nulls(one).values())


def test_representations_without_pairs_have_nothing_to_follow():
    first, second = told_of_each_other([evidence(), evidence()])
    assert first.followed is second.followed is None
    assert first.chance["raw"].strongest is not None
