"""Page of a study: the question, the answer, pictures, verdicts and all numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nullprobe.report.document import validated
from nullprobe.report.figures.studies import looks, study_figure
from nullprobe.report.pages import shell
from nullprobe.report.pages.picture import WHOLE, Picture, drawn, glyph
from nullprobe.report.study_document import StudyDocument
from nullprobe.report.text.tables import Table, provenance

HEIGHT = 380  # pixels of a picture
WHOSE = (
    "These are known answers about small networks that were trained on a corpus whose process is "
    "known. They are no facts about large language models."
)
QUICK = (
    "This was a quick run, with fewer training steps, fewer texts and one seed: verdicts rest on "
    "draws within the model alone."
)
UNTESTED = (
    (
        "Other models",
        "All seeds share one architecture, one size and one training budget. A weak effect may be "
        "under-training.",
    ),
    (
        "Other corpora",
        "The corpus is of one kind. What the same question gives on natural texts was not tried.",
    ),
)
# What measurements and sources mean, by the name that stands on the page.
MEANINGS = {
    "model": "what the trained model does, unless the study says otherwise",
    "inputs": "what the words of a text give without any model",
    "twin": "the untrained model: the same network with its first random weights",
    "architecture": "the untrained model: the same network with its first random weights",
    "corpus": "the exact predictor, which knows the process that writes the texts",
    "training": "what neither inputs, nor the untrained model, nor the corpus gives",
}
EFFECT = (
    "An effect of one factor is the mean at its last level less the mean at its first; of two, the "
    "difference of such differences."
)
ONE_SEED = "no interval, or nothing of the kind"


def write_html(path: str | Path, document: StudyDocument) -> None:
    """Write the page of a study, whole or not at all."""
    shell.write(path, render(document))


def render(document: StudyDocument | Mapping[str, Any]) -> str:
    """Return the page as HTML; the same document gives the same bytes."""
    plain = validated(StudyDocument, document).plain()
    shown = {
        "name": plain["name"],
        "question": plain["question"],
        "answer": plain["answer"],
        "notes": [WHOSE, *([QUICK] if plain["quick"] else [])],
        "pictures": [_picture(one) for one in plain["figures"]],
        "claims": plain["claims"],
        "verdicts": _verdicts(plain),
        "effects": _effects(plain),
        "means": _measurements(plain),
        "meanings": _meanings(plain),
        "doubts": plain["doubts"],
        "untested": UNTESTED,
        "command": plain["provenance"].get("command"),
        "provenance": provenance(plain),
    }
    return shell.fill("study.html", shown, {})


def _picture(shown: Mapping[str, Any]) -> Picture:
    svg, notes = drawn(shown["key"], (WHOLE, HEIGHT), partial(study_figure, shown))
    lines = shown["series"]
    entries = [
        glyph(look.glyph, f"class-{look.colour}", one["name"])
        for look, one in zip(looks(lines), lines, strict=True)
        if len(lines) > 1
    ]
    return Picture(
        shown["key"], shown["title"], shown["description"], svg, notes, entries, _numbers(shown)
    )


def _numbers(shown: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            one["name"],
            str(x),
            one["y"][i],
            *(one[k][i] if one[k] else None for k in ("low", "high")),
        )
        for one in shown["series"]
        for i, x in enumerate(one["x"])
    )
    heads = ("series", shown["x_label"] or "place", shown["y_label"] or "value", "from", "to")
    return Table(shown["title"], heads, rows, ONE_SEED)


def _meanings(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the names on the page that stand for something, with what they mean."""
    names = set(document["cells"][0]["values"])
    sources = {claim["comes_from"] for claim in document["claims"]}
    sources |= {
        one["name"]
        for claim in document["claims"]
        for one in claim["explanations"]
        if one["outcome"] != "not_tried"
    }
    return [(name, words) for name, words in MEANINGS.items() if name in names | sources]


def _verdicts(document: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            claim["name"],
            claim["statement"],
            claim["holds"],
            claim["comes_from"].replace("_", " "),
            _rounded(claim["observed"]),
            *(claim["interval"] or (None, None)),
            claim["p_value"],
        )
        for claim in document["claims"]
    )
    heads = (
        "name",
        "claim",
        "holds",
        "comes from",
        "observed",
        "2.5 %",
        "97.5 %",
        "p within models",
    )
    return Table("Verdicts", heads, rows, ONE_SEED)


def _effects(document: Mapping[str, Any]) -> Table | None:
    if not document["effects"]:
        return None
    rows = tuple(
        (one["name"], _rounded(one["value"]), *(one["interval"] or (None, None)), one["p_value"])
        for one in document["effects"]
    )
    name = document["effects"][0]["measurement"]
    heads = ("effect", "value", "2.5 %", "97.5 %", "p over seeds")
    return Table(f"Effects on {name}", heads, rows, ONE_SEED, EFFECT)


def _rounded(value: float | None) -> float | None:
    """Return 0 for what is left where equal numbers cancel."""
    return 0.0 if value is not None and abs(value) < 1e-12 else value


def _measurements(document: Mapping[str, Any]) -> Table:
    names = list(document["cells"][0]["values"])
    rows = tuple(
        (*one["levels"].values(), str(one["seed"]), *(one["values"][name] for name in names))
        for one in document["cells"]
    )
    return Table("All measurements", (*document["factors"], "seed", *names), rows)
