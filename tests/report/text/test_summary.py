"""Summaries: short, complete in their facts, and the same for many layers."""

import pytest
from rich.text import Text
from support.documents import PROVENANCE

from nullprobe.report.text import summary, terminal, verdicts

CLAIMS = ("dependent", "readable", "one_direction", "erasure_holds", "no_halfspace", "one_feature")
SETUP = {"features": 7, "n_splits": 4, "draws": 499, "method": {"eraser": "LEACE", "probe": "LDA"}}


def claim(name, holds):
    return {
        "name": name,
        "statement": f"The statement of {name} is a sentence of about a line, as statements are.",
        "holds": holds,
        "reason": f"Concluded about {name}. Held-out AUC is 0.9; permuted labels give 0.5.",
        "metric": {"name": "AUC"},
        "observed": 0.912,
        "interval": [0.871, 0.953],
        "nulls": [{"rung": "chance", "mean": 0.502}],
        "p_value": 0.01,
        "adjusted_p": 0.03,
        "takes": "moments",
        "comes_from": "not_tried",
        "explanations": [{"name": "moments", "outcome": "sufficient"}],
    }


def document(holds="yes", representation=None, **provenance):
    return {
        "title": "a data set",
        "representation": representation,
        "claims": [claim(name, holds) for name in CLAIMS],
        "provenance": PROVENANCE | SETUP | provenance,
    }


def lines(*documents, reasons=None):
    parts = summary.summary(documents, reasons or {}, "More: --verbose.")
    return terminal.text(*parts, width=terminal.WIDEST).splitlines()


def test_the_first_lines_say_what_was_audited_and_how():
    title, *_ = lines(document())
    words = " ".join(lines(document()))
    assert title == "a data set"
    for fact in ("60 rows", "7 features", "no (30), yes (30)", "LEACE", "LDA", "4 times", "499"):
        assert fact in words
    assert "3 parts" in words


@pytest.mark.parametrize(
    ("widths", "shown"),
    [((15, 15), "60 rows, 15 features"), ((15, 8), "60 rows, 15 (a) or 8 (b) features"),
     ((8, 15, 8), "60 rows, 8 (a) or 15 (b) or 8 (c) features"),
     ((9, 8, 15, 8, 8), "60 rows, 8 to 15 features")],
)  # fmt: skip
def test_representations_of_other_widths_each_have_their_width(widths, shown):
    several = [
        document(representation=n, features=d) for n, d in zip("abcde", widths, strict=False)
    ]
    assert f"{shown};" in " ".join(lines(*several))
    rows = [document(representation="a"), document(representation="b", rows=90)]
    assert "60 to 90 rows, 7 features" in " ".join(lines(*rows))


def test_each_claim_states_what_it_takes_and_where_it_comes_from():
    words = " ".join(" ".join(lines(document())).split())
    assert words.count("Takes: means and covariances. Comes from: not tried.") == len(CLAIMS)


@pytest.mark.parametrize(
    ("claims", "eraser", "probe", "split", "fitted"),
    [
        (["readable"], False, True, True, False),
        (["dependent", "one_direction"], False, False, False, False),
        (["dependent", "erasure_holds"], True, True, True, True),
    ],
)
def test_the_setup_speaks_of_nothing_that_the_claims_do_not_use(
    claims, eraser, probe, split, fitted
):
    one = document()
    one["claims"] = [claim(name, "yes") for name in claims]
    words = " ".join(lines(one))
    found = [text in words for text in ("LEACE", "LDA", "were split", "fits the eraser")]
    assert found == [eraser, probe, split, fitted]


def test_one_feature_is_in_the_singular():
    assert "60 rows, 1 feature;" in " ".join(lines(document(features=1)))
    assert "60 rows, 7 features;" in " ".join(lines(document()))


@pytest.mark.parametrize(
    ("outcomes", "baselines", "confounds", "words"),
    [
        (["sufficient"], ["words"], [], "The baseline “words” explains it."),
        (["rejected"], [], ["source"], "The confound “source” does not explain it."),
        (["sufficient"], [], ["a", "b"], "The confounds “a”, “b” explain it."),
        (
            ["rejected", "sufficient"],
            ["words"],
            ["source"],
            "The confound “source” explains it; the baseline “words” does not explain it.",
        ),
        (["sufficient"], [], list("abcde"), "The confounds “a”, “b”, “c”, “d”, ... explain it."),
        (["undecided"], ["words"], [], "The baseline “words” leaves it open."),
        (
            ["rejected", "rejected"],
            ["words", "length"],
            [],
            "The baseline “words” and the baseline “length” do not explain it.",
        ),
    ],
)
def test_what_explains_a_reading_is_named(outcomes, baselines, confounds, words):
    for holds in ("yes", "no"):
        one = document(holds, **({"confounds": confounds} if confounds else {}))
        one["claims"] = one["claims"][1:2]
        one["claims"][0] |= {
            "explanations": [{"name": "inputs", "outcome": outcome} for outcome in outcomes],
            "beside": [{"rung": "inputs", "name": name} for name in baselines],
        }
        assert (words in " ".join(" ".join(lines(one)).split())) == (holds == "yes")


