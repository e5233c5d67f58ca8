"""Sources: which baseline or confound explains a reading, by name, and which does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_NAMED = 4  # confounds in a sentence
KINDS = {"inputs": "baseline", "architecture": "untrained network", "corpus": "corpus"}
BECAME = {
    "sufficient": ("explains it", "explain it"),
    "rejected": ("does not explain it", "do not explain it"),
    "undecided": ("leaves it open", "leave it open"),
}


def sources(claim: Mapping[str, Any], confounds: Sequence[str] = ()) -> str:
    """Return a sentence on the baselines and confounds of a claim that holds, or "".

    Parameters
    ----------
    claim : mapping
        Of a document.
    confounds : sequence of str
        Names of the confounds of the audit.

    Examples
    --------
    >>> tried = [{"name": "inputs", "outcome": "rejected"}]
    >>> claim = {"holds": "yes", "explanations": tried, "beside": []}
    >>> sources(claim, ["length"])
    'The confound “length” does not explain it.'
    """
    if claim["holds"] != "yes":
        return ""
    outcomes: dict[str, list[tuple[str, str]]] = {}
    for kind, name, outcome in _judged(claim, confounds):
        outcomes.setdefault(outcome, []).append((kind, name))
    parts: list[str] = []
    for outcome, (singular, plural) in BECAME.items():
        who = outcomes.get(outcome, [])
        if who:
            many = len(who) > 1 or who[0][0] == "confounds"
            named = " and ".join(f"the {kind} {name}" for kind, name in who)
            parts.append(f"{named} {plural if many else singular}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _judged(claim: Mapping[str, Any], confounds: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, the name and the outcome of each source that was tried.

    Explanations stand in the order of the baselines, and the confounds come last.
    """
    names = {kind: [b["name"] for b in claim.get("beside", ()) if b["rung"] == kind]
             for kind in KINDS}  # fmt: skip
    for one in claim.get("explanations", ()):
        if one["name"] not in KINDS or one["outcome"] not in BECAME:
            continue
        if names[one["name"]]:
            yield KINDS[one["name"]], f"“{names[one['name']].pop(0)}”", one["outcome"]
        elif one["name"] == "inputs" and confounds:
            kind = "confound" if len(confounds) == 1 else "confounds"
            listed = ", ".join(f"“{name}”" for name in confounds[:MOST_NAMED])
            more = ", ..." if len(confounds) > MOST_NAMED else ""
            yield kind, f"{listed}{more}", one["outcome"]
