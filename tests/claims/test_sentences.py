"""Sentences of verdicts: the conclusion comes first, and holds no number of the data."""

from dataclasses import replace

import pytest
from support.evidence import curve, evidence, null, nulls, seen

from nullprobe.claims import Thresholds
from nullprobe.claims.dependent import dependent
from nullprobe.claims.erasure_holds import erasure_holds
from nullprobe.claims.explanations import Explanation
from nullprobe.claims.one_direction import one_direction
from nullprobe.claims.one_feature import one_feature
from nullprobe.claims.readable import readable
from nullprobe.claims.sentences import became, level, shown, undetected
from nullprobe.report.text.verdicts import conclusion

UNIT = {"unit": "association (sd)", "chance": 0.0}
UPPER = replace(null(0.0, 2.0), upper=True)
VERDICTS = {
    "readable yes": lambda: readable(evidence()),
    "readable no": lambda: readable(evidence(raw=seen(0.5))),
    "readable below": lambda: readable(evidence(raw=seen(0.3))),
    "erasure holds": lambda: erasure_holds(evidence(erased=seen(0.5))),
    "erasure fails": lambda: erasure_holds(evidence(erased=seen(0.7))),
    "erasure below": lambda: erasure_holds(evidence(erased=seen(0.3))),
    "dependent": lambda: dependent(
        evidence(association=seen(4.0, **UNIT), nulls=nulls(chance={"association": UPPER}))
    ),
    "one direction": lambda: one_direction(evidence()),
    "one feature": lambda: one_feature(
        evidence(curve=curve((0.9, 0.8, 0.6)), nulls=nulls(curve=curve((0.9, 0.8, 0.6))))
    ),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_reason_is_a_conclusion_and_then_its_numbers(name):
    claim = VERDICTS[name]()
    first = conclusion(claim.reason)
    assert first != claim.reason
    assert "p = " not in first
    assert "p = " in claim.reason or claim.p_value is None
    assert claim.reason.endswith(".")
    assert ".." not in claim.reason
    assert "  " not in claim.reason


def test_a_conclusion_may_hold_a_number_with_a_point():
    text = "No probe reads more than an AUC of 0.550 on new rows. Held-out AUC is 0.5."
    assert conclusion(text) == "No probe reads more than an AUC of 0.550 on new rows."
    assert conclusion("without an end") == "without an end"


@pytest.mark.parametrize(
    ("value", "mean", "spread", "words"),
    [
        (0.999, 0.996, 0.002, ("so they explain", "below 0.05, too small to matter")),
        (0.997, 0.996, 0.002, ("so they explain",)),
        (0.9, 0.6, 0.02, ("do not explain",)),
    ],
)
def test_a_small_p_next_to_explain_is_accounted_for(value, mean, spread, words):
    bar, draws = Thresholds(), null(mean, spread, "moments")
    one = Explanation.of(value, draws, bar)
    for text in (became(one, bar), shown(one, draws, bar)):
        assert all(word in text for word in words)
        assert f"p = {one.judged_p:.3g}" in text
        assert ("too small" in text) == (len(words) == 2)


@pytest.mark.parametrize(("unit", "article"), [("AUC", "an"), ("R²", "an"), ("share", "a")])
def test_a_unit_has_its_article(unit, article):
    assert level(unit, 0.5) == f"{article} {unit} of 0.500"


@pytest.mark.parametrize(("sd", "part"), [(0.05, "an AUC below 0."), (0.9, "even an AUC of 1")])
def test_what_would_go_undetected_is_at_most_one(sd, part):
    assert part in undetected(Thresholds(), seen(0.5), null(0.5, sd))


@pytest.mark.parametrize(("spread", "count"), [(0.02, 0), (0.06, 1)])
@pytest.mark.parametrize(
    ("judge", "key", "holds"), [(readable, "raw", "yes"), (erasure_holds, "erased", "no")]
)
def test_an_interval_that_includes_chance_despite_the_test_says_why(
    judge, key, holds, spread, count
):
    claim = judge(evidence(**{key: seen(0.6, spread)}))
    assert claim.holds == holds
    assert (claim.interval[0] <= 0.5) == bool(count)
    assert claim.reason.count("includes chance although") == count
