from support.evidence import evidence, null, seen

from nullprobe.claims import Holds, Takes
from nullprobe.claims.gone import gone


def verdict(**changed):
    claim = gone(evidence(**changed))
    return claim.holds, claim.takes, claim


def test_family_that_reads_no_more_than_chance_holds():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.CHANCE)
    assert (claim.name, claim.unit) == ("gone", "AUC")


def test_statement_names_every_reader_of_the_family():
    said = verdict()[2].statement
    assert all(name in said for name in ("quadratic", "RBF", "nearest neighbours", "ReLU network"))


def test_what_gaussian_data_gives_back_as_well_is_credited_to_the_moments():
    assert verdict(family=seen(0.6))[:2] == (Holds.NO, Takes.MOMENTS)


def test_what_gaussian_data_does_not_give_back_is_credited_to_the_representation():
    holds, takes, claim = verdict(family=seen(0.95))
    assert (holds, takes) == (Holds.NO, Takes.STRUCTURE)
    assert claim.observed == 0.95
    assert [n.rung for n in claim.nulls] == ["chance", "moments"]


def test_too_little_data_for_an_answer_is_unclear():
    chance = evidence().chance | {"family": null(0.5, 0.2)}
    holds, takes, claim = verdict(family=seen(0.6, 0.1), chance=chance)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.CHANCE)
    assert claim.detectable > 0.7


def test_linear_reading_after_erasure_does_not_decide():
    changed = {"erased": seen(0.99), "halfspace": seen(0.99)}
    assert verdict(**changed)[:2] == (Holds.YES, Takes.CHANCE)


def test_details_are_those_of_this_claim():
    details = {"gone": {"rows": 2.0}, "readable": {"rows": 3.0}}
    assert verdict(details=details)[2].details == {"rows": 2.0}
