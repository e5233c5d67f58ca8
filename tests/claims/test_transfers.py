from dataclasses import replace

import numpy as np
import pytest
from support.evidence import evidence, null, nulls, outcomes, seen

from nullprobe.claims import Holds, Takes, Thresholds
from nullprobe.claims.observation import Carried, Observation
from nullprobe.claims.transfers import transfers
from nullprobe.stats.null_distribution import Null

NULLS = {"within": null(0.5, 0.04), "across": null(0.5, 0.03), "gap": null(0.0, 0.05)}


def carried(within=0.9, across=0.89, left=0.6, random=0.85):
    """Return what carries over where one direction serves all groups, but for changes."""
    return Carried(
        groups=("a", "b"),
        read=np.array([[within, across], [across, within]]),
        erased=np.array([[0.55, left], [left, 0.55]]),
        within=seen(within),
        across=seen(across),
        left_within=seen(0.55),
        left_across=seen(left),
        random=null(random, 0.01, "random_subspaces"),
    )


def judged(found, chance=None, thresholds=None, details=None):
    given = evidence(nulls=nulls(chance=NULLS | (chance or {})), details=details or {})
    claim = transfers(replace(given, carried=found, thresholds=thresholds or Thresholds()))
    return claim.holds, claim.takes, claim


def verdict(thresholds=None, chance=None, details=None, **changed):
    return judged(carried(**changed), chance, thresholds, details)


def apart(value, spread, seed):
    """Return an observation whose replicates vary by themselves."""
    drawn = np.random.default_rng(seed).standard_normal(2000)
    return Observation(value, "AUC", 0.5, value + spread * drawn)


def test_what_is_read_and_erased_everywhere_transfers():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.UNDECIDED)
    assert outcomes(claim.explanations) == {
        "chance": "rejected", "random_subspaces": "rejected", "moments": "not_tried",
        "noise": "not_tried", "inputs": "not_tried", "architecture": "not_tried",
    }  # fmt: skip
    assert claim.name == "transfers"
    assert claim.observed == 0.89
    assert claim.interval[0] < 0.89 < claim.interval[1]
    assert claim.p_value == pytest.approx(0.01)
    assert [n.rung for n in claim.nulls] == ["chance", "random_subspaces"]
    assert claim.detectable is None
    assert "0.600 after erasing with an eraser of another group" in claim.reason
    assert "0.850 after random subspaces" in claim.reason


def test_numbers_stand_beside_the_verdict():
    claim = verdict(details={"transfers": {"groups": 2.0}})[2]
    assert claim.details == {
        "within_groups": 0.9,
        "left_within_groups": 0.55,
        "left_across_groups": 0.6,
        "left_by_random_subspaces": pytest.approx(0.85),
        "groups": 2.0,
    }


def test_what_is_read_in_its_own_group_alone_does_not_transfer():
    holds, takes, claim = verdict(across=0.5, left=0.85)
    assert (holds, takes) == (Holds.NO, Takes.CHANCE)
    assert "random_subspaces" not in outcomes(claim.explanations)  # nothing to be erased elsewhere
    assert "does not work in the others" in claim.reason
    assert claim.detectable is None


def test_a_direction_that_turns_round_does_not_transfer():
    """Across groups it is read well below chance, which no probe of another group can use."""
    assert verdict(across=0.2)[:2] == (Holds.NO, Takes.UNDECIDED)


def test_nothing_read_anywhere_is_unclear():
    holds, takes, claim = verdict(within=0.51, across=0.5)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    sd = claim.nulls[0].sd
    assert claim.detectable == pytest.approx(0.5 + 2.801585 * sd)
    assert f"{claim.detectable:.3f}" in claim.reason


@pytest.mark.parametrize("across", [0.4, 0.3])
def test_reading_below_chance_alone_names_no_explanation(across):
    """The lower tail is not tested: with it, chance would be taken for more too often."""
    assert verdict(within=0.5, across=across)[:2] == (Holds.UNCLEAR, Takes.UNDECIDED)


