"""Titles: the one question that each picture answers."""

from __future__ import annotations

LADDERS = {
    "dependent": "Is the dependence stronger than with permuted labels?",
    "readable": "Does the probe read more than each explanation gives?",
    "one_direction": "Is anything left on the same rows?",
    "erasure_holds": "Does a fresh probe read more than each explanation gives?",
    "no_halfspace": "Is a linear classifier more accurate than each explanation gives?",
    "one_feature": "Does the reading fall in another way than each explanation gives?",
    "few_features": "Do few features read more than each explanation gives?",
    "gone": "Does a nonlinear reader read more than each explanation gives?",
    "transfers": "Does it carry over less than each explanation gives?",
    "consistent": "Does CCS agree with the labels more often than by chance?",
    "used": "Does erasing the concept change more than erasing something else?",
}
INTERCHANGE = "Does the answer follow the partner further than with other subspaces?"
DOSES = "How far does the answer move with each dose of the concept?"
CURVE = "How fast does the reading fall as directions are removed?"
MATRICES = {
    "read": "Which group's probe reads which group?",
    "erased": "What is read in a group after erasing what another group shows?",
}
PORTRAIT = "Where are the rows before and after erasure?"
ACCURACY = "What does a linear classifier get right?"
SCORES = {
    "raw": "How far apart are the held-out scores before erasure?",
    "erased": "And after erasure?",
}
CENSUS = "Is the concept read better than other labels of the same texts?"
READ_BACK = "What is read back after each eraser?"
DAMAGE = "How far does each eraser move rows?"
OTHERS = "What is still read of other labels?"
AGREEMENTS = "What does each reader of pairs follow?"


def ladder(name: str, metric: str, *, first: bool) -> str:
    """Return the question of a claim's histograms; a second statistic is named.

    Examples
    --------
    >>> ladder("gone", "AUC", first=False)
    'And the AUC?'
    """
    if not first:
        return f"And the {metric}?"
    return LADDERS.get(name, "Does each explanation give as much?")


def layers(name: str) -> str:
    """Return the question of a curve over representations.

    Examples
    --------
    >>> layers("readable")
    'In which representation is the concept read?'
    """
    questions = {
        "readable": "In which representation is the concept read?",
        "erasure_holds": "What does a fresh linear probe read after erasure?",
        "no_halfspace": "What does a linear classifier read after erasure?",
        "gone": "What does a nonlinear reader read after erasure?",
        "used": "Where does the model use the concept?",
        "consistent": "Where does CCS find the concept?",
    }
    return questions.get(name, "What was observed in each representation?")
