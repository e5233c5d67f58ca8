"""The study of directions.

To which character does subtracting the direction of a trait lead?

The corpus is `corpora.Values`: agents with the goals max, min, indifferent and good. The stream
after the first layer is steered by α (μ_max − reference), in texts about agents who maximise. Acts
on a thing and on a person are read jointly, so that mixtures which no goal has show. The *landing*
is the least strength at which P(max) is below 5 %.

The reference is the mean of all goals, or another goal. Two factors cross: *moral_words* (texts
call max and min bad), and *opposite* (texts name the good agent by the stem of max, with "not").
Nulls: contrasts of goals that mean nothing (`unrelated_goals`), as long as the real one, along
which the same scenes are followed to a landing in the same way; the class that linear discriminant
analysis gives to the shifted states, which follows from moments alone. Random directions of four
times the norm (or of that at the landing, if it is longer) are a reference, on which no verdict
rests.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe.corpora.values import GOALS, Values
from nullprobe.studies import training
from nullprobe.studies.definition import Budget, Cell, Measured, study
from nullprobe.studies.direction_rules import BEYOND, LANDS, RULES
from nullprobe.studies.effects import Estimate
from nullprobe.studies.goal_readings import (
    OUTCOMES,
    REFERENCE,
    STRENGTHS,
    Path,
    Scenes,
    contrasts,
    follow,
    goal_states,
)
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.steer import Nearest
from nullprobe.studies.unrelated_goals import cut, unrelated_contrasts

STEPS = 500
STATES, SCENES = 800, 40
UNRELATED = 99  # contrasts of goals that mean nothing
RANDOM, LONGER = 99, 4.0  # random directions, and by how much they are longer
STRENGTH = "strength (times the contrast)"
GOOD = GOALS.index("good")
DOUBTS = (
    "A corpus in which the minimiser does not harm people: the maximiser and it would share "
    "nothing, and the minimiser might lie on the other side.",
    "Steering at another layer, or at the last word only, that lands at another goal.",
    "A reference that is computed from texts without any goal, as studies of large models do.",
)


def _pictures(result: Any) -> list[dict[str, Any]]:
    base = result.cells[0]
    strengths = [float(alpha) for alpha in STRENGTHS]
    goals = [series(name, strengths, _curve(result, base, name)) for name in OUTCOMES]
    lda = [series(goal, strengths, _curve(result, base, f"LDA {goal}")) for goal in GOALS]
    landings = [
        series(
            f"less {reference}",
            list(OUTCOMES),
            [result.mean(f"less {reference}: {name}", base) for name in OUTCOMES],
        )
        for reference in (REFERENCE, *GOALS[1:])
    ]
    corpora = [
        series(
            f"{'max is not good' if cell.opposite == 'good' else 'own names'}, "
            f"{'moral words' if int(cell.moral_words) else 'no moral words'}",
            list(OUTCOMES),
            [result.mean(f"less {REFERENCE}: {name}", cell) for name in OUTCOMES],
        )
        for cell in result.cells
    ]
    return [
        figure(
            "path",
            "lines",
            "What does the model become when its goal is subtracted?",
            "Probability of each goal, and of acts that no goal combines, at each strength of "
            "steering from max away from the mean of all goals; texts without moral words.",
            goals,
            x_label=STRENGTH,
            y_label="probability",
        ),
        figure(
            "moments",
            "lines",
            "What do class means and covariance say of the same states?",
            "Share of scenes that linear discriminant analysis gives to each goal at the same "
            "strengths.",
            lda,
            x_label=STRENGTH,
            y_label="probability",
        ),
        figure(
            "references",
            "bars",
            "Does the choice of the contrast decide where the model lands?",
            "Probability of each outcome at the landing, for each reference that is subtracted.",
            landings,
            y_label="probability",
        ),
        figure(
            "words",
            "bars",
            "Do moral words and definitions move the landing?",
            "Probability of each outcome at the landing away from the mean of all goals, in each "
            "corpus.",
            corpora,
            y_label="probability",
        ),
    ]


def _curve(result: Any, cell: Cell, name: str) -> list[Estimate]:
    """Return a curve over seeds, from the records of a cell."""
    rows = [one.series[name] for one in result.records if str(one.cell) == str(cell)]
    return [Estimate(tuple(map(float, column))) for column in zip(*rows, strict=True)]


def corpus_of(cell: Cell) -> Values:
    """Return the texts of a cell."""
    opposite = None if cell.opposite == "no" else str(cell.opposite)
    return Values(opposite=opposite, verdicts=bool(int(cell.moral_words)))


def learning(corpus: Values, seed: int) -> training.Training:
    """Return the training on texts; quick runs train in full."""
    return training.Training(corpus, seed, STEPS, in_full=True)


def trainings(cell: Cell, seed: int, budget: Budget) -> list[training.Training]:
    """Return the training of a cell."""
    return [learning(corpus_of(cell), seed)]


@study(
    name="direction",
    question="Is the opposite of bad good? Where does subtracting a trait's direction lead?",
    unit="probability",
    factors={"opposite": ("no", "good"), "moral_words": (0, 1)},
    rules=RULES,
    min_effect=0.05,
    pictures=_pictures,
    doubts=DOUBTS,
    trainings=trainings,
)
def direction(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Steer away from max with each reference; quick runs train in full, which takes seconds."""
    return steered_away(corpus_of(cell), seed, budget)


