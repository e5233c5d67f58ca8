"""Page of pair readers: every number of the document, and nothing that a label smuggles in."""

import json
import re

import pytest
from documents import HOSTILE
from markup import Reader

from nullprobe import ContrastPairs, compare_pairs, worlds
from nullprobe.report import pair_comparison as page
from nullprobe.report.words import interval, number

WORLD = worlds.distractor(n=60, d=4)
PAIRS = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y)


def compared(other="sentiment", **more):
    others = {other: WORLD.distractor}
    return compare_pairs(PAIRS, others=others, n_random=50, n_permutations=19, **more)


@pytest.fixture(scope="module")
def document():
    return compared().document()


@pytest.fixture(scope="module")
def whole(document):
    return Reader(page.render(document))


def test_every_agreement_and_every_finding_stands_on_the_page(whole, document):
    for said in document["findings"]:
        assert said in whole.words
    for row in document["rows"]:
        for cell in row["agreements"].values():
            assert f"{number(cell['share'])} {interval(cell['interval'])}" in whole.words


def test_the_picture_shows_the_numbers_of_the_document(whole, document):
    figure = json.loads(whole.scripts[0])["agreements"]
    ticks = figure["layout"]["yaxis"]["ticktext"]
    assert ticks == ["CCS", "CRC", "VINC", "with labels", "random directions"]
    for name in document["labels"]:
        trace = next(t for t in figure["data"] if t["name"] == name)
        shares = [row["agreements"][name]["share"] for row in document["rows"]]
        assert trace["x"] == [*shares, page.percentiles(document["random"][name])[1]]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_of_a_user_becomes_markup(text):
    tame, wild = (
        Reader(page.render(compared(name, title=name, concept=f"{name}!").document()))
        for name in ("tame", text)
    )
    assert [tag for tag, _ in wild.elements] == [tag for tag, _ in tame.elements]
    assert wild.scripts[1:] == tame.scripts[1:]
    assert " ".join(text.split()) in wild.words
    for letter in "<>&\u2028\u2029":
        assert letter not in wild.scripts[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_of_a_user_is_read_by_the_picture_as_its_own(text):
    document = compared(text, title=text, concept=f"{text}!").document()
    for trace in page.figure(document)["data"]:
        for one in [trace["name"], *trace.get("text", [])]:
            assert not re.search("[<&%](?!\u2060)", one), one


def test_the_same_document_gives_the_same_page(document):
    assert page.render(document) == page.render(document)
