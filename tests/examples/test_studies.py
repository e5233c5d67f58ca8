"""The example studies: their texts are balanced, and their findings come from their results."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
STUDIES = sorted(path.parent.name for path in EXAMPLES.glob("*/study.py"))


def module(study, name):
    """Return a module of a study, apart from those of other studies; it finds its neighbours."""
    path = EXAMPLES / study / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{study}_{name}", path)
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)
        spec.loader.exec_module(found)
    return found


STATEMENTS = module("truth_smollm2", "statements")
SENTENCES = module("sentiment", "sentences")
TOPICS = {name: getattr(STATEMENTS, name)() for name in ("cities", "animals", "numbers")}


@pytest.mark.parametrize("topic", TOPICS)
def test_no_statement_occurs_twice(topic):
    texts = [s.text for s in TOPICS[topic]]
    assert len(texts) == len(set(texts)) > 500


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("name", ["entity", "form"])
def test_every_entity_and_form_is_as_often_true_as_false_in_each_polarity(topic, name):
    seen = Counter((getattr(s, name), s.affirmed, s.truth) for s in TOPICS[topic])
    for value, affirmed, _ in list(seen):
        assert seen[value, affirmed, True] == seen[value, affirmed, False]


@pytest.mark.parametrize("topic", ["cities", "animals"])
def test_every_country_and_class_is_as_often_true_as_false_in_each_form(topic):
    seen = Counter((s.other, s.form, s.affirmed, s.truth) for s in TOPICS[topic])
    for other, form, affirmed, _ in list(seen):
        assert seen[other, form, affirmed, True] == seen[other, form, affirmed, False]


def test_truth_is_the_product_of_match_and_polarity():
    said = {s.text: s.truth for s in TOPICS["cities"]}
    assert said["The city of Paris is in France."]
    assert not said["The city of Paris is not in France."]
    wrong = [s for s in TOPICS["cities"] if s.entity == "Paris" and s.form == 0 and not s.match]
    assert {(s.affirmed, s.truth) for s in wrong} == {(True, False), (False, True)}


def test_numbers_are_compared_with_smaller_and_larger_ones():
    larger = {s.entity.split()[-1] for s in TOPICS["numbers"]}
    smaller = {s.entity.split()[0] for s in TOPICS["numbers"]}
    assert len(larger & smaller) > 0.7 * len(larger | smaller)


def test_not_turns_the_sentiment_of_a_sentence_round():
    plain, negated = (SENTENCES.sentences(negated=n) for n in (False, True))
    assert [s.adjective for s in plain] == [s.adjective for s in negated]
    assert all(a.positive != b.positive for a, b in zip(plain, negated, strict=True))
    assert sum(s.positive for s in plain) * 2 == len(plain)
    assert not set(SENTENCES.POSITIVE) & set(SENTENCES.NEGATIVE)


@pytest.mark.parametrize("study", STUDIES)
def test_findings_say_what_the_committed_results_say(study, tmp_path):
    module(study, "findings").write(EXAMPLES / study / "results", tmp_path / "README.md")
    written = (tmp_path / "README.md").read_text()
    assert written == (EXAMPLES / study / "README.md").read_text()


def test_the_answers_of_studies_are_what_their_results_say():
    answers = module("studies", "answers")
    for name in answers.names():
        written = (answers.DOCS / f"{name}.md").read_text("utf-8")
        assert answers.page(name) == written, name
    assert answers.number(-0.01234) == "−0.0123"