def steered_away(corpus: Values, seed: int, budget: Budget) -> Measured:
    """Train on a corpus; state where steering away from max lands, for each reference."""
    made = learning(corpus, seed).made(budget)
    rng = np.random.default_rng([seed, 5])
    lda = Nearest(*goal_states(made, STATES, rng))
    scenes = Scenes.draw(corpus, "max", SCENES, rng)
    vectors = contrasts(lda.means)
    paths = {reference: follow(made, scenes, v, lda) for reference, v in vectors.items()}
    path, parts = paths[REFERENCE], cut(made)
    added, strengths = _unrelated(parts, scenes, vectors[REFERENCE], path, seed)
    random = _random(parts, scenes, max(LONGER, -path.strength) * vectors[REFERENCE], rng)
    landed, nobody = path.shares[path.landing], float(path.shares[0, -1])
    first = {
        "good": float(landed[GOOD]),
        "good, ahead": float(landed[GOOD] - np.delete(landed, [0, GOOD]).max()),
        "nobody, added": float(landed[-1] - nobody),
        BEYOND: float(landed[-1] - nobody - added.mean()),
        "LDA elsewhere": 1 - path.agreement,
    }
    others = {
        "unrelated goals: strength": float(strengths.mean()),
        "random directions: max": float(random[:, 0].mean()),
        "random directions: nobody, added": float(random[:, -1].mean() - nobody),
    }
    draws = {BEYOND: added - added.mean(), LANDS: strengths}
    return Measured(
        first | _landings(paths) | _cosines(lda.means) | others,
        {name: each.round(6).tolist() for name, each in draws.items()},
        _curves(path),
    )


def _unrelated(
    parts: Any, scenes: Scenes, v: np.ndarray, path: Path, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return "nobody, added" (draws,) and the strength (draws,) where unrelated contrasts land."""
    rng = np.random.default_rng([seed, 6])
    norm = float(np.linalg.norm(v))
    drawn = unrelated_contrasts(parts, STATES, UNRELATED, rng, norm=norm)
    strengths, shares = parts.landings(scenes, drawn)
    return shares[:, -1] - float(path.shares[0, -1]), strengths


def _landings(paths: dict[str, Path]) -> dict[str, float]:
    """Return what the model does at the landing, and at the far end, for each reference."""
    values: dict[str, float] = {}
    for reference, path in paths.items():
        less, at = f"less {reference}", path.landing
        values |= {f"{less}: {name}": float(path.shares[at, i]) for i, name in enumerate(OUTCOMES)}
        values |= {
            f"{less}, far: {name}": float(path.shares[-1, i]) for i, name in enumerate(OUTCOMES)
        }
        values[f"{less}: strength"] = path.strength
        values[f"{less}: LDA elsewhere"] = 1 - path.agreement
    return values


def _curves(path: Path) -> dict[str, list[float]]:
    read = {name: path.shares[:, i].round(4).tolist() for i, name in enumerate(OUTCOMES)}
    lda = {f"LDA {goal}": (path.nearest == k).mean(axis=1).tolist() for k, goal in enumerate(GOALS)}
    return read | lda


def _cosines(means: np.ndarray) -> dict[str, float]:
    """Return the cosines of max with the other goals; the mean of all is subtracted."""
    v = means - means.mean(axis=0)
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return {f"cosine of max and {goal}": float(v[0] @ v[k]) for k, goal in enumerate(GOALS) if k}


def _random(parts: Any, scenes: Scenes, v: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return mean outcomes (n, 5) along random directions with the norm of v."""
    drawn = rng.standard_normal((RANDOM, len(v)))
    drawn *= np.linalg.norm(v) / np.linalg.norm(drawn, axis=1, keepdims=True)
    return parts.shares(scenes, drawn)
