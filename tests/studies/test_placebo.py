import pytest

from nullprobe.studies import run
from nullprobe.studies.definition import study
from nullprobe.studies.rules import Placebo, Rule

SENTENCES = {"yes": "It is there.", "no": "It is not.", "unclear": "It is unclear."}
PLACEBO = Placebo("model", {"a": 0}, 0.1, "there is nothing to see")


def result_of(at_placebo, placebo=PLACEBO):
    @study(
        question="Is it there?",
        unit="size",
        factors={"a": (0, 1)},
        rules=[Rule("there", "It is there.", SENTENCES, effect=("a",))],
        placebo=placebo,
    )
    def one(cell, seed, budget):
        return {"model": (at_placebo if cell.a == 0 else 5.0) + seed / 1000}

    return run(one, seeds=4)


def test_a_placebo_that_is_null_changes_nothing():
    claim = result_of(0.01).verdict
    assert str(claim.holds) == "yes"
    assert claim.reason == result_of(0.01, placebo=None).verdict.reason


@pytest.mark.parametrize("at_placebo", [0.3, -0.3])
def test_a_placebo_that_is_not_null_voids_the_run(at_placebo):
    result = result_of(at_placebo)
    assert str(result_of(at_placebo, placebo=None).verdict.holds) == "yes"
    assert str(result.verdict.holds) == "unclear"
    assert "void" in result.verdict.reason
    assert any("nothing to see" in warning for warning in result.verdict.warnings)
    result.document()  # a void run can be written
