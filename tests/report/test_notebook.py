"""Notebooks: every result and map as one table of HTML, and in one line."""

from dataclasses import replace

import numpy as np
import pytest
from support import comparisons
from support.documents import HOSTILE, PROVENANCE, all_claims
from support.evidence import seen
from support.markup import Reader

from nullprobe import (
    AffineEraser,
    Attributes,
    Audit,
    Calibration,
    ClassMoments,
    ClassTransport,
    ConceptShift,
    Holds,
    Layers,
    LinearProbe,
    LinearProbes,
    Moments,
    SameConcept,
    TaskMoments,
)
from nullprobe.auditing.calibration import Judged
from nullprobe.comparing.pair_result import Agreement, PairComparison
from nullprobe.comparing.pair_result import Reader as PairReader
from nullprobe.data.metric import Metric
from nullprobe.models import Captured, Effect, Generated
from nullprobe.report import notebook
from nullprobe.report.text import rungs

ALLOWED = {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "b", "br"}
LONGEST = 100  # characters of a repr
VERDICTS = ("yes", "no", "unclear")


def claims_named(text, n=8):
    """Return claims whose reason and warnings hold a text of a user."""
    claims = [replace(one, reason=text, warnings=(text,)) for one in all_claims()]
    return tuple((claims * 2)[:n])


def audit_of(text, representation=None, n=8):
    classes = {text: 30, f"{text}!": 30}
    record = {**PROVENANCE, "features": 4, "classes": classes, "left_out": {"used": text}}
    return Audit(claims_named(text, n), text, None, None, None, record, representation)


def pairs_of(text):
    right = np.arange(40) % 4 > 0
    both = {name: Agreement.of(right, 0.01) for name in (text, f"{text}!")}
    rows = tuple(PairReader(name, text, name != "CCS", both) for name in ("CCS", text))
    random = dict.fromkeys(both, np.linspace(0.4, 0.6, 9))
    return PairComparison(text, tuple(both), rows, random, {"pairs": 40, "features": 3})


def moments_of(text):
    X = np.arange(12.0).reshape(6, 2) ** 2
    return X, [text, "b"] * 3


def shift_of(text):
    still = [np.nan, np.nan]
    return ConceptShift([0.5, 0.5], [[1.0], [2.0]], [[2.0, 0.0]], still, text, (text, "b"))


def transport_of(text):
    maps, still = np.array([[[1.0]], [[2.0]]]), [np.nan]
    return ClassTransport([[0.0], [4.0]], maps, [1.0], still, 1, text, (text, "b"))


def same_of(text):
    crossed = {(text, "b"): seen(0.9), ("b", text): seen(0.8)}
    return SameConcept(Holds.NO, 0.5, 0.0, 30, crossed, audit_of(text))


def calibration_of(text):
    judged = [Judged("nothing", name, 9, 1, {"yes": 1}) for name in (text, *"abcdefgh")]
    return Calibration(tuple(judged), 0.05, {text: 1}, {text: text})


def affine_of(text):
    return AffineEraser(np.zeros(2), np.eye(2)[:, :1], np.eye(2)[:1], None, None, text, (text, "b"))


# Each class: what makes one in which every string of a user is the text.
SHOWN = {
    "Audit": audit_of,
    "Layers": lambda text: Layers({f"{text}{i}": audit_of(text, text) for i in range(3)}),
    "Attributes": lambda text: Attributes(
        {text: audit_of(text), "b": audit_of("b")}, audit_of(text, "jointly"), {}, None
    ),
    "Claim": lambda text: replace(claims_named(text)[0], statement=text),
    "SameConcept": same_of,
    "Calibration": calibration_of,
    "Comparison": comparisons.hostile,
    "PairComparison": pairs_of,
    "AffineEraser": affine_of,
    "ConceptShift": shift_of,
    "ClassTransport": transport_of,
    "Moments": lambda text: Moments.of(*moments_of(text)),
    "ClassMoments": lambda text: ClassMoments.of(*moments_of(text)),
    "TaskMoments": lambda text: TaskMoments.of(*moments_of(text), [text, "b", "c"] * 2),
    "Captured": lambda text: Captured({text: np.zeros((2, 3))}, np.arange(2), {}, text),
}
# What has no table, but a line.
IN_A_LINE = {
    "LinearProbe": lambda text: LinearProbe(np.eye(40), np.zeros(40), (text, *range(39))),
    "LinearProbes": lambda text: LinearProbes(np.eye(2), np.zeros(2), ((text, "b"), None)),
    "Generated": lambda text: Generated((text,), (text * 9,), (text,)),
    "Effect": lambda _: Effect(Metric("AUC", 0.5), 0.9, 0.5, (0.8, 0.9), (0.4, 0.6), None),
}


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("text", [*HOSTILE, "plain"])
def test_html_is_one_table_without_scripts_or_resources_and_all_names_are_escaped(kind, text):
    result = SHOWN[kind](text)
    html = result._repr_html_()
    seen = Reader(html)
    tags = [tag for tag, _ in seen.elements]
    assert tags.count("table") == 1
    assert tags[0] == "table"
    assert set(tags) <= ALLOWED
    assert seen._open == []
    attributes = {name for _, attributes in seen.elements for name in attributes}
    assert attributes <= {"style", "colspan"}
    styles = " ".join(attributes.get("style", "") for _, attributes in seen.elements)
    assert "url(" not in styles
    assert text.isprintable() or not any(letter in html for letter in "\u2028\u2029")


