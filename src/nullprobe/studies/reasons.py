"""Reasons: what a study says of a verdict: its sentence, its numbers, and where it comes from."""

from __future__ import annotations

from nullprobe.claims import sentences
from nullprobe.claims.explanations import ComesFrom
from nullprobe.claims.verdict import Claim, Holds
from nullprobe.studies.rules import SOURCES, Rule

# Where the measurement comes from, in words.
ORIGINS = {
    ComesFrom.INPUTS: "It comes from the inputs: they alone give as much.",
    ComesFrom.ARCHITECTURE: "It comes from the architecture: an untrained model gives as much.",
    ComesFrom.CORPUS: "It comes from the corpus: its exact predictor gives as much.",
    ComesFrom.TRAINING: "It comes from training: neither the inputs, nor an untrained model, nor "
    "an exact predictor that was measured gives as much.",
    ComesFrom.UNDECIDED: "Where it comes from is undecided.",
    ComesFrom.NOT_TRIED: "",
}


def origin(claim: Claim) -> str:
    """Return where a measurement comes from, as a sentence; "" unless the claim holds."""
    return ORIGINS[claim.comes_from] if claim.holds is Holds.YES else ""


def number(value: float) -> str:
    """Return a number as text.

    Examples
    --------
    >>> number(0.5), number(-5.8e-19)
    ('0.500', '0')
    """
    return sentences.number(0.0 if abs(value) < 1e-12 else value)


def reason(rule: Rule, claim: Claim, what: str, nothing: str = "", *, pairs: int) -> str:
    """Return the sentence of the verdict, then its numbers.

    Parameters
    ----------
    rule : Rule
    claim : Claim
        The verdict without its reason.
    what : str
        What was observed.
    nothing : str
        Why there is nothing that the claim could be about, as a sentence.
    pairs : int
        Contrasts that were judged together.
    """
    ends = ""
    if claim.interval:
        low, high = map(number, claim.interval)
        together = f", simultaneous for {pairs} pairs of levels" if pairs > 1 else ""
        ends = f" (95 % interval{together} {low} to {high})"
    m = int(claim.details["seeds"])
    numbers = f"{what}: {number(claim.observed)}{ends} over {m} seed{'s' if m > 1 else ''}."
    simpler = [f"{name} {number(claim.details[name])}" for name in SOURCES if name in claim.details]
    if simpler:
        numbers += f" Simpler explanations give: {', '.join(simpler)}."
    if claim.p_value is not None:
        numbers += f" Draws within the models: p = {claim.p_value:.2g}."
    parts = [f"{rule.sentences[claim.holds.value].rstrip('.')}.", numbers, nothing, origin(claim)]
    return " ".join(filter(None, parts))
