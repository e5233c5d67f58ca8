"""Page of a comparison: every number of the document, every gap with its reason, nothing else."""

import base64
import hashlib
import json
import re

import pytest
from support import comparisons
from support.documents import HOSTILE
from support.markup import Reader

from nullprobe import InputError
from nullprobe._core.printable import printable
from nullprobe.report.figures import erasers as figures
from nullprobe.report.pages import eraser_comparison as page
from nullprobe.report.text.wording import interval, number


def rendered(result):
    return Reader(page.render(result.document().plain()))


@pytest.fixture(scope="module")
def whole():
    return rendered(comparisons.sample())


def test_every_reading_stands_in_the_table_with_its_interval(whole):
    document = comparisons.sample().document().plain()
    for row in document["rows"]:
        for cells in (row["read_back"], row["others"]):
            for cell in cells.values():
                if cell["value"] is not None:
                    assert f"{number(cell['value'])} {interval(cell['interval'])}" in whole.words


def test_every_gap_has_its_reason(whole):
    for reason in (
        "— leace, halfspace it cannot be sought here.",
        "— leace, age age is too rare.",
        "— mimic every class needs more rows.",
        "— splince it is LEACE where no other label is to be kept.",
    ):
        assert reason in whole.words


def test_where_leace_moves_nothing_distances_stand_alone():
    result = rendered(comparisons.numeric())
    assert "There is no ratio: LEACE moves nothing" in result.words
    html = page.render(comparisons.numeric().document().plain())
    pictures = re.findall('<figure class="picture.*?</figure>', html, re.DOTALL)
    damage = Reader(pictures[1]).words
    assert " mean squared distance " in damage
    assert "LEACE = 1" not in damage
    # R² of −.01 is nothing, and must not look like something.
    ticks = [text.replace("−", "-") for text in re.findall(r">(−?[\d.]+)</text>", pictures[0])]
    assert max(map(float, ticks)) >= 0.2
    assert "Other labels" not in result.words
    assert "see the concept of every row" not in result.words


def test_words_say_what_the_picture_shows():
    document = comparisons.sample().document().plain()
    said = page.described(document["rows"], document["probes"], "read_back")
    assert said[0] == (
        "linear: AUC 0.910 (0.880 to 0.940) where nothing is erased; 0.520 (0.490 to 0.550) after "
        "leace, the least; 0.610 (0.580 to 0.640) after oracle_leace, the least of those that "
        "use the labels."
    )
    assert "after leace" not in said[1]
    worse = json.loads(json.dumps(document["rows"][2])) | {"eraser": "worse"}
    worse["read_back"]["linear"]["value"] = 0.7
    for rows in ([*document["rows"], worse], [worse, *document["rows"]]):
        assert page.described(rows, document["probes"], "read_back")[0] == said[0]
    moved = page.described_damage(document["rows"])
    assert moved[1:] == [
        "Moved least by oracle_leace: 1.000, which is 0.800 times what LEACE moves.",
        "Moved most by leace: 1.250, which is 1.000 times what LEACE moves.",
    ]


def test_table_to_be_copied_holds_every_number():
    document = comparisons.sample().document().plain()
    table = page._numbers(document["rows"], document)
    assert table.columns[1:4] == ("uses the labels", "nothing left", "directions removed")
    assert table.columns[4:8] == ("directions moved in", "linear (AUC)", "2.5 %", "97.5 %")
    leace, oracle = (
        next(row for row in table.rows if row[0] == name) for name in ("leace", "oracle_leace")
    )
    assert leace[:8] == ("leace", "no", "no", "1 to 2", None, 0.52, 0.49, 0.55)
    assert leace[8:11] == (None, None, None)
    assert oracle[1:5] == ("yes", "no", None, "1")
    assert leace[-5:] == (1.25, 1.0, 0.2, 0.316228, 0.002)
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_directions_that_go_and_those_that_rows_move_in_are_told_apart(whole):
    assert "1 to 2 removed" in whole.words
    assert "1 moved in" in whole.words
    assert "nothing erased 0.910" in whole.words


def test_an_eraser_that_leaves_nothing_is_marked(whole):
    assert "leace nothing left in 1 of 3 0.520" in whole.words
    assert "Nothing left: once erased, all rows are the same" in whole.words
    assert "Nothing left:" not in rendered(comparisons.numeric()).words


def test_every_picture_has_a_name_words_and_numbers():
    html = page.render(comparisons.sample().document().plain())
    pictures = re.findall('<figure class="picture.*?</figure>', html, re.DOTALL)
    keys = [re.search('id="([^"]*)"', picture)[1] for picture in pictures]
    assert keys == ["read-back", "damage", "others-0", "others-0-500"]
    for picture in pictures:
        (words,) = re.findall('role="img" aria-label="([^"]*)"', picture)
        assert len(words) > 40
        assert 'class="table"' in picture
        assert "</svg>" in picture


def test_links_within_the_page_lead_somewhere(whole):
    ids = [a["id"] for _, a in whole.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"].removeprefix("#") for tag, a in whole.elements if tag == "a"}
    assert targets <= set(ids)


def test_the_page_is_self_contained_and_its_policy_lets_only_its_script_run():
    html = page.render(comparisons.sample().document().plain())
    reader = Reader(html)
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in reader.elements}
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\((?!#)|@import""", html)
    (policy,) = [a["content"] for _, a in reader.elements if a.get("http-equiv")]
    for script in reader.scripts[1:]:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_of_a_user_becomes_markup(text):
    tame, wild = (rendered(comparisons.hostile(t)) for t in ("tame", text))
    assert [tag for tag, _ in wild.elements] == [tag for tag, _ in tame.elements]
    assert [set(a) for _, a in wild.elements] == [set(a) for _, a in tame.elements]
    assert wild.scripts[1:] == tame.scripts[1:]
    assert " ".join(printable(text).split()) in wild.words
    for letter in "<>&\u2028\u2029":
        assert letter not in wild.scripts[0]


def test_the_same_document_gives_the_same_page():
    document = comparisons.sample().document().plain()
    assert page.render(document) == page.render(document)


def test_a_picture_grows_with_its_lines_and_marks():
    assert figures.height(9, 4) > figures.height(9, 1) > figures.height(2, 1) > 100


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "c.html"
    path.write_text("before")
    with pytest.raises(InputError, match="ComparisonDocument"):
        page.write_html(path, {"title": "half"})
    assert path.read_text() == "before"
    comparisons.sample().to_html(path)
    assert path.read_text("utf-8") == page.render(comparisons.sample().document().plain())
    assert [p.name for p in tmp_path.iterdir()] == ["c.html"]
