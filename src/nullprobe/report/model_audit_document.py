"""Document of an audit of a model's texts, layer by layer."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nullprobe.report.audit_document import AuditDocument
from nullprobe.report.document import Document, Pair, Text, Triple, doc

MODEL_AUDIT = "nullprobe.model_audit/1"


class RangeDocument(Document):
    """Layers in a row with the same verdicts."""

    first: str = doc("First site.")
    last: str = doc("Last site.")
    text: Text = doc("What to conclude of them.")


class BeyondDocument(Document):
    """What a probe of a layer reads beyond how likely the model finds each text."""

    site: str = doc("Site.")
    observed: float = doc("What a probe of the states reads.")
    plausible: float = doc("What a probe of the log-probabilities reads.")
    gain: Pair | None = doc("Interval of the difference, row by row.")
    outcome: Literal["sufficient", "rejected", "undecided", "not_tried"] = doc(
        "Whether the log-probabilities explain what is read."
    )


class ChosenDocument(Document):
    """A layer that the costly claims were judged at."""

    site: str = doc("Site.")
    read: float = doc("What a probe read there in the rows that were used to choose.")


class StandingDocument(Document):
    """Where the concept stands at a site among lexical concepts and control tasks."""

    site: str = doc("Site.")
    auc: float = doc("Held-out AUC of the concept, fitted to four fifths of the texts.")
    interval: Pair = doc("95 % interval of it.")
    n_below: int = doc("Number of lexical concepts that are read worse.")
    n_lexical: int = doc("Number of lexical concepts.")
    lexical: Triple | None = doc(
        "5 % quantile, median and 95 % quantile of the AUC of lexical concepts."
    )
    control: float | None = doc("Mean AUC of control tasks.")
    selectivity: float | None = doc("AUC of the concept minus that mean.")
    selectivity_interval: Pair | None = doc("95 % interval of it.")


class ModelAuditDocument(Document):
    """The verdicts on the states of a model at each layer."""

    schema_: Literal["nullprobe.model_audit/1"] = Field(
        alias="schema", description="Name and version of the format."
    )
    title: str = doc("Name of the texts and the model.")
    concept: str = doc("Name of the concept.")
    conclusions: Annotated[list[RangeDocument], Field(min_length=1)] = doc(
        "What to conclude, for each range of layers."
    )
    beyond: list[BeyondDocument] = doc("Comparison with plausibility; empty if it was not made.")
    beyond_reason: str = doc("Why there is no comparison with plausibility; empty if there is one.")
    chosen: list[ChosenDocument] = doc("Layers of the costly claims.")
    chosen_reason: str = doc("How these were chosen, or why there are none.")
    give_away: list[Text] = doc("What on the surface of the texts goes with the label.")
    give_away_reason: str = doc("Why that was not searched; empty if it was.")
    census: list[StandingDocument] = doc(
        "Where the concept stands at each site among other labels of the texts; may be empty."
    )
    census_sentences: list[Text] = doc("What to conclude from that.")
    census_reason: str = doc("Why no other labels were read; empty if they were.")
    audits: Annotated[list[AuditDocument], Field(min_length=1)] = doc("The verdicts by layer.")

    @model_validator(mode="after")
    def _names_its_sites(self) -> Self:
        sites = [one.representation for one in self.audits]
        named = [one.first for one in self.conclusions] + [one.last for one in self.conclusions]
        named += [one.site for one in (*self.beyond, *self.chosen, *self.census)]
        if unknown := [name for name in named if name not in sites]:
            raise ValueError(f"{unknown[0]!r} is not a site of the audits")
        return self