def test_no_part_fits_an_eraser_that_was_given():
    splits = {"splits": PROVENANCE["splits"] | {"rows": [30, 30]}}
    given = " ".join(lines(document(**splits, eraser={"method": "LEACE"})))
    assert "2 parts" in given
    assert "fits the eraser" not in given
    assert "fits the eraser" in " ".join(lines(document()))


def test_each_claim_is_its_verdict_its_conclusion_and_its_numbers():
    shown = lines(document("unclear"))
    for name in CLAIMS:
        assert any("unclear" in line and f"Concluded about {name}." in line for line in shown)
    words = " ".join(" ".join(shown).split())
    assert words.count("(AUC 0.912, 95 % interval 0.871 to 0.953; permuted labels 0.502;") == 6
    assert "Held-out AUC" not in words  # numbers of a reason are for those who want more
    assert len(shown) <= 27


def test_twelve_layers_take_forty_lines():
    layers = [document("yes" if i > 3 else "no", f"layer {i}") for i in range(12)]
    assert len(lines(*layers)) <= 40


def test_layers_are_a_table_and_a_sentence_for_each_claim():
    layers = [document(holds, f"layer {i}") for i, holds in enumerate(("no", "yes", "unclear"))]
    shown = lines(*layers)
    for i, holds in enumerate(("no", "yes", "unclear")):
        assert ["layer", str(i), *[holds] * len(CLAIMS)] in [line.split() for line in shown]
    words = " ".join(" ".join(shown).split())
    assert "Yes in 1 of 3 (layer 1); no in 1 of 3 (layer 0); unclear in 1 of 3 (layer 2)." in words
    assert words.count("The statement of readable") == 1


def few_claims(document, count, **changes):
    return document | {"claims": [one | changes for one in document["claims"][:count]]}


@pytest.mark.parametrize(
    ("count", "cell"),
    [
        (1, "yes 0.912 [0.871, 0.953]"),
        (2, "yes 0.912 [0.871, 0.953]"),
        (3, "yes 0.912"),
        (6, "yes"),
    ],
)
def test_layers_show_what_was_observed_if_there_is_room(count, cell):
    layers = [few_claims(document("yes", f"layer {i}"), count) for i in range(3)]
    shown = lines(*layers)
    rows = [line for line in shown if line.startswith("layer ")]
    assert [row.split()[2:] for row in rows] == [cell.split() * count] * 3
    assert max(map(len, rows)) <= 80
    assert max(line.count(", AUC") for line in shown) == (count if "." in cell else 0)


def test_a_layer_without_an_interval_shows_the_number_alone():
    whole = few_claims(document("yes", "layer 0"), 1, interval=None)
    rows = [line.split() for line in lines(whole, few_claims(document("no", "layer 1"), 1))]
    assert ["layer", "0", "yes", "0.912"] in rows
    assert ["layer", "1", "no", "0.912", "[0.871,", "0.953]"] in rows


def test_what_holds_everywhere_is_one_count():
    layers = [document("no", f"layer {i}") for i in range(12)]
    assert "No in all 12." in " ".join(" ".join(lines(*layers)).split())


def test_a_claim_that_some_audits_leave_out_is_a_dot_there():
    short = document("yes", "layer 1")
    short["claims"] = short["claims"][:1]
    shown = [line.split() for line in lines(document("yes", "layer 0"), short)]
    assert ["layer", "1", "yes", *["·"] * 5] in shown


def test_audits_of_several_titles_are_named_by_them():
    other = document() | {"title": "another"}
    shown = lines(document(), other)
    assert shown[0] == "2 audits"
    assert "classes" not in " ".join(shown)  # each has its own
    assert any(line.startswith("another  ") for line in shown)


def test_notes_and_claims_that_were_left_out_are_named_once():
    copies = {"copies": {"exact": 4, "near": 0, "rule": "group"}}
    twice = [document("yes", f"layer {i}", **copies) for i in range(2)]
    words = " ".join(lines(*twice, reasons={"transfers": "there are no groups"}))
    assert words.count("4 exact and 0 near copies") == 1
    assert words.count("there are no groups") == 1


def test_verdicts_have_colours():
    styles = {
        str(span.style)
        for part in summary.summary([document("no")], {}, "")
        if not isinstance(part, (str, Text))
        for cell in part.columns[1].cells
        for span in [cell]
    }
    assert styles == {verdicts.HOLDS["no"]}
