"""Saved results of every kind, made by hand, as documents."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from support import comparisons, documents

from nullprobe import Audit, SameConcept
from nullprobe.auditing.same_concept_result import Read
from nullprobe.claims import Holds
from nullprobe.comparing.pair_result import Agreement, PairComparison, Reader
from nullprobe.report.audit_document import AuditDocument

OLD = Path(__file__).parents[1] / "auditing" / "data"  # written by version 2


def layers(title="a model"):
    """Return documents of three representations, of which the last has other verdicts."""
    found = documents.layers(3)
    readable = replace(
        documents.claims()[0], holds=Holds.NO, explanations=documents.unclear(), observed=0.52,
        interval=(0.48, 0.56), p_value=0.4,
    )  # fmt: skip
    last = documents.sample(
        title, claims=[readable, *documents.claims()[1:]], provenance=found[2]["provenance"],
        representation="layer 2",
    )  # fmt: skip
    return [*found[:2], last]


def third():
    """Return a document of an audit of version 3."""
    found = documents.sample()
    for written in found["claims"]:
        for key in ("takes", "comes_from", "explanations", "adjusted_p"):
            del written[key]
        written["fact_about"] = "representation"
        for null in written["nulls"]:
            null["over_representations"] = null.pop("adjusted_p") is not None
            del null["p_interval"]
    return {**found, "schema": "nullprobe.audit/3"}


def same_concept(names=("first", "second"), holds=Holds.NO):
    """Return a document of a comparison of two sets of labels."""
    readable, *_ = documents.claims()
    about = documents.sample(
        "first and second", claims=[replace(readable, name="dependent"), readable]
    )
    crossed = {
        (one, two): Read(0.9 - 0.1 * (one != two), "AUC", 0.5, np.empty(0), ends=(0.7, 0.95))
        for one in names for two in names
    }  # fmt: skip
    audit = Audit.from_document(AuditDocument.model_validate(about))
    return SameConcept(holds, 0.9, 0.8, 12, crossed, audit).document().plain()


def pairs(title="pairs", labels=("truth", "length")):
    """Return a document of a comparison of readers of pairs."""
    right = np.arange(60) % 5 > 0
    rows = tuple(
        Reader(name, f"{name}()", name == "with labels", {
            label: Agreement.of(right, None if name == "with labels" else 0.01) for label in labels
        })
        for name in ("CCS", "with labels")
    )  # fmt: skip
    random = {label: np.linspace(0.4, 0.7, 50) for label in labels}
    provenance = {"random_state": 0, "pairs": 60, "features": 4, "versions": {"numpy": "2"}}
    return PairComparison(title, labels, rows, random, provenance).document().plain()


KINDS = {
    "an audit": documents.sample,
    "layers": layers,
    "an audit of version 3": third,
    "same concept": same_concept,
    "a comparison": lambda: comparisons.sample().document().plain(),
    "a comparison of pairs": pairs,
}


@cache
def _text(kind):
    return json.dumps(KINDS[kind]())


def made(kind):
    """Return a document of a kind, which a test may change."""
    return json.loads(_text(kind))


def save(path, content):
    """Write a document, or a list of several; return the path as text."""
    Path(path).write_text(json.dumps(content), "utf-8")
    return str(path)
