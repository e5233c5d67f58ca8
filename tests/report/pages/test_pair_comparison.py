"""Page of pair readers: every number of the document, and nothing that a label smuggles in."""

import numpy as np
import pytest
from support.documents import HOSTILE
from support.markup import Reader

from nullprobe import ContrastPairs, compare_pairs, worlds
from nullprobe._core.printable import printable
from nullprobe.report.pages import pair_comparison as page
from nullprobe.report.text.comparisons import percentiles
from nullprobe.report.text.wording import interval, number

WORLD = worlds.distractor(n=60, d=4)
PAIRS = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y)


def compared(other="sentiment", **more):
    others = {other: WORLD.distractor}
    return compare_pairs(PAIRS, others=others, n_random=50, n_permutations=19, **more)


@pytest.fixture(scope="module")
def document():
    return compared().document().plain()


@pytest.fixture(scope="module")
def whole(document):
    return Reader(page.render(document))


@pytest.mark.slow
def test_every_agreement_and_every_finding_stands_on_the_page(whole, document):
    for said in document["findings"]:
        assert said in whole.words
    for row in document["rows"]:
        for cell in row["agreements"].values():
            assert f"{number(cell['share'])} {interval(cell['interval'])}" in whole.words


@pytest.mark.slow
def test_the_picture_has_a_line_for_each_reader_and_words(whole, document):
    names = ["CCS", "CRC", "VINC", "with labels", "random directions"]
    texts = " ".join(whole.text)
    assert all(texts.count(name) >= 3 for name in names)  # picture, its table, table of all
    (words,) = [a["aria-label"] for _, a in whole.elements if a.get("role") == "img"]
    assert all(said in words for said in document["findings"])


def test_the_table_of_the_picture_has_every_mark_with_its_ends(document):
    rows = {row[:2]: row[2:] for row in page._drawn(document).rows}
    for name in document["labels"]:
        for row in document["rows"]:
            cell = row["agreements"][name]
            assert rows.pop((row["name"], name)) == (cell["share"], *cell["interval"])
        low, middle, high = percentiles(document["random"][name])
        assert rows.pop(("random directions", name)) == (middle, low, high)
    assert rows == {}


def test_random_directions_of_each_label_stand_on_the_page_with_the_middle_90_percent(
    whole, document
):
    for name in document["labels"]:
        low, middle, high = np.quantile(document["random"][name], [0.05, 0.5, 0.95])
        assert f"{number(middle)} {interval((low, high))}" in whole.words


def test_table_to_be_copied_holds_every_number(document):
    rows = iter(page._numbers(document).rows)
    for row in document["rows"]:
        for name in document["labels"]:
            cell = row["agreements"][name]
            ends, good = cell["interval"], row["as_good"][name]
            expected = (row["name"], name, cell["share"], *ends, cell["p_value"], good)
            assert next(rows) == expected
    assert next(rows, None) is None


def test_what_was_not_tested_and_how_each_reader_was_set_stand_on_the_page(whole, document):
    for head, said in page.UNTESTED:
        assert head in whole.words
        assert said in whole.words
    for row in document["rows"]:
        assert row["settings"] in whole.words


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_of_a_user_becomes_markup(text):
    tame, wild = (
        Reader(page.render(compared(name, title=name, concept=f"{name}!").document().plain()))
        for name in ("tame", text)
    )
    assert [tag for tag, _ in wild.elements] == [tag for tag, _ in tame.elements]
    assert wild.scripts[1:] == tame.scripts[1:]
    assert " ".join(printable(text).split()) in wild.words
    for letter in "<>&\u2028\u2029":
        assert letter not in wild.scripts[0]


def test_the_same_document_gives_the_same_page(document):
    assert page.render(document) == page.render(document)
