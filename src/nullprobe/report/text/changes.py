"""Changes: what differs between two results of one kind, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from nullprobe._core.printable import in_a_line, plain_values
from nullprobe.report.text import rungs, wording
from nullprobe.report.text.change_lines import Key, Line, Side
from nullprobe.report.text.terminal import grid
from nullprobe.report.text.verdicts import HOLDS
from nullprobe.report.text.wording import number

ARROW = " → "
# Entries of provenance that follow from the data and the draws: no settings.
RESULTS = ("draws_used", "method › shrinkage", "splits › fingerprint")


def changes(before: Side, after: Side, *, every: bool = False) -> Iterator[RenderableType]:
    """Yield the parts of a comparison of two results.

    Parameters
    ----------
    before, after : Side
    every : bool
        Whether to list what is equal in both, too.
    """
    before, after = _plain(before), _plain(after)
    yield Text.assemble(
        (_arrow(before.title, after.title), "bold"), "\n",
        (f"{before.file}{ARROW}{after.file}", "dim"),
    )  # fmt: skip
    both = [key for key in before.lines if key in after.lines]
    different = [key for key in both if _cells(before.lines[key]) != _cells(after.lines[key])]
    yield _conclusion(before, after, both, different)
    if listed := both if every else different:
        yield _table(listed, before, after)
    for one, other in ((before, after), (after, before)):
        if missing := list(_missing(one, other)):
            yield f"Only in {one.file}: {'; '.join(missing)}."
    if settings := list(_settings(before, after)):
        yield "\n".join(["Settings that differ:", *(f"  {line}" for line in settings)])
    else:
        yield "No setting differs."


def _plain(side: Side) -> Side:
    """Return a side whose strings are printable, each in a line."""
    lines = {
        (in_a_line(place), in_a_line(what)): replace(line, metric=in_a_line(line.metric))
        for (place, what), line in side.lines.items()
    }
    settings: Mapping[str, Mapping[str, Any]] = plain_values(side.settings)
    return replace(
        side,
        file=in_a_line(side.file),
        title=in_a_line(side.title),
        lines=lines,
        settings=settings,
    )


def _conclusion(before: Side, after: Side, both: Sequence[Key], different: Sequence[Key]) -> str:
    """State how many verdicts and numbers changed."""
    if not both:
        return f"The two files have no {before.noun} in common."
    held = [key for key in both if before.lines[key].holds]
    turned = [key for key in held if before.lines[key].holds != after.lines[key].holds]
    rest = len(different) - len(turned)
    if not held:
        counted = wording.counted(len(both), f"shared {before.noun}")
        return f"{rest:,} of {counted} changed."
    words = f"{len(turned):,} of {wording.counted(len(held), 'shared verdict')} changed."
    if rest:
        return f"{words} {rest:,} changed in numbers or explanations alone."
    return words if turned else f"{words} No number differs in the digits shown."


def _table(keys: Sequence[Key], before: Side, after: Side) -> RenderableType:
    """Return a row for each verdict or reading: before and after."""
    placed = any(place for place, _ in keys)
    judged = any(before.lines[key].holds for key in keys)
    rows: list[list[str | Text]] = []
    previous = ""
    for place, what in keys:
        one, two = before.lines[place, what], after.lines[place, what]
        metric, observed, ends, p = map(_arrow, _cells(one)[:4], _cells(two)[:4])
        row: list[str | Text] = [Text.assemble(what, "\n", (metric, "dim"))]
        if placed:
            row.insert(0, "" if place == previous else place)
        if judged:
            row.append(_verdict(one, two))
        rows.append([*row, Text.assemble(observed, "\n", (ends, "dim")), p])
        previous = place
    first, *heads = [*[""] * placed, "of", *["verdict"] * judged, "observed", "p"]
    return grid(first, *rows, heads=heads, left=len(heads) - 1)


def _cells(line: Line) -> tuple[str, ...]:
    """Return a line as it is shown: results that differ in further digits count as equal."""
    ends = line.interval
    return (
        line.metric,
        number(line.observed),
        "" if ends is None else f"[{number(ends[0])}, {number(ends[1])}]",
        wording.p_value(line.p),
        line.holds,
        line.takes,
        line.comes_from,
    )


def _verdict(one: Line, two: Line) -> Text:
    """Return the verdict before and after, and what it takes and comes from if this changed."""
    words = Text(one.holds, HOLDS.get(one.holds, ""))
    if one.holds != two.holds:
        words.append(ARROW).append(two.holds, HOLDS.get(two.holds, ""))
    if one.takes != two.takes:
        takes = (rungs.rung(each.takes).name for each in (one, two))
        words.append(f"\ntakes {_arrow(*takes)}", "dim")
    if one.comes_from != two.comes_from:
        sources = (rungs.source(each.comes_from) for each in (one, two))
        words.append(f"\nfrom {_arrow(*sources)}", "dim")
    return words


def _arrow(one: str, two: str) -> str:
    """Return two values with an arrow, or one if they are equal.

    Examples
    --------
    >>> _arrow("yes", "no"), _arrow("yes", "yes"), _arrow("", "0.5")
    ('yes → no', 'yes', '— → 0.5')
    """
    return one if one == two else f"{one or '—'}{ARROW}{two or '—'}"


def _missing(one: Side, other: Side) -> Iterator[str]:
    """Yield what one side alone has: whole places, and single lines of places that both have."""
    places = {place for place, _ in other.lines}
    for place in dict.fromkeys(place for place, _ in one.lines):
        names = [what for where, what in one.lines if where == place]
        if place not in places and place:
            yield f"{place} ({wording.counted(len(names), one.noun)})"
            continue
        for what in names:
            if (place, what) not in other.lines:
                yield f"{place}: {what}" if place else what


def _settings(before: Side, after: Side) -> Iterator[str]:
    """Yield a line for each entry of provenance that differs, each once for all places."""
    places = [place for place in before.settings if place in after.settings]
    entries: dict[str, dict[str, list[str]]] = {}
    for place in places:
        one, two = (dict(wording.flat(side.settings[place])) for side in (before, after))
        for key in dict.fromkeys([*one, *two]):
            if key.startswith(RESULTS) or one.get(key) == two.get(key):
                continue
            words = _arrow(*(_value(values, key) for values in (one, two)))
            entries.setdefault(key, {}).setdefault(words, []).append(place)
    for key, values in entries.items():
        if len(values) == 1:
            (words,) = values
            yield f"{_setting(key)}: {words}"
        else:
            count = sum(map(len, values.values()))
            yield f"{_setting(key)}: differs in {count:,} of {len(places):,} representations"


def _value(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "absent"


def _setting(key: str) -> str:
    """Return words for an entry of provenance.

    Examples
    --------
    >>> _setting("random_state"), _setting("versions › numpy"), _setting("n_splits")
    ('seed', 'versions › numpy', 'partitions of the rows')
    """
    first, arrow, rest = key.partition(" › ")
    words = {"random_state": "seed", **wording.PROVENANCE}
    return words.get(first, first.replace("_", " ")) + arrow + rest
