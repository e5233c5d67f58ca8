import numpy as np
import pytest
from support.evidence import evidence, seen

from nullprobe.claims import Holds, Takes
from nullprobe.claims.dependent import dependent
from nullprobe.claims.erasure_holds import erasure_holds
from nullprobe.claims.one_direction import one_direction
from nullprobe.claims.readable import readable
from nullprobe.stats.null_distribution import Null


def test_theorem_that_holds_of_permuted_labels_too_is_a_fact_of_algebra():
    claim = one_direction(evidence())
    assert (claim.holds, claim.takes) == (Holds.YES, Takes.LINEAR_ALGEBRA)
    assert claim.p_value is None
    assert claim.interval is None
    assert "for any labels" in claim.reason


@pytest.mark.parametrize(
    ("unit", "noun", "other"), [("R²", "numbers", "labels"), ("AUC", "labels", "numbers")]
)
@pytest.mark.parametrize("judge", [one_direction, readable, dependent, erasure_holds])
def test_what_each_row_has_is_called_a_number_where_it_is_one(judge, unit, noun, other):
    raw, left = (seen(value, unit=unit) for value in (0.9, 0.5))
    words = judge(evidence(raw=raw, erased=left)).reason.split()
    assert any(word.startswith(noun) for word in words)
    assert not any(word.startswith(other) for word in words)


def test_correlation_that_is_left_is_rounding_and_said_to_be():
    claim = one_direction(evidence(residual=1e-3))
    assert (claim.holds, claim.takes) == (Holds.NO, Takes.LINEAR_ALGEBRA)
    assert "rounding has spoilt this input" in claim.reason


def test_permuted_labels_that_behave_otherwise_are_reported():
    left = Null("linear_algebra", "", np.array([1e-16, 0.3]))
    claim = one_direction(evidence(residual_null=left))
    assert (claim.holds, claim.takes) == (Holds.YES, Takes.UNDECIDED)
    assert "not about permuted ones" in claim.reason


@pytest.mark.parametrize(("rank", "words"), [(1, "1 direction from"), (3, "3 directions from")])
def test_statement_counts_the_directions(rank, words):
    details = {"one_direction": {"directions_removed": float(rank)}}
    claim = one_direction(evidence(details=details))
    assert words in claim.statement
    assert claim.details["directions_removed"] == rank
