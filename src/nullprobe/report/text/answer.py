"""Answer: what a page says first, of what was tested, what came out, and what it is a fact about.

Each is one sentence or two, without a number that the list of claims below has not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nullprobe.report.text import rungs, wording
from nullprobe.report.text.wording import number

Lead = Sequence[tuple[str, str]]  # what is answered, and the answer
TESTED, CAME_OUT, ABOUT = "Tested", "Came out", "A fact about"
# What was observed of each claim: where the claim holds, and where it does not.
FINDINGS: dict[str, tuple[str, str]] = {
    "dependent": ("the representation depends on the concept", "no dependence was found"),
    "readable": ("a linear probe reads the concept{read}", "no linear probe reads it"),
    "one_direction": (
        "on the same rows, erasing leaves a linear probe nothing",
        "on the same rows, erasing leaves something",
    ),
    "erasure_holds": (
        "after erasure, no fresh linear probe reads it on new rows",
        "after erasure, a fresh linear probe still reads it on new rows{read}",
    ),
    "no_halfspace": (
        "after erasure, no linear classifier is accurate on new rows",
        "after erasure, a linear classifier fitted for accuracy still reads it on new rows{read}",
    ),
    "one_feature": (
        "removing direction after direction lowers the reading as expected",
        "removing direction after direction lowers the reading in another way than expected",
    ),
    "few_features": (
        "few features read as well as all",
        "few features read less than all",
    ),
    "gone": (
        "after erasure, no nonlinear reader reads it",
        "after erasure, a nonlinear reader still reads it{read}",
    ),
    "transfers": (
        "what is read and erased carries over to other groups",
        "what is read or erased does not carry over to other groups",
    ),
    "consistent": ("CCS finds the concept without labels", "CCS does not find the concept"),
    "used": ("the model uses the concept", "that the model uses the concept was not shown"),
}
# The same in two or three words, next to a verdict.
MEANINGS: dict[str, tuple[str, str]] = {
    "readable": ("it is read", "it is not read"),
    "one_direction": ("nothing is left there", "something is left"),
    "erasure_holds": ("it is not read any more", "it is still read"),
    "no_halfspace": ("none is accurate", "one is still accurate"),
    "one_feature": ("as expected", "not as expected"),
    "few_features": ("few suffice", "few do not suffice"),
    "gone": ("it is not read any more", "it is still read"),
    "transfers": ("it carries over", "it does not carry over"),
    "used": ("it is used", "use was not shown"),
}
# What a verdict explains, as the subject of a sentence.
SUBJECTS = {
    "readable": "what the probe reads",
    "one_direction": "that nothing is left on the same rows",
    "erasure_holds": "what a fresh linear probe reads after erasure",
    "no_halfspace": "what a linear classifier reads after erasure",
    "one_feature": "how fast the reading falls",
    "few_features": "what few features read",
    "gone": "what a nonlinear reader reads after erasure",
    "transfers": "what carries over",
    "consistent": "what CCS finds",
    "used": "what erasing changes in the model",
}
MOST_FINDINGS = 4  # findings of one sentence
FIRST = ("used", "consistent", "readable", "one_direction", "gone", "no_halfspace",
         "erasure_holds", "transfers", "one_feature", "few_features",
         "dependent")  # fmt: skip
MOST_NAMED = 2  # classes that a sentence names


def answer(documents: Sequence[Mapping[str, Any]], name: str) -> list[tuple[str, str]]:
    """Return the three answers, each with what it answers.

    Parameters
    ----------
    documents : sequence of mapping
        Of one audit, or of several representations of the same rows.
    name : str
        Of what was audited.

    Examples
    --------
    >>> readable = {"name": "readable", "holds": "yes", "takes": "moments", "nulls": []}
    >>> readable |= {"comes_from": "inputs", "observed": 0.9, "explanations": []}
    >>> readable |= {"metric": {"name": "AUC", "chance": 0.5}}
    >>> one = {"claims": [readable], "concept": "numeric", "provenance": {}}
    >>> for what, text in answer([one], "A world"):
    ...     print(f"{what}: {text}")
    Tested: What can be read of the concept, a number, in “A world”.
    Came out: A linear probe reads the concept (AUC 0.900).
    A fact about: Class means and covariances alone explain what the probe reads. It comes from \
