"""Pictures: what the page of an audit opens with, and what stands below its claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from markupsafe import Markup

from nullprobe.report.figures import axis, planes, roles, scene, space
from nullprobe.report.figures.accuracies import Accuracy, accuracies
from nullprobe.report.figures.layers import BANDS, MOST_READERS, Reader, layers, readers_of
from nullprobe.report.figures.scores import MOST_POINTS, scores, scores_numeric
from nullprobe.report.histograms import class_bins, present
from nullprobe.report.pages.picture import (
    HALF,
    WHOLE,
    Picture,
    drawn,
    drawn_together,
    glyph,
    later,
    swatch,
)
from nullprobe.report.text import alt_text, rungs, tables, titles, wording

PLANE, SCORES, LAYERS = 380, 250, 300  # pixels high
STILL = 1e-3  # of the box, up to which points are in one place
BAR = 30  # pixels of a bar
CURVED = ("readable", "erasure_holds", "no_halfspace", "gone", "used", "consistent", "transfers")
MOST_NAMED = 12  # classes that a key names


def opening(
    document: Mapping[str, Any], key: str, data: dict[str, Any], *, rows: bool = True
) -> dict[str, Any]:
    """Return the rows before and after erasure, and what a linear classifier gets right of them.

    Scenes that turn join the data, for the page's script. Without ``rows`` these are left out.
    """
    shown = document["portrait"] if rows else None
    bars = _accuracy(document, f"{key}-accuracy")
    if not shown:
        return {"pair": [], "solid": False, "legend": [], "shades": (), "bars": bars}
    numeric = document["concept"] == "numeric"
    view = "raw" if scene.views(shown)[0] == "raw" else "standardised"
    description = alt_text.portrait(shown, view, document["provenance"]["rows"], numeric)
    solid = len(shown["axes"]) >= 3
    if solid:
        pair, notes = _solid(shown, numeric, description, key, data)
    else:
        pair, notes = _flat(shown, numeric, key)
    return {
        "key": f"{key}-rows",
        "title": titles.PORTRAIT,
        "description": description,
        "pair": pair,
        "solid": solid,
        "view": view,
        "notes": notes,
        "legend": [] if numeric else roles.legend(wording.classes(shown["labels"])),
        "shades": (scene.SHADES[0], scene.SHADES[-1]) if numeric and solid else (),
        "removed": solid and len(shown.get("removed") or ()) == 1,
        "halfspace": solid and bool(shown.get("halfspace")),
        "bars": bars,
    }


def _solid(
    shown: Mapping[str, Any], numeric: bool, description: str, key: str, data: dict[str, Any]
) -> tuple[list[Markup], list[str]]:
    before, after, omitted = scene.before_and_after(shown, numeric)
    pair: list[Markup] = []
    for when, one in (("before", before), ("after", after)):
        name = f"{key} {when}"
        data[name] = one.plain()
        label = f"{when.capitalize()} erasure. {description}"
        pair.append(Markup(space.drawn(one, label, name)))
    total = len(shown["labels"])
    notes = [f"{omitted:,} far-out points are not shown."] if omitted else []
    if after.points and np.ptp([point[:3] for point in after.points], axis=0).max() < STILL:
        notes.append("After erasure all rows are the same: everything else is gone, too.")
    if len(before.points) < total - omitted:
        notes.append(f"{len(before.points):,} of {total:,} points are drawn; the table has all.")
    return pair, notes


def _flat(shown: Mapping[str, Any], numeric: bool, key: str) -> tuple[list[Markup], list[str]]:
    svg, notes = drawn_together(
        f"{key} plane", (WHOLE, PLANE), partial(planes.before_and_after, shown, numeric), 2
    )
    return [svg], notes


def _accuracy(document: Mapping[str, Any], key: str) -> Picture | None:
    """Return the bars of the founding experiment: same rows, new rows, shuffled labels."""
    claims = {claim["name"]: claim for claim in document["claims"]}
    if "one_direction" not in claims or "largest_class" not in claims["one_direction"]["details"]:
        return None
    details = claims["one_direction"]["details"]
    chance = details["largest_class"]
    rows = [
        Accuracy("same rows, before erasure", details["in_sample_before"]),
        Accuracy("same rows, after erasure", details["in_sample_after"]),
        Accuracy("shuffled labels, before", details["in_sample_before_shuffled"], shuffled=True),
        Accuracy("shuffled labels, after", details["in_sample_after_shuffled"], shuffled=True),
    ]
    left = claims.get("no_halfspace")
    if left and left["observed"] is not None and left["metric"]["name"] == "balanced accuracy":
        name = "new rows, after (classes equal)"
        rows.insert(2, Accuracy(name, left["observed"], left["interval"], new=True))
    rows = [row for row in rows if row.value is not None]
    size = (430, 80 + BAR * len(rows))
    svg, notes = drawn(key, size, partial(accuracies, rows, chance))
    notes = [*_note_of_bars(document, new=any(row.new for row in rows)), *notes]
    description = ", ".join(f"{row.name}: {row.value:.0%}" for row in rows)
    lines = tuple((row.name, row.value, *(row.interval or (None, None))) for row in rows)
    table = tables.Table(
        "Share that a linear classifier gets right", ("", "share", "2.5 %", "97.5 %"), lines,
        "no interval: computed on the whole sample, not estimated from it",
        "Of new rows, classes count equally.",
    )  # fmt: skip
    text = f"{description}. The larger class has {chance:.0%}."
    return Picture(key, titles.ACCURACY, text, svg, notes, (), table)


def _note_of_bars(document: Mapping[str, Any], *, new: bool) -> Iterator[str]:
    yield "Dashed: the share of the largest class."
    classes = document["provenance"].get("classes") or ()
    if new and len(classes) > 1:
        yield (
            "For new rows, the linear classifier is the best halfspace that a search finds, and "
            f"classes count equally, so that chance is {100 / len(classes):.0f} %."
        )


def scored(document: Mapping[str, Any], key: str, data: dict[str, Any]) -> Iterator[Picture]:
    """Yield the pictures of the held-out scores, before and after erasure.

    The scores of rows with numbers join the data, for the page's script.
    """
    if not document["scores"]:
        return
    labels = document["scores"]["labels"]
    numeric = document["concept"] == "numeric"
    names = [] if numeric else wording.classes(labels)
    for view in ("raw", "erased"):
        values, name = document["scores"][view], f"{key}-scores-{view}"
        if len({*present(values).tolist()}) < 2:
            continue

        draw = (
            partial(scores_numeric, values, labels)
            if numeric
            else partial(scores, values, labels, names)
        )
        svg, notes = drawn(name, (HALF, SCORES), draw)
        if numeric:
            rows = axis.thinned(len(labels), MOST_POINTS)
            chosen = {view: [values[i] for i in rows]}
            whole = tables.rows_scored(chosen, [labels[i] for i in rows])
            table = later(whole, f"{name} table", data)
            description, entries = alt_text.scores_numeric(view, values, labels), []
        else:
            bins = class_bins(values, labels, names)
            medians = [_median(values, labels, one) for one in names]
            description = alt_text.scores(view, bins, names, medians)
            table = tables.scores(view, bins, names)
            entries = [
                glyph(one["glyph"], f"class-{one['colour']}", one["name"])
                for one in roles.legend(names)[:MOST_NAMED]
            ]
        yield Picture(name, titles.SCORES[view], description, svg, notes, entries, table)


def layered(
    documents: Sequence[Mapping[str, Any]],
    data: dict[str, Any],
    readers: Mapping[str, Sequence[Reader]],
) -> Iterator[Picture]:
    """Yield a curve over representations for each claim that is a reading.

    Its numbers join the data, for the page's script. ``readers`` has simpler readers by claim, in
    place of those of the claim.
    """
    for name in CURVED:
        claims = [c for one in documents for c in one["claims"] if c["name"] == name]
        if not claims:
            continue
        key = f"layers-{name}"
        chosen = readers.get(name)
        draw = partial(layers, documents, name, readers=chosen)
        svg, notes = drawn(key, (HALF, LAYERS), draw)
        description = alt_text.layers(documents, name)
        whole = _with_readers(tables.layers(documents, name), chosen or ())
        table = later(whole, f"{key} table", data)
        entries = list(_entries(claims, readers_of(claims) if chosen is None else chosen))
        yield Picture(key, titles.layers(name), description, svg, notes, entries, table)


def _with_readers(table: tables.Table, readers: Sequence[Reader]) -> tables.Table:
    """Return a table with a column for each simpler reader that it lacks."""
    more = [one for one in readers if one.name not in table.columns]
    columns = (*table.columns, *(one.name for one in more))
    rows = tuple((*row, *(one.values[i] for one in more)) for i, row in enumerate(table.rows))
    return replace(table, columns=columns, rows=rows)


def _entries(
    claims: Sequence[Mapping[str, Any]], readers: Sequence[Reader]
) -> Iterator[dict[str, str]]:
    """Yield the key of a curve over representations."""
    sentence = "observed, with its 95 % interval"
    if any(claim["holds"] != "yes" for claim in claims):
        sentence += " (filled: holds; hollow: does not hold; half: unclear)"
    yield glyph("●", "ink", sentence)
    drawn_nulls = dict.fromkeys(null["rung"] for claim in claims for null in claim["nulls"])
    for key in BANDS:
        if key in drawn_nulls:
            yield swatch("faint", f"rung-{key}", f"{rungs.rung(key).drawn}: 95 % of the draws")
    for one in readers[:MOST_READERS]:
        yield glyph("○", f"rung-{rungs.rung(one.rung).colour}", one.name)


def _median(values: Sequence[Any], labels: Sequence[Any], name: Any) -> float | None:
    scores_of = present([s for s, label in zip(values, labels, strict=True) if label == name])
    return float(f"{np.median(scores_of):.6g}") if len(scores_of) else None
