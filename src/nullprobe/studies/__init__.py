"""Studies: language models trained on corpora whose truth is known."""

from nullprobe.studies.definition import Budget, Cell, Measured, Study, study
from nullprobe.studies.result import StudyResult
from nullprobe.studies.rollouts import rollout
from nullprobe.studies.rules import Placebo, Rule
from nullprobe.studies.running import run
from nullprobe.studies.training import train

__all__ = [
    "Budget",
    "Cell",
    "Measured",
    "Placebo",
    "Rule",
    "Study",
    "StudyResult",
    "rollout",
    "run",
    "study",
    "train",
]
