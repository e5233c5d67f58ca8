"""Warnings of a reading that was compared with confounds."""

from dataclasses import replace

import pytest
from support.evidence import evidence, null

from nullprobe.claims import Confounded, judged
from nullprobe.stats.null_distribution import Null

PLAIN = Confounded(
    ("source",), null(0.88, 0.04, "inputs"), 0.4, "logistic", 300.0, None, False, 600, 2
)


def warnings(**changed):
    """Return the warnings of `readable` where the confounds have been changed."""
    return judged("readable", evidence(confounded=replace(PLAIN, **changed))).warnings


def test_plain_confounds_and_none_warn_of_nothing():
    assert warnings() == ()
    assert judged("readable", evidence()).warnings == ()


def test_confounds_that_nearly_are_the_concept_count_the_open_rows():
    (one,) = warnings(is_closed=True, informative=17.3)
    assert "17 of 600 rows" in one


@pytest.mark.parametrize(("columns", "count"), [(60, 0), (61, 1)])
def test_wide_confounds_may_still_confound(columns, count):
    found = warnings(columns=columns)
    assert len(found) == count
    assert all("61 columns for 600 rows" in one and "confound" in one for one in found)
    reason = judged("readable", evidence(confounded=replace(PLAIN, columns=columns))).reason
    assert ("shrinks away may still confound" in reason) == bool(count)


@pytest.mark.parametrize(("pairs", "count"), [(None, 0), (19, 0), (20, 1)])
def test_matched_pairs_are_proposed_where_there_are_enough(pairs, count):
    found = warnings(matched_pairs=pairs)
    assert len(found) == count
    assert all("20 pairs" in one and "ContrastPairs" in one for one in found)


def test_few_matched_pairs_are_named_where_adjustment_cannot_work():
    few = warnings(matched_pairs=3, is_closed=True)
    assert "3 pairs" in few[-1]
    assert "collect rows" in few[-1]


def test_confounds_that_are_rejected_propose_no_pairs():
    far = Null("inputs", "drawn", null(0.5, 0.02).values)
    assert warnings(matched_pairs=90, null=far, covariance_p=0.001) == ()


def test_the_count_of_pairs_is_a_detail():
    claim = judged("readable", evidence(confounded=replace(PLAIN, matched_pairs=7)))
    assert claim.details["matched_pairs"] == 7