@pytest.mark.parametrize("kind", [*SHOWN, *IN_A_LINE])
@pytest.mark.parametrize("text", [*HOSTILE, "plain", "two\nlines", "long " * 50])
def test_a_repr_is_one_short_line_that_begins_with_the_kind(kind, text):
    line = repr((SHOWN | IN_A_LINE)[kind](text))
    assert line.startswith(f"{kind}(")
    assert len(line.splitlines()) == 1
    assert len(line) <= LONGEST
    assert line.isprintable()


@pytest.mark.parametrize("kind", ["Audit", "Layers", "Attributes", "Claim"])
def test_a_table_of_verdicts_says_what_holds_what_it_takes_and_the_numbers(kind):
    result = SHOWN[kind]("plain")
    words = Reader(result._repr_html_()).words
    claims = [result] if kind == "Claim" else all_claims()
    for claim in claims:
        assert f"{claim.holds}" in words
        assert notebook.number(claim.observed) in words
    for rung in rungs.RUNGS if kind in ("Layers", "Attributes") else ():
        assert rung.name in words
    assert kind in ("Layers", "Attributes") or "0.930 to 0.970" in words


def test_an_audit_has_a_row_for_each_claim_in_the_words_of_the_page():
    words = Reader(audit_of("data", n=5)._repr_html_()).words
    assert "Erasure holds no ▄ means and covariances not tried AUC 0.610 (0.580 to 0.640)" in words
    assert "One direction yes ▁ linear algebra not tried canonical correlation" in words
    assert "One feature no █ more structure" in words
    assert "Used was left out: data" in words


def test_same_concept_and_calibration_show_verdict_and_counts():
    same = Reader(same_of("plain")._repr_html_()).words
    assert "Same concept: no" in same
    assert "plain b AUC 0.900" in same
    rates = Reader(calibration_of("plain")._repr_html_()).words
    assert "plain (nothing) 1 of 9" in rates
    assert all(holds in rates for holds in VERDICTS)


def test_comparisons_show_readings_with_intervals_and_costs():
    words = Reader(comparisons.sample()._repr_html_()).words
    assert "leace 0.520 (0.490 to 0.550) ·" in words
    assert "1.00 1 to 2" in words
    assert "agrees with plain" in Reader(pairs_of("plain")._repr_html_()).words


def test_moments_and_maps_show_their_size():
    expected = {
        "Moments": "rows 6 features 2 concept ('a', 'b')",
        "AffineEraser": "method a features 2 rank 1 classes ('a', 'b')",
        "Captured": "a 2 3 float64",
    }
    for kind, words in expected.items():
        assert words in Reader(SHOWN[kind]("a")._repr_html_()).words


def test_ten_claims_stay_below_10_kb_and_80_layers_below_60():
    claims = [replace(one, warnings=()) for one in claims_named("data", 10)]
    names = ["readable", "gone", "dependent", "one_direction", "erasure_holds", "no_halfspace",
             "one_feature", "transfers", "consistent", "used"]  # fmt: skip
    claims = tuple(replace(one, name=name) for one, name in zip(claims, names, strict=True))
    one = replace(audit_of("data"), claims=claims)
    assert len(one._repr_html_().encode()) < 10_000
    layers = Layers({f"model.layers.{i}.output": one for i in range(80)})
    html = layers._repr_html_()
    assert len(html.encode()) < 60_000
    assert Reader(html).words.count("model.layers.") == 80


def test_more_rows_than_a_notebook_shows_are_counted():
    one = audit_of("data", n=1)
    layers = Layers({str(i): one for i in range(notebook.MOST_ROWS + 20)})
    assert "20 more rows" in Reader(layers._repr_html_()).words


def test_every_rung_has_the_hue_of_the_page_and_is_legible_on_white_and_on_black():
    colours = notebook.colours()
    assert {rung.colour for rung in rungs.RUNGS} <= set(colours)
    for colour in colours.values():
        for paper in ("#ffffff", "#111111"):
            assert contrast(colour, paper) >= 3  # of graphics, as WCAG 2 asks


def contrast(one, other):
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
