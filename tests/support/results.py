"""Results of every kind, made by hand, as objects that write and read files."""

from support import comparisons, documents, saved_results

from nullprobe import (
    Attributes,
    Audit,
    Calibration,
    Comparison,
    Layers,
    ModelAudit,
    Outcome,
    SameConcept,
)
from nullprobe.auditing.attributes_result import PARTS, PLACE
from nullprobe.auditing.calibration import Judged
from nullprobe.comparing.pair_result import PairComparison
from nullprobe.report.audit_document import AuditDocument
from nullprobe.report.comparison_documents import PairComparisonDocument
from nullprobe.report.same_concept_document import SameConceptDocument
from nullprobe.studies import StudyResult, run, study
from nullprobe.texts.conclusions import Beyond
from nullprobe.texts.standing import Standing, Standings


def audit(**changes):
    return Audit.from_document(AuditDocument.model_validate(documents.sample(**changes)))


def layers():
    each = map(AuditDocument.model_validate, saved_results.layers())
    return Layers({one.representation: Audit.from_document(one) for one in each})


def attributes():
    places = [("alone", "sex"), ("alone", "age"), ("jointly", "sex and age"),
              ("after_joint_eraser", "sex"), ("after_joint_eraser", "age")]  # fmt: skip
    assert {part for part, _ in places} == set(PARTS)
    return Attributes.of_audits([
        audit(title=f"{part} {name}", provenance={PLACE: {"part": part, "attribute": name}})
        for part, name in places
    ])  # fmt: skip


def same_concept():
    return SameConcept.from_document(
        SameConceptDocument.model_validate(saved_results.same_concept())
    )


def pair_comparison():
    return PairComparison.from_document(
        PairComparisonDocument.model_validate(saved_results.pairs())
    )


def calibration():
    verdicts = {"yes": 4, "no": 90, "unclear": 6}
    judged = (
        Judged("nothing", "readable", 100, 4, verdicts),
        Judged("moments", "gone", 0, 0, {}),
    )
    return Calibration(judged, 0.05, {"too few rows": 3}, {"moments": "classes are too small"})


def model_audit():
    judged = layers()
    gains = {site: Beyond(0.8, 0.7, (0.05, 0.15), Outcome.REJECTED) for site in judged}
    standings = Standings(
        tuple(
            Standing(site, 0.8, (0.7, 0.9), 2, 3, (0.5, 0.7, 0.95), 0.75, 0.05, (-0.1, 0.2))
            for site in judged
        ),
        ("Truth is read better than 2 of 3 lexical concepts.",),
    )
    surface = ("the word 'not': in 2 rows",)
    return ModelAudit(
        judged, "truth", "statements", gains, "", {}, {}, "None.", surface, "", standings
    )


def study_result():
    @study(question="Does it double?", unit="size", factors={"size": (1, 2)}, name="doubling",
           doubts=("It halves.",))  # fmt: skip
    def doubling(cell, seed, budget):
        return {"model": 2.0 * cell.size + seed / 100, "corpus": 2.0 * cell.size + seed / 90}

    return run(doubling, seeds=3)


MADE = {
    Audit: audit,
    Layers: layers,
    Attributes: attributes,
    SameConcept: same_concept,
    Comparison: comparisons.sample,
    PairComparison: pair_comparison,
    Calibration: calibration,
    ModelAudit: model_audit,
    StudyResult: study_result,
}
