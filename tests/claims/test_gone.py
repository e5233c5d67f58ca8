import pytest
from support.evidence import evidence, null, nulls, seen

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


@pytest.mark.parametrize(
    ("value", "takes"), [(0.6, Takes.MOMENTS), (0.7, Takes.NOISE), (0.95, Takes.STRUCTURE)]
)
def test_what_a_reader_gives_back_takes_the_least_that_suffices(value, takes):
    holds, found, claim = verdict(family=seen(value))
    assert (holds, found) == (Holds.NO, takes)
    assert claim.observed == value
    assert [n.rung for n in claim.nulls] == ["chance", "moments", "noise"]


def test_too_little_data_for_an_answer_is_unclear():
    wide = nulls(chance={"family": null(0.5, 0.2)})
    holds, takes, claim = verdict(family=seen(0.6, 0.1), nulls=wide)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert claim.detectable > 0.7


def test_linear_reading_after_erasure_does_not_decide():
    changed = {"erased": seen(0.99), "halfspace": seen(0.99)}
    assert verdict(**changed)[:2] == (Holds.YES, Takes.CHANCE)


def test_details_are_those_of_this_claim():
    details = {"gone": {"rows": 2.0}, "readable": {"rows": 3.0}}
    assert verdict(details=details)[2].details == {"rows": 2.0}
