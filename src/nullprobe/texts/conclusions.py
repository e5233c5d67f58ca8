"""Conclusions: what to conclude from an audit of layers, one sentence or two for each range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from nullprobe.auditing.result import Audit
from nullprobe.claims import Claim, ComesFrom, Holds, Outcome
from nullprobe.report.text.wording import number

RANDOM_LAYERS = "trained embeddings, random layers"  # name of this baseline
READ = {
    Holds.YES: "A linear probe reads “{}”",
    Holds.NO: "A linear probe does not read “{}”",
    Holds.UNCLEAR: "These rows cannot decide whether a linear probe reads “{}”",
}
SOURCES = {
    ComesFrom.INPUTS: "The inputs alone explain it",
    ComesFrom.ARCHITECTURE: "Untrained networks read as much",
    ComesFrom.CORPUS: "The corpus alone explains it",
    ComesFrom.TRAINING: "Neither the inputs that were tried nor untrained networks explain it",
    ComesFrom.UNDECIDED: "These rows cannot decide where it comes from",
    ComesFrom.NOT_TRIED: "Where it comes from was not tried",
}
PLAUSIBLE = {
    Outcome.SUFFICIENT: "How likely the model finds each text is enough to read it as well",
    Outcome.REJECTED: "A linear probe of how likely the model finds each text reads less",
    Outcome.UNDECIDED: (
        "These rows cannot decide whether a linear probe of how likely each text is reads less"
    ),
}
ERASED = {
    Holds.YES: "After an eraser that was fitted to other rows, a fresh probe reads nothing",
    Holds.NO: "After an eraser that was fitted to other rows, a fresh probe still reads {read}",
}


@dataclass(frozen=True)
class Beyond:
    """What a probe of a layer reads beyond how likely the model finds each text.

    Attributes
    ----------
    observed, plausible : float
        What a probe of the states reads, and a probe of the log-probabilities.
    gain : tuple of two floats or None
        Interval of the difference, row by row.
    outcome : Outcome
        Whether the log-probabilities explain what is read.
    """

    observed: float
    plausible: float
    gain: tuple[float, float] | None
    outcome: Outcome


@dataclass(frozen=True)
class Range:
    """Layers in a row with the same verdicts.

    Attributes
    ----------
    first, last : str
        Sites.
    text : str
        What to conclude.
    """

    first: str
    last: str
    text: str


def ranges(
    audits: Mapping[str, Audit], beyond: Mapping[str, Beyond], concept: str
) -> tuple[Range, ...]:
    """Return what to conclude for each range of layers.

    Parameters
    ----------
    audits : mapping of str to Audit
        By site, in the order of the layers; each judges `readable`.
    beyond : mapping of str to Beyond
        By site; empty if plausibility was not compared.
    concept : str
        Name of the concept.
    """

    def verdicts(site: str) -> tuple[Any, ...]:
        claims = {claim.name: claim for claim in audits[site]}
        read, erased = claims["readable"], claims.get("erasure_holds")
        if read.holds is not Holds.YES:
            return (read.holds,)
        more = beyond[site].outcome if site in beyond else None
        return read.holds, read.comes_from, more, erased and erased.holds

    concluded: list[Range] = []
    for _, each in groupby(audits, key=verdicts):
        sites = list(each)
        concluded.append(
            Range(sites[0], sites[-1], " ".join(_sentences(audits, beyond, concept, sites)))
        )
    return tuple(concluded)


def _sentences(
    audits: Mapping[str, Audit], beyond: Mapping[str, Beyond], concept: str, sites: Sequence[str]
) -> Iterator[str]:
    """Yield what to conclude for sites with the same verdicts."""
    claims = [audits[site]["readable"] for site in sites]
    one = claims[0]
    yield f"{READ[one.holds].format(concept)} ({_values(claims)})."
    if one.holds is not Holds.YES:
        return
    yield f"{SOURCES[one.comes_from]}."
    if sites[0] in beyond and beyond[sites[0]].outcome in PLAUSIBLE:
        yield f"{PLAUSIBLE[beyond[sites[0]].outcome]}."
    erased = [c for site in sites for c in audits[site] if c.name == "erasure_holds"]
    if erased and erased[0].holds in ERASED:
        yield f"{ERASED[erased[0].holds].format(read=_values(erased))}."


def _values(claims: Sequence[Claim]) -> str:
    """Return the smallest and largest observation, with the name of the metric."""
    values = sorted(claim.observed for claim in claims)
    low, high = number(values[0]), number(values[-1])
    return f"{claims[0].metric.name} {low}" + ("" if low == high else f" to {high}")