def test_weak_reading_within_groups_is_no_evidence_that_it_does_not_transfer():
    found = verdict(within=0.55, across=0.52, chance={"gap": null(0.0, 0.06)})
    assert found[:2] == (Holds.UNCLEAR, Takes.UNDECIDED)


def test_loss_that_chance_reproduces_or_the_interval_leaves_open_denies_nothing():
    lost = {"within": 0.6, "across": 0.5}
    assert verdict(**lost)[0] is Holds.NO
    assert verdict(**lost, chance={"gap": null(0.0, 0.2)})[0] is Holds.UNCLEAR
    wide = {"within": apart(0.6, 0.1, 1), "across": apart(0.5, 0.1, 2)}
    found = judged(replace(carried(**lost), **wide))
    assert found[:2] == (Holds.UNCLEAR, Takes.UNDECIDED)


def test_partial_transfer_is_none():
    holds, takes, claim = verdict(across=0.7, left=0.85)
    assert (holds, takes) == (Holds.NO, Takes.UNDECIDED)  # random subspaces say nothing of it
    assert "only in part" in claim.reason


def test_loss_below_the_effect_of_interest_is_let_pass():
    assert verdict(within=0.9, across=0.86)[0] is Holds.YES
    strict = Thresholds(min_effect=0.02)
    assert verdict(strict, within=0.9, across=0.86)[0] is Holds.NO


@pytest.mark.parametrize(("across", "sure"), [(0.84, Holds.NO), (0.86, Holds.YES)])
def test_loss_that_may_or_may_not_matter_is_unclear(across, sure):
    """Replicates that move together tell a loss; those that do not leave it open."""
    assert verdict(within=0.9, across=across)[0] is sure
    loose = {"within": apart(0.9, 0.02, 1), "across": apart(across, 0.02, 2)}
    holds, takes, claim = judged(replace(carried(across=across), **loose))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert "smallest effect of interest, 0.050" in claim.reason
    assert claim.detectable is not None


@pytest.mark.parametrize(("share", "holds"), [(0.02, Holds.YES), (0.03, Holds.UNCLEAR)])
def test_loss_is_small_where_its_interval_of_level_alpha_says_so(share, holds):
    """The interval includes the fits, so its coverage is 1 − α, and not more."""
    within = seen(0.9)
    large = np.arange(2000) < share * 2000  # replicates with a loss above the effect
    across = replace(seen(0.88), resampled=within.resampled - np.where(large, 0.06, 0.02))
    assert judged(replace(carried(), within=within, across=across))[0] is holds


@pytest.mark.parametrize("left", [0.82, 0.845, 0.855, 0.95])
def test_reading_that_carries_over_without_erasing_is_unclear(left):
    """A loss that random subspaces hardly exceed, by less than what matters, is none (.82)."""
    holds, takes, claim = verdict(left=left)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert "whether an eraser does is unclear" in claim.reason
    assert claim.detectable is not None


def test_alpha_decides_what_stands_out():
    few = {"across": Null("chance", "", np.linspace(0.45, 0.55, 39))}
    assert verdict(chance=few)[0] is Holds.YES
    assert verdict(Thresholds(alpha=0.01), chance=few)[0] is Holds.UNCLEAR


def test_numbers_that_are_predicted_worse_than_by_the_mean_do_not_transfer():
    def r2(value):
        return seen(value, 0.01, "R²", 0.0)

    found = {"within": r2(0.4), "across": r2(-0.05), "left_across": r2(0.3)}
    chance = {"within": null(-0.1, 0.03), "across": null(-0.3, 0.1), "gap": null(0.2, 0.1)}
    holds, takes, claim = judged(replace(carried(), **found), chance)
    assert claim.p_value <= 0.05
    assert (holds, takes) == (Holds.NO, Takes.UNDECIDED)
    assert "does not work in the others" in claim.reason
