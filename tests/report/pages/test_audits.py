"""Page: says every verdict in words, escapes every string, asks nothing of a network."""

import base64
import hashlib
import json
import re

import pytest
from support import documents
from support.evidence import explained
from support.markup import Reader

from nullprobe._core.printable import CONTROL, printable
from nullprobe._core.validation import InputError
from nullprobe.report.document import plain
from nullprobe.report.pages import audits
from nullprobe.report.pages.claim import ladders
from nullprobe.report.text import rungs, tables, wording
from nullprobe.report.text.limitations import untested
from nullprobe.report.text.verdicts import conclusion


@pytest.fixture(scope="module")
def several():
    found = [documents.sample("first"), documents.sample("second", labels="abcd")]
    return audits.render([*found, documents.numeric()])


@pytest.mark.slow
@pytest.mark.parametrize("titles", [["alone"], ["one", "two", "three", "four"]])
def test_every_claim_is_said_with_its_verdict_and_what_it_is_about(titles):
    html = audits.render([documents.sample(title) for title in titles])
    first = Reader(html[html.index('id="verdicts"') - 9 : html.index('class="set"') - 9]).words
    many = len(titles) > 1
    for claim in documents.sample()["claims"]:
        assert (claim["statement"] if many else conclusion(claim["reason"])[1:]) in first
    for verdict, times in (("Holds", 2), ("Does not hold", 1), ("Unclear", 1)):
        assert first.count(verdict) == times * len(titles)
    for rung in rungs.RUNGS:
        assert rung.name in first
        assert rung.gloss in first
    assert all(title in html for title in titles)


@pytest.mark.slow
def test_every_claim_has_both_axes_in_its_section():
    document = documents.sample(claims=documents.all_claims())
    html = audits.render([document])
    sections = re.findall('<article class="claim".*?</article>', html, re.DOTALL)
    for claim, section in zip(document["claims"], sections, strict=True):
        said = Reader(section).words
        name = f"Claim “{wording.claim_name(claim['name'])}”: {wording.VERDICTS[claim['holds']]} "
        assert said.startswith(name)
        rung, source = rungs.takes(claim), rungs.SOURCES[claim["comes_from"]]
        assert f"Takes {rung.name}: {rung.gloss}. Comes from {source[0]}: {source[1]}." in said
        assert f"comes from: {source[0]}" in said
        assert claim["statement"] in said


@pytest.mark.slow
def test_an_estimate_stands_with_its_interval_or_why_there_is_none(several):
    said = Reader(several).words
    assert "95 % interval 0.930 to 0.970" in said
    assert "no interval: computed on the whole sample, not estimated from it" in said


def test_a_reading_of_few_rows_says_why_it_has_no_interval():
    document = documents.sample()
    document["claims"][0] |= {"interval": None}
    assert "no interval: fewer than ten rows or five groups in a part" in (
        Reader(audits.render([document])).words
    )


@pytest.mark.slow
def test_what_is_undefined_is_a_dash_with_its_reason_and_never_zero():
    document = documents.sample()
    document["claims"][0] |= {"observed": None, "interval": None, "details": {"information": None}}
    said = Reader(audits.render([document])).words
    assert "AUC — (undefined for these data)" in said
    assert "— : undefined for these data." in said


@pytest.mark.slow
def test_links_within_the_page_lead_somewhere(several):
    elements = Reader(several).elements
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for tag, a in elements if tag == "a"]
    assert {target.removeprefix("#") for target in targets} <= set(ids)


