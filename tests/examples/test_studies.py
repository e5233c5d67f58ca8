"""The example studies: their texts are balanced, and their findings come from their results."""

import importlib.util
import json
import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

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


ANSWERS = module("studies", "answers")


@pytest.mark.parametrize("name", ANSWERS.names())
def test_the_page_of_a_study_shows_the_picture_of_its_result(name):
    assert ANSWERS.is_drawn(name), "python examples/studies/answers.py"
    shown = ANSWERS.results(name)[0]["figures"][0]
    page = (ANSWERS.DOCS / f"{name}.md").read_text("utf-8")
    assert f"![{shown['title']} {shown['description']}](images/{name}.svg)" in page
    root = ElementTree.parse(ANSWERS.IMAGES / f"{name}.svg").getroot()
    words = {element.text for element in root.iter() if element.text}
    assert {one["name"] for one in shown["series"] if len(shown["series"]) > 1} <= words
    assert root.attrib["aria-label"] == shown["title"]


def test_every_row_of_a_table_is_defined_and_every_definition_is_of_a_row():
    used = {name: set() for name in ANSWERS.ROWS}
    for name in ANSWERS.names():
        for found in ANSWERS.results(name):
            for row in list(found["cells"][0]["values"])[: ANSWERS.MOST]:
                pattern, text = ANSWERS.meaning(name, found["name"], row)
                assert text
                for key in (found["name"], name):
                    if pattern in ANSWERS.ROWS.get(key, {}):
                        used[key].add(pattern)
                        break
    assert used == {name: set(patterns) for name, patterns in ANSWERS.ROWS.items()}
    with pytest.raises(LookupError):
        ANSWERS.meaning("direction", "direction", "a row that nobody defined")


def test_a_part_defines_its_rows_and_takes_the_others_of_its_study():
    own, other = "re-read", "R² of the author"
    assert ANSWERS.meaning("authors", "authors_reveal", own)[0] == own
    assert ANSWERS.meaning("authors", "authors_reveal", other)[0] == other
    shared = ANSWERS.meanings(
        "direction", "direction", ["less all goals: good", "less all goals: max"]
    )
    assert len(shared) == 1
    assert shared[0].startswith("- **less all goals: …**: ")


def test_a_picture_of_other_numbers_is_drawn_again():
    found = ANSWERS.results("pretence")[0]
    changed = json.loads(json.dumps(found))
    changed["figures"][0]["series"][0]["y"][0] += 0.01
    drawing = sys.modules[ANSWERS.digest.__module__]
    assert drawing.digest(found) != drawing.digest(changed)
    assert drawing.digest(changed) in drawing.picture(changed)


def test_intervals_of_shares_end_at_0_and_1_and_others_do_not():
    cells = [{"levels": {}, "values": {"share": value}} for value in (0.8, 1.0, 1.0)]
    assert ANSWERS.estimate({"cells": cells}, "share", {}) == "0.933 (0.646 to 1.22)"
    assert ANSWERS.estimate({"cells": cells}, "share", {}, True) == "0.933 (0.646 to 1)"


@pytest.mark.parametrize("name", ANSWERS.SHARES)
def test_what_is_taken_for_a_share_lies_between_0_and_1(name):
    for found in ANSWERS.results(name):
        for cell in found["cells"]:
            for measurement, value in cell["values"].items():
                if re.search(ANSWERS.SHARES[name], measurement):
                    assert 0 <= value <= 1, measurement


def test_the_answers_of_studies_are_what_their_results_say():
    for name in ANSWERS.names():
        written = (ANSWERS.DOCS / f"{name}.md").read_text("utf-8")
        assert ANSWERS.page(name) == written, name
    assert ANSWERS.number(-0.01234) == "−0.0123"
