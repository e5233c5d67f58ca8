"""Page of a comparison: every number of the document, every gap with its reason, nothing else."""

import base64
import hashlib
import itertools
import json
import re

import pytest
from support import comparisons
from support.documents import HOSTILE
from support.markup import Reader

from nullprobe import InputError
from nullprobe._core.printable import printable
from nullprobe.report.figures import comparisons as figures
from nullprobe.report.pages import eraser_comparison as page
from nullprobe.report.text.wording import interval, number


def rendered(result):
    return Reader(page.render(result.document().plain()))


@pytest.fixture(scope="module")
def whole():
    return rendered(comparisons.sample())


@pytest.fixture(scope="module")
def data(whole):
    return json.loads(whole.scripts[0])


def marks(figure, name):
    return next(trace for trace in figure["data"] if trace["name"] == name)


def test_every_reading_stands_in_the_table_with_its_interval(whole):
    document = comparisons.sample().document().plain()
    for row in document["rows"]:
        for cells in (row["read_back"], row["others"]):
            for cell in cells.values():
                if cell["value"] is not None:
                    assert f"{number(cell['value'])} {interval(cell['interval'])}" in whole.words


def test_pictures_show_the_numbers_of_the_document(data):
    document = comparisons.sample().document().plain()
    # What is uses the labels comes last, and a failure has a line but no marks.
    order = ["none", "leace", "oracle_leace", "mimic"]
    rows = {row["eraser"]: row for row in document["rows"]}
    figure = data["read-back"]
    ticks = figure["layout"]["yaxis"]
    assert ticks["ticktext"] == [
        "nothing erased", "leace", "oracle_leace<br>uses the labels", "mimic<br>uses the labels",
    ]  # fmt: skip
    for probe in ("linear", "halfspace", "rbf"):
        trace = marks(figure, probe)
        shown = [name for name in order if rows[name]["read_back"].get(probe, {}).get("value")]
        cells = [rows[name]["read_back"][probe] for name in shown]
        assert trace["x"] == [cell["value"] for cell in cells]
        assert [round(y) for y in trace["y"]] == [order.index(name) for name in shown]
        ends = zip(trace["error_x"]["arrayminus"], trace["error_x"]["array"], strict=True)
        for cell, (down, up) in zip(cells, ends, strict=True):
            assert cell["value"] - down == pytest.approx(cell["interval"][0])
            assert cell["value"] + up == pytest.approx(cell["interval"][1])
    assert marks(figure, "chance")["x"] == [0.5, 0.5]
    assert marks(data["damage"], "moved")["x"] == [0.0, 1.0, 0.8]
    assert marks(data["damage"], "LEACE")["x"] == [1.0, 1.0]
    assert marks(data["others 0.0"], "age")["x"] == [0.42, 0.42]
    assert marks(data["others 0.5"], "place")["x"] == [0.8, 0.78, 0.8]


def test_marks_of_one_line_do_not_meet_those_of_the_next(data):
    heights = sorted(y for t in data["read-back"]["data"] if t["name"] != "chance" for y in t["y"])
    assert len(set(heights)) == len(heights)
    assert min(b - a for a, b in itertools.pairwise(heights)) > 0.15


def test_all_marks_and_intervals_lie_within_the_picture(data):
    for name in ("read-back", "others 0.5"):
        low, high = data[name]["layout"]["xaxis"]["range"]
        for trace in data[name]["data"]:
            assert all(low < x < high for x in trace["x"])
            for x, up in zip(trace["x"], trace.get("error_x", {}).get("array", []), strict=False):
                assert x + up < high
    # R² far below −1 would push all that matters into a corner.
    assert data["others 0.0"]["layout"]["xaxis"]["range"][0] > -1.2


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
    figure = json.loads(result.scripts[0])["damage"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "mean squared distance"
    assert [trace["name"] for trace in figure["data"]] == ["moved"]
    # R² of −.01 is nothing, and must not look like something.
    low, high = json.loads(result.scripts[0])["read-back"]["layout"]["xaxis"]["range"]
    assert low < 0.0 < 0.25 < high
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
    assert leace[-4:] == (1.25, 1.0, 0.2, 0.002)
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_directions_that_go_and_those_that_rows_move_in_are_told_apart(whole):
    assert "1 to 2 removed" in whole.words
    assert "1 moved in" in whole.words
    assert "nothing erased 0.910" in whole.words


def test_an_eraser_that_leaves_nothing_is_marked(whole):
    assert "leace nothing left in 1 of 3 0.520" in whole.words
    assert "Nothing left: once erased, all rows are the same" in whole.words
    assert "Nothing left:" not in rendered(comparisons.numeric()).words


def test_every_picture_has_a_name_and_numbers(whole, data):
    plots = [a for _, a in whole.elements if "data-figure" in a]
    assert [plot["data-figure"] for plot in plots] == list(data)
    for plot in plots:
        assert len(plot["aria-label"]) > 40
        assert re.fullmatch(r"height: \d+px", plot["style"])


def test_links_within_the_page_lead_somewhere(whole):
    ids = [a["id"] for _, a in whole.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"].removeprefix("#") for tag, a in whole.elements if tag == "a"}
    assert targets <= set(ids)


def test_the_page_is_self_contained_and_its_policy_lets_only_its_scripts_run():
    html = page.render(comparisons.sample().document().plain())
    reader = Reader(html)
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in reader.elements}
    ours = html.replace(reader.scripts[1], "")
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(|@import""", ours)
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


@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_of_a_user_is_read_by_the_pictures_as_theirs(text):
    """Plotly reads tags, entities and templates; a word joiner after the first letter stops it."""
    data = json.loads(rendered(comparisons.hostile(text)).scripts[0])
    for name, figure in data.items():
        layout = figure["layout"]
        said = [layout["xaxis"]["title"]["text"], *layout["yaxis"]["ticktext"]]
        for trace in figure["data"]:
            said += [trace["name"], *trace.get("text", [])]
        for one in said:
            one = one.removesuffix("<br>uses the labels")
            assert not re.search("[<&%](?!\u2060)", one), (name, one)


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
