from support.evidence import evidence, null, seen

from nullprobe.claims import CLAIMS, Holds, Takes
from nullprobe.claims.no_halfspace import no_halfspace


def verdict(**changed):
    claim = no_halfspace(evidence(**changed))
    return claim.holds, claim.takes, claim


def half(value, spread=0.02):
    return seen(value, spread, unit="balanced accuracy")


def test_halfspace_of_no_more_than_chance_holds():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.CHANCE)
    assert claim.unit == "balanced accuracy"


def test_halfspace_as_accurate_as_on_gaussian_data_is_credited_to_the_moments():
    assert verdict(halfspace=half(0.6))[:2] == (Holds.NO, Takes.MOMENTS)


def test_halfspace_more_accurate_than_that_is_credited_to_the_representation():
    holds, takes, claim = verdict(halfspace=half(0.75))
    assert (holds, takes) == (Holds.NO, Takes.STRUCTURE)
    assert claim.observed == 0.75


def test_halfspace_is_judged_by_nulls_of_its_own():
    chance = {"raw": null(0.5, 0.04), "erased": null(0.5, 0.04), "halfspace": null(0.6, 0.2)}
    holds, takes, claim = verdict(halfspace=half(0.6, 0.05), chance=chance)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.CHANCE)
    assert claim.detectable > 0.7


def test_every_claim_is_found_by_its_name():
    needy = ("transfers", "consistent")  # of groups, of contrast pairs
    named = [name for name in CLAIMS if name not in needy]
    assert [CLAIMS[name](evidence()).name for name in named] == named