the inputs.
    """
    return [
        (TESTED, _tested(documents[0], name, len(documents))),
        (CAME_OUT, _came_out(documents)),
        (ABOUT, _about(documents)),
    ]


def _tested(document: Mapping[str, Any], name: str, count: int) -> str:
    names = {claim["name"] for claim in document["claims"]}
    classes = list(document["provenance"].get("classes") or ())
    if document["concept"] == "numeric":
        concept = "of the concept, a number,"
    elif 0 < len(classes) <= MOST_NAMED:
        concept = f"of the concept (“{'” or “'.join(classes)}”)"
    else:
        concept = f"of the concept ({len(classes):,} classes)"
    where = f"in “{name}”" if count == 1 else f"in each of {count} representations of “{name}”"
    method: Mapping[str, Any] = document["provenance"].get("method") or {}
    eraser = str(method.get("eraser") or "").partition(",")[0]
    erased = names - {"dependent", "readable", "consistent", "used"}
    left = f", and what is left once {eraser or 'an eraser'} has removed it" if erased else ""
    used = ", and whether the model uses it" if "used" in names else ""
    return f"What can be read {concept} {where}{left}{used}."


def _came_out(documents: Sequence[Mapping[str, Any]]) -> str:
    if len(documents) > 1:
        return " ".join(_of_many(documents))
    claims = {claim["name"]: claim for claim in documents[0]["claims"]}
    findings = [_finding(claims[name]) for name in FIRST if name in claims]
    sentences = [text for text in findings if text][:MOST_FINDINGS]
    open_ = [
        wording.claim_name(name) for name, claim in claims.items() if claim["holds"] == "unclear"
    ]
    text = f"{wording.sentence('; '.join(sentences))}." if sentences else ""
    unclear = f"These rows cannot decide: {', '.join(open_)}." if open_ else ""
    return " ".join(part for part in (text, unclear) if part)


def _finding(claim: Mapping[str, Any]) -> str:
    if claim["holds"] == "unclear":
        return ""
    value = f" ({claim['metric']['name']} {number(claim['observed'])})"
    holds, fails = FINDINGS[claim["name"]]
    return (holds if claim["holds"] == "yes" else fails).format(read=value)


def meaning(claim: Mapping[str, Any]) -> str:
    """Return what a verdict means in two or three words; "" for one that is unclear.

    Examples
    --------
    >>> meaning({"name": "gone", "holds": "no"}), meaning({"name": "gone", "holds": "unclear"})
    ('it is still read', '')
    """
    holds, fails = MEANINGS.get(claim["name"], ("", ""))
    return {"yes": holds, "no": fails}.get(claim["holds"], "")


def _of_many(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each claim: what came out, and in how many representations."""
    names = list(dict.fromkeys(claim["name"] for one in documents for claim in one["claims"]))
    for name in (name for name in FIRST if name in names):
        held = [c["holds"] for one in documents for c in one["claims"] if c["name"] == name]
        holds, fails = (text.format(read="") for text in FINDINGS[name])
        counts = ((holds, held.count("yes")), (fails, held.count("no")))
        parts = [f"{text} in {count:,} of {len(held):,}" for text, count in counts if count]
        unclear = held.count("unclear")
        if not parts:
            yield f"{wording.claim_name(name)} is unclear in all {len(held):,}."
        else:
            more = f" ({unclear:,} unclear)" if unclear else ""
            yield f"{wording.sentence('; '.join(parts))}{more}."


def _about(documents: Sequence[Mapping[str, Any]]) -> str:
    """Say what explains the findings, by rungs, and where it comes from."""
    if len(documents) > 1:
        return " ".join(_about_many(documents))
    by_rung: dict[str, list[str]] = {}
    claims = [claim for claim in documents[0]["claims"] if claim["name"] in SUBJECTS]
    for claim in claims:
        rung = rungs.takes(claim)
        if rung.height:
            by_rung.setdefault(rung.key, []).append(SUBJECTS[claim["name"]])
    order = [rung.key for rung in rungs.RUNGS if rung.key in by_rung]
    sentences = [
        wording.sentence(rungs.EXPLAINS[key].format(_listed(by_rung[key]))) for key in order
    ]
    return " ".join([*sentences, _sources(claims)]) if claims else "No explanation was tried."


def _about_many(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each claim that is a reading: what explains it, and in how many."""
    for name in ("readable", "erasure_holds", "no_halfspace", "gone"):
        claims = [c for one in documents for c in one["claims"] if c["name"] == name]
        shown = [
            claim for claim in claims if claim["holds"] == ("yes" if name == "readable" else "no")
        ]
        takes = [rungs.takes(claim) for claim in shown]
        parts = [
            f"{rung.name} in {takes.count(rung):,}" for rung in dict.fromkeys(takes) if rung.height
        ]
        if parts:
            parts[0] += f" of {len(claims):,}"
            yield f"{wording.sentence(SUBJECTS[name])} takes {', '.join(parts)}."
        if name == "readable" and shown:
            yield _origins([claim["comes_from"] for claim in shown], len(claims))


def _origins(sources: Sequence[str], count: int) -> str:
    if set(sources) == {"not_tried"}:
        return _sources([{"comes_from": "not_tried"}])
    parts = [
        f"undecided in {sources.count(key):,}"
        if key == "undecided"
        else f"not tried in {sources.count(key):,}"
        if key == "not_tried"
        else f"from {rungs.SOURCES[key][0]} in {sources.count(key):,}"
        for key in dict.fromkeys(sources)
    ]
    parts[0] += f" of {count:,}"
    return f"Where it comes from: {', '.join(parts)}."


def _sources(claims: Sequence[Mapping[str, Any]]) -> str:
    """Say where what is read comes from."""
    sources = list(dict.fromkeys(claim["comes_from"] for claim in claims))
    known = [rungs.SOURCES[key][0] for key in sources if key not in ("not_tried", "undecided")]
    if known:
        return f"It comes from {_listed(known)}."
    if "undecided" in sources:
        return "Where it comes from is undecided."
    return "Where it comes from was not tried: no baseline and no untrained model was passed."


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
