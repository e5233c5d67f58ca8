"""Document of a calibration: how often verdicts were wrong on rows with a known answer."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nullprobe.report.document import Count, Document, Number, Pair, Text, doc

CALIBRATION = "nullprobe.calibration/1"


class JudgedDocument(Document):
    """Verdicts on one claim, for data of one truth."""

    truth: Literal["nothing", "moments"] = doc("What is true of the data.")
    claim: Text = doc("Name of the claim.")
    audits: int = doc("Audits that ended in a verdict.", ge=0)
    wrong: int = doc("Wrong verdicts.", ge=0)
    rate: Number = doc("Share of wrong verdicts; null without audits.")
    interval: Pair = doc("95 % interval of the rate (Clopper and Pearson).")
    verdicts: dict[Literal["yes", "no", "unclear"], int] = doc("Number of each verdict.")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.wrong > self.audits:
            raise ValueError("wrong must be at most audits")
        if sum(self.verdicts.values()) != self.audits:
            raise ValueError("verdicts must add up to audits")
        return self


class CalibrationDocument(Document):
    """How often verdicts were wrong."""

    schema_: Literal["nullprobe.calibration/1"] = Field(
        alias="schema", description="Name and version of the format."
    )
    alpha: Annotated[float, Field(gt=0, lt=1)] = doc("Significance level of the audits.")
    judged: list[JudgedDocument] = doc("Rates, by truth and claim.")
    refused: dict[str, Count] = doc("Number of audits that were refused, by reason.")
    not_tried: dict[str, str] = doc("Truths for which no data could be made, and why.")
    conclusion: Text = doc("What to conclude.")
