"""Summary: what was audited, and one sentence for each claim; for several audits, a table first.

It is what a terminal shows by default. All numbers are in `verdicts`, on the page and in its JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from nullprobe._core.printable import plain_values
from nullprobe.report.text import wording
from nullprobe.report.text.claim_notes import rows_needed
from nullprobe.report.text.eraser_cost import eraser_tables
from nullprobe.report.text.rows import notes
from nullprobe.report.text.sources import sources
from nullprobe.report.text.terminal import costs, grid
from nullprobe.report.text.verdicts import HOLDS, MOST_NAMED, axes, conclusion, left_out, sizes
from nullprobe.report.text.wording import number

DRAWN = {"chance": "permuted labels", "random_subspaces": "random subspaces"}
WHOLE_SAMPLE = {"dependent", "one_direction"}  # claims about all rows at once, without a split
ERASED = {"erasure_holds", "no_halfspace", "gone", "transfers"}  # claims about erased rows
USUAL_WIDTH = 80  # columns of a terminal
LEGEND = (
    "Yes: the claim holds. No: it fails. Unclear: these data cannot decide, which is neither yes "
    "nor no."
)


def summary(
    documents: Sequence[Mapping[str, Any]], reasons: Mapping[str, str], more: str
) -> Iterator[RenderableType]:
    """Yield the parts of a summary.

    Parameters
    ----------
    documents : sequence of mapping
        Documents of audits.
    reasons : mapping of str to str
        Why claims were left out, by their names.
    more : str
        How to see the rest.
    """
    documents = plain_values(list(documents))
    first = documents[0]
    title, names = _names(documents)
    same = all(one["title"] == first["title"] for one in documents)
    yield Text(title, "bold")
    every = [one["provenance"] if same else {**one["provenance"], "classes": None}
             for one in documents]  # fmt: skip
    yield Text(" ".join(setup(every, names, _claims(documents))), "dim")
    yield ""
    if len(documents) == 1:
        yield _one(first["claims"], first["provenance"])
        for table in eraser_tables(first):
            yield ""
            yield costs(table)
    else:
        yield _table(names, documents)
        yield ""
        yield _across(names, documents)
    marks = [*_notes(documents), *left_out(reasons)]
    if marks:
        yield ""
        yield from marks
    yield ""
    yield Text(f"{LEGEND} {more}", "dim")


def _names(documents: Sequence[Mapping[str, Any]]) -> tuple[str, list[str]]:
    """Return the title of all documents, and a short name of each."""
    titles = list(dict.fromkeys(one["title"] for one in documents))
    names = [one["representation"] or one["title"] for one in documents]
    if len(documents) == 1:
        return wording.heading(titles[0], documents[0]["representation"]), names
    if len(titles) == 1:
        return titles[0], names
    if len(set(names)) < len(names):
        names = [wording.heading(one["title"], one["representation"]) for one in documents]
    return f"{len(documents)} audits", names


def setup(
    provenances: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    claims: Sequence[str] | None = None,
) -> Iterator[str]:
    """Yield what was audited and how, in sentences; only what applies to these claims, if any.

    Parameters
    ----------
    provenances : sequence of mapping
        Of the audits. All but their sizes is taken from the first.
    names : sequence of str
        Of the audits.
    claims : sequence of str, optional
    """
    provenance = provenances[0]
    yield f"{sizes(provenances, names)}."
    method: Mapping[str, Any] = provenance.get("method") or {}
    held_out = claims is None or not {*claims} <= WHOLE_SAMPLE
    erased = claims is None or bool({*claims} & ERASED)
    for key, applies in (("eraser", erased), ("probe", held_out)):
        if method.get(key) and applies:
            yield f"{key.capitalize()}: {method[key]}."
    if provenance.get("n_splits") and held_out:
        parts, many = len(provenance["splits"]["rows"]), provenance["n_splits"]
        times = "once" if many == 1 else f"{many} times"
        roles = "one trains the probe, one is scored"
        if erased and not provenance.get("eraser"):  # a given eraser was fitted to other rows
            roles = f"one fits the eraser, {roles}"
        yield f"Rows were split {times} into {parts} parts: {roles}, and they take turns."
    draws = provenance.get("draws") or provenance.get("random_subspaces")
    if draws:
        yield f"A p-value compares with up to {draws:,} draws: data where an explanation is true."
    yield (
        f"α = {provenance['alpha']:g}; an explanation that comes within "
        f"{provenance['min_effect']:g} of what was observed is enough for it."
    )


def _one(claims: Sequence[Mapping[str, Any]], provenance: Mapping[str, Any]) -> Table:
    """Return a sentence for each claim, its numbers, and what explains it."""
    shown = Table.grid(padding=(0, 2, 0, 0))
    shown.add_column(no_wrap=True)
    shown.add_column(no_wrap=True)
    shown.add_column(ratio=1)
    for claim in claims:
        words = Text.assemble(
            wording.sentence(conclusion(claim["reason"])), (f" {numbers(claim)}", "dim")
        )
        words.append(f" {axes(claim)}")
        if known := sources(claim, provenance.get("confounds", ())):
            words.append(f" {known}")
        if claim.get("rows_needed") is not None:
            words.append(f" {rows_needed(claim, provenance)}", "dim")
        for warning in claim.get("warnings", ()):
            words.append(f" Warning: {warning.rstrip('.')}.")
        name = Text(wording.claim_name(claim["name"]), "bold")
        shown.add_row(name, Text(claim["holds"], HOLDS[claim["holds"]]), words)
    return shown


def numbers(claim: Mapping[str, Any]) -> str:
    """Return the main numbers of a claim: what was observed, at chance, and its p-value.

    Examples
    --------
    >>> claim = {"metric": {"name": "AUC"}, "observed": 0.943, "interval": [0.91, 0.97]}
    >>> claim |= {"nulls": [{"rung": "chance", "mean": 0.5}], "p_value": 0.01, "adjusted_p": None}
    >>> numbers(claim)
    '(AUC 0.943, 95 % interval 0.910 to 0.970; permuted labels 0.500; p = 0.010)'
    """
    parts = [f"{claim['metric']['name']} {number(claim['observed'])}"]
    if claim["interval"] is not None:
        parts[0] += f", 95 % interval {wording.interval(claim['interval'])}"
    parts += [
        f"{_drawn(null['rung'], claim)} {number(null['mean'])}"
        for null in claim["nulls"][:1]
        if null["rung"] in DRAWN
    ]
    adjusted = claim["adjusted_p"] is not None
    p = claim["adjusted_p"] if adjusted else claim["p_value"]
    if p is not None:
        parts.append(f"{'adjusted ' if adjusted else ''}p = {wording.p_value(p)}")
    return f"({'; '.join(parts)})"


def _drawn(rung: str, claim: Mapping[str, Any]) -> str:
    return DRAWN[rung].replace("labels", "numbers" if claim["metric"]["name"] == "R²" else "labels")


def _claims(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of all claims, each once."""
    return list(dict.fromkeys(claim["name"] for one in documents for claim in one["claims"]))


