import pytest
from support.evidence import evidence, null, nulls, seen

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


@pytest.mark.parametrize(
    ("value", "takes"), [(0.6, Takes.MOMENTS), (0.7, Takes.NOISE), (0.8, Takes.STRUCTURE)]
)
def test_an_accurate_halfspace_takes_the_least_that_suffices(value, takes):
    holds, found, claim = verdict(halfspace=half(value))
    assert (holds, found) == (Holds.NO, takes)
    assert claim.observed == value


def test_halfspace_is_judged_by_nulls_of_its_own():
    wide = nulls(chance={"halfspace": null(0.6, 0.2)})
    holds, takes, claim = verdict(halfspace=half(0.6, 0.05), nulls=wide)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert claim.detectable > 0.7


def test_every_claim_is_found_by_its_name():
    needy = ("transfers", "consistent")  # of groups, of contrast pairs
    named = [name for name in CLAIMS if name not in needy]
    assert [CLAIMS[name](evidence()).name for name in named] == named