@pytest.mark.slow
def test_data_sets_of_one_title_keep_their_own_anchors():
    html = audits.render(
        [documents.sample("same"), documents.sample("same"), documents.sample("—")]
    )
    ids = [a["id"] for _, a in Reader(html).elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_every_picture_asks_a_question_and_has_words_numbers_and_tools(several):
    pictures = re.findall('<figure class="picture.*?</figure>', several, re.DOTALL)
    assert len(pictures) > 15
    for picture in pictures:
        reader = Reader(picture)
        key = reader.elements[0][1]["id"]
        assert re.search(r"<h[34]>[^<]+\?</h[34]>", picture), key
        assert len(next(a["aria-label"] for _, a in reader.elements if a.get("role") == "img")) > 20
        assert f'href="#{key}"' in picture
        assert [a["data-save"] for _, a in reader.elements if "data-save" in a] == ["svg", "png"]
        assert 'class="table"' in picture or 'class="picture rows"' in picture


def test_every_table_that_is_written_later_has_its_numbers(several):
    for page in (several, audits.render(documents.layers(5)[:5])):
        reader = Reader(page)
        data = json.loads(reader.scripts[0])
        sources = [a["data-rows"] for _, a in reader.elements if "data-rows" in a]
        assert len(sources) == len(set(sources)) >= 3
        for source in sources:
            table = data[source]
            assert all(len(row) == len(table["columns"]) for row in table["rows"])
            assert table["rows"]


def test_every_table_can_be_copied(several):
    copies = several.count('data-copy="csv"')
    assert copies == len(re.findall(r'class="table(?: open)?"', several)) > 20


def test_the_page_is_self_contained(several):
    reader = Reader(several)
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in reader.elements}
    for tag, attributes in reader.elements:
        assert not {"src", "srcset", "data", "action"} & set(attributes), tag
        assert all(not name.startswith("on") for name in attributes)
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\((?!#)|@import""", several)


def test_the_policy_lets_only_the_script_of_the_page_run(several):
    reader = Reader(several)
    (policy,) = [a["content"] for _, a in reader.elements if a.get("http-equiv")]
    kinds = [a.get("type") for tag, a in reader.elements if tag == "script"]
    assert kinds == ["application/json", None]
    digest = base64.b64encode(hashlib.sha256(reader.scripts[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}'; ")
    assert "unsafe" not in policy.split(";")[1]


@pytest.mark.slow
@pytest.mark.parametrize("text", documents.HOSTILE)
def test_no_string_of_a_user_becomes_markup(text):
    tame, wild = (Reader(audits.render([documents.hostile(t)])) for t in ("tame", text))
    assert [tag for tag, _ in wild.elements] == [tag for tag, _ in tame.elements]
    assert [set(a) for _, a in wild.elements] == [set(a) for _, a in tame.elements]
    assert wild.scripts[1:] == tame.scripts[1:]
    text = printable(text)
    assert " ".join(text.split()) in wild.words
    for letter in "<>&\u2028\u2029":
        assert letter not in wild.scripts[0]
    rows = json.loads(wild.scripts[0])
    assert any(found.get("rows", [[0]])[0][0] == text for found in rows.values())


@pytest.mark.slow
def test_no_control_character_of_a_user_reaches_a_page():
    wild = "a\x1b[2J\x07\u202e"
    sets = [documents.sample(f"{i}{wild}", labels=("no", wild)) for i in range(2)]
    for one in sets:
        one["provenance"]["command"] = f"nullprobe audit {wild}"
    page = audits.render(sets)
    data, *ours = Reader(page).scripts
    assert not CONTROL.search(json.dumps(json.loads(data), ensure_ascii=False))
    assert not re.search(r"\\u00[01]|[^\\]\\u202e", data)
    for script in ours:
        page = page.replace(script, "")
    assert not CONTROL.search(page)
    assert "nullprobe audit a\\x1b[2J\\x07\\u202e" in page
    assert page.count("0a\\x1b[2J\\x07\\u202e") > 2


@pytest.mark.slow
def test_the_same_documents_give_the_same_page():
    assert audits.render([documents.sample()]) == audits.render([documents.sample()])


def test_a_document_without_pictures_is_a_page_too():
    bare = documents.sample(portrait=None, scores=None)
    html = audits.render([bare])
    assert "before and after erasure" not in html.lower()
    assert "A linear probe reads the concept." in html


@pytest.mark.slow
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_any_number_of_axes_makes_a_page(n_axes):
    html = audits.render([documents.sample(n_axes=n_axes)])
    assert ('data-turn="left"' in html) == (n_axes == 3)


def test_no_document_is_refused():
    with pytest.raises(InputError, match="at least one audit"):
        audits.render([])


@pytest.mark.slow
def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "audit.html"
    path.write_text("before")
    with pytest.raises(InputError, match="AuditDocument"):
        audits.write_html(path, [{"title": "half"}])
    assert path.read_text() == "before"
    audits.write_html(path, [documents.sample()])
    assert path.read_text("utf-8") == audits.render([documents.sample()])
    assert [p.name for p in tmp_path.iterdir()] == ["audit.html"]


def test_what_was_not_tested_depends_on_what_was():
    document = documents.sample()
    said = {what for what, _ in untested(document)}
    assert {"The inputs", "Nonlinear readers", "Use by a model", "Every halfspace"} <= said
    document["provenance"] |= {"groups": 12}
    document["claims"] = document["claims"][:2]
    said = {what for what, _ in untested(document)}
    assert not {"The inputs", "Every halfspace", "Rows that depend on each other"} & said


def test_explanations_that_were_not_tried_are_listed_with_claims_and_reasons():
    document = documents.sample()
    document["claims"][0]["explanations"] = plain(explained(inputs="not_tried", chance="rejected"))
    document["claims"][0]["explanations"][0]["reason"] = "none was given"
    said = dict(untested(document))
    assert "Readable: none was given." in said["The inputs"]
    assert "Erasure holds, No halfspace: because." in said["The inputs"]
    assert "Readable" not in said["The architecture"]
    assert not {"Chance", "Means and covariances"} & set(said)  # tried by every claim


def test_nonlinear_readers_and_other_groups_are_open_until_they_are_asked_for():
    few = {what for what, _ in untested(documents.sample())}
    assert {"Nonlinear readers", "Other data"} <= few
    all_asked = {what for what, _ in untested(documents.sample(claims=documents.all_claims()))}
    assert not {"Nonlinear readers", "Other data"} & all_asked
    assert {"Readers outside the family", "Other groups"} <= all_asked


@pytest.mark.slow
def test_claims_that_were_left_out_are_listed_with_their_reason():
    document = documents.sample()
    document["provenance"]["left_out"] = {"transfers": "each group needs 18 rows"}
    said = Reader(audits.render([document])).words
    assert "Transfers Left out of this audit. Each group needs 18 rows." in said


@pytest.mark.slow
def test_curve_and_matrices_stand_in_the_section_of_their_claim():
    html = audits.render([documents.sample(claims=documents.all_claims())])
    # What is left in the whole sample is the same for all draws, so it has no picture.
    pictures_of = {
        "one-feature": 2, "gone": 1, "transfers": 4, "readable": 1, "consistent": 1,
        "one-direction": 0,
    }  # fmt: skip
    for claim, pictures in pictures_of.items():
        start = html.index(f'<article class="claim" id="set-1-data-{claim}"')
        section = html[start : html.index("</article>", start)]
        assert section.count('<figure class="picture"') == pictures
        assert section.count('class="table"') == pictures  # a table of the numbers of each


@pytest.mark.slow
def test_each_null_stands_beside_what_it_is_a_null_of():
    document = documents.sample(claims=documents.all_claims())
    claims = {claim["name"]: claim for claim in document["claims"]}
    reads, leaves = ladders(claims["transfers"])
    assert (reads["metric"]["name"], reads["observed"]) == ("AUC across groups", 0.9)
    assert [null["rung"] for null in reads["nulls"]] == ["chance"]
    assert (leaves["metric"]["name"], leaves["observed"]) == ("AUC after erasing", 0.6)
    assert [null["rung"] for null in leaves["nulls"]] == ["random_subspaces"]
    html = audits.render([document])
    assert "random subspaces that remove as much" in Reader(html).words
    # Its draws lie around 0.8: what is read (0.9) is above them all, what is left (0.6) below.
    words = [a["aria-label"] for _, a in Reader(html).elements if a.get("role") == "img"]
    assert (
        sum("AUC after erasing 0.600, 95 % interval 0.560 to 0.640." in one for one in words) == 1
    )
    assert leaves["nulls"][0]["p_value"] == 0.025


@pytest.mark.slow
def test_a_largest_departure_is_one_sided_and_says_why_it_has_no_interval():
    said = Reader(audits.render([documents.sample(claims=documents.all_claims())])).words
    assert "one-sided p" in said
    assert "no interval: it is compared with the largest departures of the draws" in said


@pytest.mark.slow
@pytest.mark.parametrize("n_layers", [2, 5])
def test_representations_are_lines_of_one_table_of_all_verdicts(n_layers):
    html = audits.render(documents.layers(n_layers))
    start = html.index('class="overview"')
    table = Reader(html[start - 7 : html.index("</table>", start) + 8])
    assert [tag for tag, _ in table.elements].count("tr") == n_layers + 1
    claims = [one for one in documents.all_claims() if one.name != "few_features"]
    assert [tag for tag, _ in table.elements].count("td") == len(claims) * n_layers + 1
    verdicts = " ".join(wording.VERDICTS[claim.holds] for claim in claims)
    for i in range(n_layers):
        line = table.words.split(f"layer {i} ")[1].split(f"layer {i + 1} ")[0]
        kept = re.findall("Holds|Does not hold|Unclear", line)
        assert " ".join(kept) == verdicts
    said = Reader(html).words
    assert f"{n_layers} representations of the same rows" in said
    assert "the chance of one wrong alarm in all of them is at most α" in said
    for claim in claims:
        assert f"{wording.claim_name(claim.name)} {claim.statement}" in said


@pytest.mark.slow
def test_many_data_sets_are_lines_too_and_their_p_values_their_own():
    html = audits.render([documents.sample(f"data {i}", n_axes=1) for i in range(5)])
    assert 'class="overview"' in html
    assert "the chance of one wrong alarm" not in html
    assert "data set 5 of 5" in html


@pytest.mark.slow
def test_every_explanation_of_a_claim_stands_in_a_table_with_its_outcome():
    claim = documents.sample()["claims"][2]
    tried = {"p_value": 0.3, "adjusted_p": 0.6, "difference": [-0.01, 0.02]}
    claim["explanations"][1] |= tried
    table = tables.explanations(claim)
    assert [row[:2] for row in table.rows] == [
        (rungs.rung(one["name"]).name, rungs.OUTCOMES[one["outcome"]])
        for one in claim["explanations"]
    ]
    assert table.rows[1][2:] == (claim["nulls"][1]["mean"], 0.3, 0.6, -0.01, 0.02)
    assert table.note.count("not tried: because.") == 3
    html = audits.render([documents.sample()])
    assert html.count("<caption>What may account for it</caption>") == len(documents.claims())


def test_each_baseline_stands_by_its_name_among_the_explanations():
    beside = [
        {"rung": rung, "name": name, "value": value, "interval": None, "gain": None}
        for rung, name, value in (("inputs", "words", 0.6), ("inputs", "lengths", 0.5))
    ]
    explanations = plain(explained(inputs="rejected")) * 2
    claim = {"explanations": explanations, "nulls": [], "beside": beside}
    rows = tables.explanations(claim).rows
    assert [row[0] for row in rows] == ["the inputs: words", "the inputs: lengths"]
    assert [row[2] for row in rows] == [0.6, 0.5]


@pytest.mark.slow
@pytest.mark.parametrize("source", ["training", "inputs", "undecided", "not_tried"])
def test_a_fact_about_the_representation_is_said_of_training_alone(source):
    document = documents.sample()
    for claim in document["claims"]:
        claim["comes_from"] = source
    said = Reader(audits.render([document])).words
    assert ("fact about the representation" in said) == (source == "training")
    assert said.count(f"Comes from {rungs.source(source)}") == len(document["claims"])
    assert said.count(f"comes from: {rungs.source(source)}") == 2 * len(document["claims"])


@pytest.mark.slow
def test_what_is_beside_a_claim_is_in_its_legend_its_words_and_its_table():
    html = audits.render([documents.sample(claims=documents.all_claims())])
    start = html.index('<article class="claim" id="set-1-data-consistent"')
    section = Reader(html[start : html.index("</article>", start) + 10])
    said = section.words
    assert "○ first principal component" in said  # the legend
    (words,) = [a["aria-label"] for _, a in section.elements if a.get("role") == "img"]
    assert (
        "For comparison, first principal component: 0.980, 95 % interval 0.940 to 0.990; "
        "the observed is larger by −0.060 to 0.010 (95 % interval)." in words
    )
    assert "first principal component 0.980 — 0.940 0.990 — —" in said  # the table
    assert "Observed less first principal component, 95 % interval: −0.060 to 0.010." in said
    assert "directions drawn at random" in said
    start = html.index('<article class="claim" id="set-1-data-gone"')
    assert "○" not in html[start : html.index("</article>", start)]


def test_what_is_beside_belongs_to_what_the_claim_observes_alone():
    claim = documents.sample(claims=documents.all_claims())["claims"][-2]
    beside = documents.sample(claims=documents.all_claims())["claims"][-1]["beside"]
    reads, leaves = ladders(claim | {"beside": beside})
    assert (reads["beside"], leaves["beside"]) == (beside, [])


@pytest.mark.slow
def test_a_survey_of_many_layers_has_only_the_histograms_of_claims_judged_apart():
    full = documents.layers(6)
    survey = [
        one | {"provenance": one["provenance"] | {"depth": "survey", **more}}
        for one, more in zip(full, [{"joined": [{"claims": ["gone"]}]}, *[{}] * 5], strict=True)
    ]
    pages = [audits.render(x) for x in (full, survey)]
    histograms = [re.findall(r'id="set-\d-[^"]*-null-\d+"', page) for page in pages]
    assert len(histograms[0]) > 12
    assert [name.split("-null-")[0].endswith("gone") for name in histograms[1]] == [True]
    # The curves and the numbers of all claims stay.
    for part in ("layers-readable", "layers-erasure_holds", 'class="table'):
        assert pages[0].count(part) == pages[1].count(part) or part == 'class="table'
    assert len(pages[1]) < 0.8 * len(pages[0])


@pytest.mark.parametrize(("reason", "count"), [("They give .9 ± .1.", 1), ("They give .9.", 0)])
def test_what_follows_a_plus_minus_is_named_once(reason, count):
    fields = json.loads(json.dumps(documents.founding()))
    for claim in fields["claims"]:
        claim["reason"] = reason
    assert audits.render([fields]).count(wording.SPREAD) == count