def _verdicts(documents: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{claim["name"]: claim["holds"] for claim in one["claims"]} for one in documents]


def _table(names: Sequence[str], documents: Sequence[Mapping[str, Any]]) -> Table:
    """Return the verdicts as a table: a row for each audit, a column for each claim.

    Cells also hold what was observed, with its interval, if a usual terminal has room.
    """
    claims = _claims(documents)
    made = [{claim["name"]: claim for claim in one["claims"]} for one in documents]
    for form in (_interval, _observed, _holds):
        rows = [[form(of.get(claim)) for claim in claims] for of in made]
        heads = [
            wording.claim_name(claim) + (_metric(claim, made) if form is not _holds else "")
            for claim in claims
        ]
        columns = [list(names), *zip(heads, *rows, strict=True)]
        if sum(max(map(len, column)) + 1 for column in columns) <= USUAL_WIDTH:
            break
    cells = [[Text(text, HOLDS.get(text.partition(" ")[0], "")) for text in row] for row in rows]
    lines = [(name, *row) for name, row in zip(names, cells, strict=True)]
    return grid("", *lines, heads=heads, left=len(claims))


def _holds(claim: Mapping[str, Any] | None) -> str:
    return "·" if claim is None else claim["holds"]


def _observed(claim: Mapping[str, Any] | None) -> str:
    return _holds(claim) if claim is None else f"{claim['holds']} {number(claim['observed'])}"


def _interval(claim: Mapping[str, Any] | None) -> str:
    if claim is None or claim["interval"] is None:
        return _observed(claim)
    low, high = map(number, claim["interval"])
    return f"{_observed(claim)} [{low}, {high}]"


def _metric(name: str, made: Sequence[Mapping[str, Mapping[str, Any]]]) -> str:
    """Return the metric of a claim for the head of its column, if all audits have the same."""
    metrics = {of[name]["metric"]["name"] for of in made if name in of}
    return f", {metrics.pop()}" if len(metrics) == 1 else ""


def _across(names: Sequence[str], documents: Sequence[Mapping[str, Any]]) -> Table:
    """Return a sentence for each claim: its statement, and where it holds."""
    shown = Table.grid(padding=(0, 2, 0, 0))
    shown.add_column(no_wrap=True)
    shown.add_column(ratio=1)
    verdicts = _verdicts(documents)
    statements = {claim["name"]: claim["statement"] for one in documents for claim in one["claims"]}
    for claim, statement in statements.items():
        words = Text.assemble((f"{statement} ", "dim"))
        places = {
            holds: [
                name for name, held in zip(names, verdicts, strict=True) if held.get(claim) == holds
            ]
            for holds in HOLDS
        }
        count = sum(map(len, places.values()))
        parts = [(holds, where) for holds, where in places.items() if where]
        for position, (holds, where) in enumerate(parts):
            words.append("; " if position else "")
            words.append(holds if position else holds.capitalize(), HOLDS[holds])
            words.append(_where(where, count))
        words.append(".")
        shown.add_row(Text(wording.claim_name(claim), "bold"), words)
    return shown


def _where(places: Sequence[str], count: int) -> str:
    """Return in how many audits, and in which where these are few.

    Examples
    --------
    >>> _where(["a", "b"], 2), _where(["a"], 3)
    (' in all 2', ' in 1 of 3 (a)')
    """
    if len(places) == count:
        return f" in all {count:,}"
    named = f" ({', '.join(places)})" if len(places) <= MOST_NAMED else ""
    return f" in {len(places):,} of {count:,}{named}"


def _notes(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return notes about rows and features, each once."""
    every = (f"{what}: {text}" for one in documents for what, text in notes(one["provenance"]))
    return list(dict.fromkeys(every))
