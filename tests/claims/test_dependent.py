from dataclasses import replace

import pytest
from support.evidence import evidence, null, nulls, outcomes, seen

from nullprobe.claims import ComesFrom, Holds, Takes
from nullprobe.claims.dependent import dependent
from nullprobe.claims.readable import readable
from nullprobe.report.text.verdicts import conclusion

UNIT = {"unit": "association (sd)", "chance": 0.0}


def judged(value, adjusted=None):
    drawn = replace(null(0.0, 2.0), upper=True, adjusted=adjusted)
    return dependent(
        evidence(association=seen(value, **UNIT), nulls=nulls(chance={"association": drawn}))
    )


def test_an_association_above_all_draws_holds():
    claim = judged(4.0)
    assert (claim.holds, claim.p_value) == (Holds.YES, pytest.approx(0.01))
    assert outcomes(claim.explanations)["chance"] == "rejected"
    assert "depends on the concept" in conclusion(claim.reason)


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 2.0), (0.329, 1.6), (-3.0, 0.1)])
@pytest.mark.parametrize("value", [15.676, 0.1, -4.0])
def test_the_distance_that_is_stated_is_in_standard_deviations_of_the_draws(value, mean, spread):
    drawn = replace(null(mean, spread), upper=True)
    given = evidence(association=seen(value, **UNIT), nulls=nulls(chance={"association": drawn}))
    distance = (value - drawn.values.mean()) / drawn.values.std(ddof=1)
    side = "above" if distance >= 0 else "below"
    assert f" {abs(distance):.1f} standard deviations {side} " in dependent(given).reason


def test_draws_that_do_not_vary_have_no_distance():
    drawn = replace(null(0.0, 0.0), upper=True)
    given = evidence(association=seen(0.0, **UNIT), nulls=nulls(chance={"association": drawn}))
    assert "standard deviations" not in dependent(given).reason


@pytest.mark.parametrize("value", [0.1, -4.0])
def test_less_is_unclear_and_never_absent(value):
    claim = judged(value)
    assert (claim.holds, claim.takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert outcomes(claim.explanations)["chance"] == "undecided"
    assert "no test can show independence" in claim.reason


def test_the_adjusted_p_decides():
    claim = judged(4.0, adjusted=0.2)
    assert claim.holds is Holds.UNCLEAR
    assert (claim.p_value, claim.adjusted_p) == (pytest.approx(0.01), 0.2)


def test_it_asks_neither_what_it_takes_nor_where_it_comes_from():
    claim = judged(4.0)
    tried = {
        name for name, outcome in outcomes(claim.explanations).items() if outcome != "not_tried"
    }
    assert tried == {"chance"}
    assert claim.comes_from is ComesFrom.NOT_TRIED
    assert claim.interval is None
    assert claim.fact_about is None


@pytest.mark.parametrize(("value", "said"), [(4.0, True), (0.1, False)])
def test_what_is_there_but_not_read_is_said_beside_the_reading(value, said):
    found = evidence(raw=seen(0.5, 0.01), association=seen(value, **UNIT))
    claim = readable(found)
    assert claim.holds is Holds.NO
    assert "trained on up to 200 rows is likely to read more than an AUC of 0.550" in claim.reason
    assert ("a probe trained on more rows may read it" in claim.reason) is said
