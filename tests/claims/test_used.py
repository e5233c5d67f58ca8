from dataclasses import replace

import numpy as np
import pytest
from support.evidence import null, seen

from nullprobe.claims import ComesFrom, Holds, Takes, Thresholds, Use
from nullprobe.claims.observation import Neutral
from nullprobe.claims.used import used
from nullprobe.stats.null_distribution import Null

UNIT = "change of log-probability (nats)"


def use(change=-2.0, random=-0.1, spread=0.1, width=0.05, divergence=None):
    """Return what is seen of a model that needs what was erased, but for changes."""
    observed = seen(change, width, UNIT, 0.0)
    excess = seen(change - random, width, UNIT, 0.0)
    return Use(-0.1, observed, null(random, spread, "random_subspaces"), excess, divergence)


def verdict(bar=None, **changed):
    claim = used(use(**changed), bar or Thresholds())
    return claim.holds, claim.takes, claim


def test_what_harms_more_than_random_subspaces_is_used():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.UNDECIDED)
    assert claim.comes_from is ComesFrom.NOT_TRIED
    assert (claim.name, claim.observed, claim.unit) == ("used", -2.0, UNIT)
    assert claim.p_value == pytest.approx(0.01)
    assert claim.interval[0] < -2.0 < claim.interval[1]
    assert [n.rung for n in claim.nulls] == ["random_subspaces"]
    assert (
        "by -2.000 (from -0.100), random subspaces of the same rank and variance by -0.100 ± "
        in claim.reason
    )
    assert claim.detectable is None
    assert claim.details == {
        "before_erasing": -0.1,
        "random_change": pytest.approx(-0.1),
    }


def test_what_the_model_does_better_without_is_used_too():
    """Erasing what misleads a model changes what it does: for the better."""
    assert verdict(change=1.0)[:2] == (Holds.YES, Takes.UNDECIDED)


def test_what_harms_less_than_random_subspaces_is_not_used():
    """It stands out, but on the side of no change at all."""
    holds, takes, claim = verdict(change=-0.1, random=-2.0)
    assert (holds, takes) == (Holds.NO, Takes.UNDECIDED)
    assert "less than erasing random subspaces" in claim.reason
    assert verdict(change=0.1, random=2.0)[0] is Holds.NO


def test_what_stands_out_and_hardly_changes_anything_is_not_used():
    """A thousandth of a nat may be far outside what random subspaces do."""
    holds, takes, claim = verdict(change=-0.02, random=0.0, spread=0.001, width=0.005)
    assert (holds, takes) == (Holds.NO, Takes.CHANCE)  # by less than what matters
    assert "no more than erasing random subspaces" in claim.reason
    assert (
        verdict(Thresholds(min_effect=0.01), change=-0.02, random=0.0, spread=0.001)[0] is Holds.YES
    )


def test_what_changes_no_more_than_random_subspaces_is_denied_where_nothing_else_fits():
    holds, takes, claim = verdict(change=-0.1, width=0.01)
    assert (holds, takes) == (Holds.NO, Takes.CHANCE)
    assert "no more than erasing random subspaces" in claim.reason


def test_what_changes_no_more_than_random_subspaces_is_unclear_where_more_may_fit():
    holds, takes, claim = verdict(change=-0.1, width=0.1)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert claim.detectable == pytest.approx(2.8016 * claim.nulls[0].sd, rel=1e-4)
    assert "is unclear" in claim.reason


def test_an_interval_on_either_side_leaves_room():
    """Both ends count: a gain is a change, and so is a loss."""
    bar = Thresholds(min_effect=0.1)
    assert verdict(bar, change=-0.1, width=0.02)[0] is Holds.NO
    for off in (0.08, -0.08):
        assert verdict(bar, change=-0.1 + off, width=0.02)[0] is Holds.UNCLEAR


def test_without_an_interval_nothing_is_denied():
    found = replace(use(change=-0.1), excess=replace(use().excess, resampled=np.full(2000, np.nan)))
    assert used(found, Thresholds()).holds is Holds.UNCLEAR


def test_alpha_is_that_of_the_two_sided_test():
    """Seven of 99 subspaces lie further out: p = .08."""
    drawn = np.r_[np.full(7, -3.0), np.linspace(-1, 1, 92)]
    found = replace(use(), random=Null("random_subspaces", "", drawn))
    assert used(found, Thresholds()).holds is Holds.UNCLEAR
    assert used(found, Thresholds(alpha=0.1)).holds is Holds.YES


def test_what_else_erasing_does_stands_beside_it():
    random = null(0.1, 0.05, "random_subspaces")
    moved, excess = (seen(value, 0.01, "nats per token", 0.0) for value in (0.3, 0.2))
    claim = verdict(divergence=Neutral(12, moved, random, excess))[2]
    assert claim.details["divergence"] == 0.3
    assert claim.details["random_divergence"] == pytest.approx(0.1)
    assert "by 0.300 nats per token" in claim.reason
    shown = claim.shown["neutral"]
    assert (shown["texts"], shown["value"], shown["p_value"]) == (12, 0.3, pytest.approx(0.01))
    assert shown["interval"][0] < 0.3 < shown["interval"][1]
    assert shown["random"]["low"] < 0.1 < shown["random"]["high"]
    assert shown["excess"]["value"] == 0.2
