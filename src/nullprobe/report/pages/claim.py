"""Claim: what the page shows of one verdict, its words, pictures and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from nullprobe.report.figures.doses import doses
from nullprobe.report.figures.groups import height, matrix
from nullprobe.report.figures.nulls import ladders, nulls
from nullprobe.report.figures.removals import removals
from nullprobe.report.histograms import null_bins, present
from nullprobe.report.pages.picture import HALF, Picture, anchor, drawn, glyph, swatch
from nullprobe.report.text import alt_text, rungs, tables, titles, wording
from nullprobe.report.text.answer import meaning
from nullprobe.report.text.claim_notes import claim_notes, surprises
from nullprobe.report.text.use_tables import doses as dose_table
from nullprobe.report.text.use_tables import neutral as neutral_table
from nullprobe.report.text.use_tables import use_tables
from nullprobe.report.text.verdicts import conclusion

# Each matrix of groups: how it is described, and what was done in the row.
MATRICES = {
    "read": ("Read: {unit}, probe fitted in the group of the row", "fitted"),
    "erased": ("Read after erasing: {unit}, eraser fitted in the group of the row", "erased"),
}
PATTERNS = ("plain", "hatched", "crossed")  # of the first nulls, as they are drawn
NULLS, CURVE = 250, 300  # pixels high


def section(
    claim: Mapping[str, Any],
    set_key: str,
    provenance: Mapping[str, Any],
    *,
    pictures: bool = True,
) -> dict[str, Any]:
    """Return what the template shows of a claim.

    Parameters
    ----------
    claim : mapping
        Of a document.
    set_key : str
        Anchor of its data set.
    provenance : mapping
        Of the document.
    pictures : bool
        Whether histograms of the nulls are drawn.
    """
    key = f"{set_key}-{anchor(claim['name'])}"
    statistics = ladders(claim)
    first = wording.sentence(conclusion(claim["reason"]))
    learned, details = tables.learning_curve(claim), tables.details(claim)
    numbers = [tables.explanations(claim), tables.evidence(statistics), details, learned]
    numbers += [neutral_table(claim), *use_tables(claim)]
    return {
        **claim,
        "key": key,
        "short": wording.claim_name(claim["name"]),
        "meaning": meaning(claim),
        "verdict": wording.VERDICTS.get(claim["holds"], claim["holds"]),
        "rung": rungs.takes(claim),
        "source": rungs.SOURCES[claim["comes_from"]],
        "conclusion": first,
        "reason": wording.sentence(claim["reason"])[len(first) :].strip(),
        # Removals are only worth asking about where something is read before any of them.
        "reading": (claim["curve"] or claim)["metric"]["name"],
        "no_interval": wording.no_interval(claim["metric"]["kind"]),
        "notes": [*claim_notes(claim, provenance), *surprises(claim["reason"])],
        "pictures": list(_pictures(claim, statistics, key)) if pictures else [],
        "matrices": list(_matrices(claim, key)),
        "numbers": [table for table in numbers if table],
    }


def _pictures(
    claim: Mapping[str, Any], statistics: list[dict[str, Any]], key: str
) -> Iterator[Picture]:
    if claim["curve"] is not None:
        yield _curve(claim["curve"], f"{key}-curve")
    for position, ladder in enumerate(statistics):
        if _varies(ladder):
            name = claim["name"], ladder["metric"]["name"]
            title = titles.ladder(*name, first=not position)
            if claim.get("use") and claim["use"]["verdict_from"] == "interchange":
                title = titles.INTERCHANGE
            yield _ladder(ladder, f"{key}-null-{position}", title)
    use: Mapping[str, Any] = claim.get("use") or {"methods": []}
    methods: list[dict[str, Any]] = use["methods"]
    for method in methods:
        if method["doses"]:
            yield _doses(use, method, f"{key}-doses")


def _varies(ladder: Mapping[str, Any]) -> bool:
    """Return whether a picture shows more than that all values are the same, or that one is."""
    if ladder["metric"]["kind"] == "residual":
        return False
    drawn_values = [value for null in ladder["nulls"] for value in present(null["values"])]
    return len({*drawn_values}) > 1 or bool(ladder["beside"])


def _ladder(ladder: Mapping[str, Any], key: str, title: str) -> Picture:
    svg, notes = drawn(key, (HALF, NULLS), partial(nulls, ladder))
    interval = ", with its 95 % interval" if ladder["interval"] else ""
    entries = [glyph("◆", "ink", f"observed{interval}")]
    for position, null in enumerate(ladder["nulls"]):
        rung = rungs.rung(null["rung"])
        pattern = PATTERNS[position % len(PATTERNS)]
        entries.append(swatch(pattern, f"rung-{rung.colour}", rung.drawn))
    entries += [glyph("○", f"rung-{one['rung']}", one["name"]) for one in ladder["beside"]]
    table = tables.histogram(ladder, null_bins(ladder))
    return Picture(key, title, alt_text.claim(ladder), svg, notes, entries, table)


def _curve(shown: Mapping[str, Any], key: str) -> Picture:
    svg, notes = drawn(key, (HALF, CURVE), partial(removals, shown))
    rung = rungs.rung(shown["rung"])
    entries = [
        glyph("◆", "ink", "observed, with its 95 % interval"),
        swatch(
            "faint", f"rung-{rung.colour}", f"{rung.drawn}: 95 % of the draws, and their median"
        ),
        glyph("┈┈", "quiet", "chance"),
    ]
    description, table = alt_text.curve(shown), tables.curve(shown)
    return Picture(key, titles.CURVE, description, svg, notes, entries, table)


def _doses(use: Mapping[str, Any], method: Mapping[str, Any], key: str) -> Picture:
    whole = method["whole"] and method["whole"]["value"]
    svg, notes = drawn(key, (HALF, CURVE), partial(doses, method["doses"], whole))
    entries = [
        glyph("◆", "ink", "observed, with its 95 % interval"),
        glyph("┈┈", "quiet", "no shift, and the shift by the whole state"),
    ]
    description = alt_text.doses(method["doses"], whole)
    return Picture(key, titles.DOSES, description, svg, notes, entries, dose_table(use))


def _matrices(claim: Mapping[str, Any], key: str) -> Iterator[Picture]:
    shown = claim["matrices"]
    if shown is None:
        return
    groups, metric = shown["groups"], shown["metric"]
    for name, (what, fitted) in MATRICES.items():
        values, caption = shown[name], what.format(unit=metric["name"])
        size = (HALF, height(len(groups)))
        svg, notes = drawn(f"{key}-{name}", size, partial(matrix, groups, values, metric, fitted))
        description = alt_text.matrix(groups, values, caption)
        table = tables.matrix(groups, values, caption)
        yield Picture(f"{key}-{name}", titles.MATRICES[name], description, svg, notes, (), table)
