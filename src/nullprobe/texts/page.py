"""Page: what the page of an audit of a model says before the verdicts at each site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from nullprobe.auditing.result import Audit
from nullprobe.claims import Claim
from nullprobe.report.figures.census import CONTROL, LEXICAL, census
from nullprobe.report.figures.layers import Reader
from nullprobe.report.pages.audits import More
from nullprobe.report.pages.picture import HALF, Picture, drawn, glyph, later, swatch
from nullprobe.report.pages.pictures import LAYERS
from nullprobe.report.text import tables, titles
from nullprobe.report.text.answer import ABOUT, CAME_OUT, TESTED, Lead
from nullprobe.report.text.wording import counted, number
from nullprobe.texts.conclusions import PLAUSIBLE, RANDOM_LAYERS, SOURCES, Beyond, Range
from nullprobe.texts.standing import Standing, Standings

GIVE_AWAY = "What gives the label away"
READ = "Numbers are what a linear probe reads on held-out texts."
LIKELY = "log-probabilities"
CENSUS = "layers-census"  # anchor of its picture


def lead(
    audits: Mapping[str, Audit], beyond: Mapping[str, Beyond], concept: str, standings: Standings
) -> Lead:
    """Return what the page says first."""
    sites = list(audits)
    read = [site for site in sites if audits[site]["readable"].holds == "yes"]
    came = f"A linear probe reads “{concept}” at {len(read)} of {len(sites)} sites" + (
        f" ({read[0]} to {read[-1]})." if read else "."
    )
    sources = [audits[site]["readable"].comes_from for site in read]
    about = " ".join(
        f"{SOURCES[source]} ({_share(sources.count(source), len(read))})."
        for source in dict.fromkeys(sources)
    )
    more = [beyond[site].outcome for site in read if site in beyond]
    about += "".join(
        f" {PLAUSIBLE[outcome]} ({_share(more.count(outcome), len(more))})."
        for outcome in dict.fromkeys(more)
        if outcome in PLAUSIBLE
    )
    if read and standings.sites:
        about += f" {standings.sentences[0]}"
    rows = audits[sites[0]].provenance["rows"]
    tested = (
        f"What can be read of “{concept}” in the states of a model at {len(sites)} sites, "
        f"in {rows:,} texts."
    )
    return [(TESTED, tested), (CAME_OUT, came), (ABOUT, about or "Nothing is read.")]


def conclusions(
    audits: Mapping[str, Audit],
    beyond: Mapping[str, Beyond],
    ranges: Sequence[Range],
    reasons: Iterable[str],
) -> tables.Table:
    """Return a row for each range of layers."""
    sites, columns, rows = list(audits), ["layers", "states"], []
    for one in ranges:
        inside = sites[sites.index(one.first) : sites.index(one.last) + 1]
        cells = [_ends(audits[site]["readable"].observed for site in inside)]
        if beyond:
            cells.append(_ends(beyond[site].plausible for site in inside))
        # In one cell, since names of sites have no blank to be broken at.
        where = one.first if one.first == one.last else f"{one.first} to {one.last}"
        rows.append((where, *cells, one.text))
    if beyond:
        columns.append(LIKELY)
    return tables.Table(
        "What to conclude, for each range of layers",
        (*columns, "conclusion"),
        tuple(rows),
        note=" ".join(filter(None, [READ, *reasons])),
    )


def give_away(sentences: Sequence[str]) -> tables.Table:
    """Return what on the surface of the texts goes with the label."""
    rows = tuple((one,) for one in sentences)
    return tables.Table(GIVE_AWAY, ("on the surface of the texts",), rows)


def more(audits: Mapping[str, Audit], beyond: Mapping[str, Beyond], standings: Standings) -> More:
    """Return further readers and pictures: plausibility, the census and control tasks."""
    readers = list(_readers([one["readable"] for one in audits.values()]))
    if beyond:
        values = tuple(beyond[site].plausible if site in beyond else None for site in audits)
        readers.insert(0, Reader(LIKELY, "corpus", values))
    return More({"readable": readers}, partial(_pictures, standings))


def _readers(claims: Sequence[Claim]) -> Iterator[Reader]:
    """Yield the simpler readers of each layer, those of one kind as the one that reads most."""
    kinds: dict[str, list[str]] = {}
    sources = {one.name: one.rung for claim in claims for one in claim.beside}
    for name, source in sources.items():
        alone = source == "inputs" and name in ("mean embedding", RANDOM_LAYERS)
        of_source = "untrained networks" if source == "architecture" else "texts without a model"
        kinds.setdefault(name if alone else of_source, []).append(name)
    for kind, names in kinds.items():
        values = [[one.value for one in claim.beside if one.name in names] for claim in claims]
        highest = tuple(max(each) if each else None for each in values)
        title = kind if len(names) == 1 and kind == names[0] else f"{kind}: highest of {len(names)}"
        yield Reader(title, sources[names[0]], highest)


def _pictures(standings: Standings, data: dict[str, Any]) -> list[Picture]:
    if not standings.sites:
        return []
    rows = [asdict(one) for one in standings.sites]
    svg, notes = drawn(CENSUS, (HALF, LAYERS), partial(census, rows))
    table = later(standings.table(), f"{CENSUS} table", data)
    entries = [glyph("●", "ink", "the concept, with its 95 % interval"), *_entries(standings.sites)]
    text = " ".join(standings.sentences)
    return [Picture(CENSUS, titles.CENSUS, text, svg, [text, *notes], entries, table)]


def _entries(sites: Sequence[Standing]) -> Iterator[dict[str, str]]:
    most = max(one.n_lexical for one in sites)
    if most:
        name = f"{counted(most, 'lexical concept')}: 90 % of them, and their median"
        yield swatch("faint", LEXICAL, name)
    if any(one.control is not None for one in sites):
        yield glyph("□", CONTROL, "random labels of words (control tasks), mean")


def _ends(values: Iterable[float]) -> str:
    """Return the smallest and the largest of some values."""
    low, *_, high = [number(one) for one in sorted([*values] * 2)]
    return low if low == high else f"{low} to {high}"


def _share(count: int, of: int) -> str:
    """Return in words how many of the sites where the concept is read."""
    if count == of:
        return "at all of these" if of > 1 else "there"
    return f"at {count} of these {of}"
