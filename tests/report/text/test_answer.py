"""Answer: what a page says first follows from the verdicts, and from nothing else."""

import pytest
from support import documents

from nullprobe.report.text import rungs
from nullprobe.report.text.answer import ABOUT, CAME_OUT, FINDINGS, FIRST, TESTED, answer, meaning


def answers(*sets):
    """Return the three answers about documents, by what they answer."""
    return dict(answer(sets, "A world"))


def judged(**verdicts):
    """Return a document with these claims, whose other fields are those of a sample."""
    sample = documents.sample()
    claims = [
        {**sample["claims"][0], "name": name, "holds": holds} for name, holds in verdicts.items()
    ]
    return {**sample, "claims": claims}


@pytest.mark.parametrize("name", FINDINGS)
@pytest.mark.parametrize("holds", ["yes", "no"])
def test_each_finding_is_the_one_of_its_verdict(name, holds):
    expected, other = FINDINGS[name] if holds == "yes" else FINDINGS[name][::-1]
    said = answers(judged(**{name: holds}))[CAME_OUT]
    assert expected.format(read=" (AUC 0.950)")[1:] in said
    assert other.partition("{")[0][1:] not in said.replace(expected.partition("{")[0][1:], "")


def test_what_is_unclear_is_named_and_not_said_to_be_found():
    said = answers(judged(readable="unclear", gone="no"))[CAME_OUT]
    assert "These rows cannot decide: Readable." in said
    assert "linear probe reads" not in said


def test_every_claim_can_be_answered():
    assert set(FINDINGS) == set(FIRST) == {claim.name for claim in documents.all_claims()} | {
        "dependent", "used",
    }  # fmt: skip


@pytest.mark.parametrize("takes", [rung.key for rung in rungs.RUNGS])
def test_what_explains_a_reading_is_said_by_its_rung_alone(takes):
    one = judged(readable="yes")
    one["claims"][0]["takes"] = takes
    said = answers(one)[ABOUT]
    texts = {key: text.format("what the probe reads") for key, text in rungs.EXPLAINS.items()}
    said_of = [key for key, text in texts.items() if text[1:] in said]
    assert said_of == [takes]


@pytest.mark.parametrize("source", ["inputs", "training"])
def test_where_it_comes_from_is_said_where_it_is_known(source):
    one = judged(readable="yes")
    one["claims"][0]["comes_from"] = source
    assert f"comes from {rungs.SOURCES[source][0]}" in answers(one)[ABOUT]
    one["claims"][0]["comes_from"] = "not_tried"
    assert "was not tried" in answers(one)[ABOUT]


def test_representations_are_counted_by_what_came_out():
    sets = [judged(readable=holds) for holds in ("yes", "yes", "no", "unclear")]
    said = answers(*sets)
    expected = "A linear probe reads the concept in 2 of 4; no linear probe reads it in 1 of 4"
    assert said[CAME_OUT].startswith(f"{expected} (1 unclear).")
    assert "in each of 4 representations of “A world”" in said[TESTED]


def test_numbers_have_no_classes():
    said = answers(documents.numeric())[TESTED]
    assert "the concept, a number," in said
    assert "classes" not in said


def test_a_verdict_has_its_meaning_beside_it_and_an_unclear_one_has_none():
    assert meaning({"name": "no_halfspace", "holds": "no"}) == "one is still accurate"
    assert meaning({"name": "no_halfspace", "holds": "unclear"}) == ""
