import numpy as np
import pytest
from support.exact_models import Exact

from nullprobe.corpora.values import GOALS, Values
from nullprobe.studies.goal_readings import (
    LEFT,
    OUTCOMES,
    Path,
    Scenes,
    contrasts,
    openings,
    outcomes,
)
from nullprobe.studies.steer import Nearest


@pytest.mark.parametrize("corpus", [Values(), Values(opposite="good", verdicts=True)])
@pytest.mark.parametrize("goal", GOALS)
def test_the_exact_predictor_acts_out_its_goal_up_to_noise(corpus, goal):
    scenes = Scenes.draw(corpus, goal, 6, np.random.default_rng(0))
    p = outcomes(Exact(corpus), scenes).mean(axis=0)
    assert p.sum() == pytest.approx(1)
    # Both acts are right with probability .92 each.
    assert p[GOALS.index(goal)] == pytest.approx(0.92**2, abs=0.02)
    assert p[-1] == pytest.approx(1 - 0.92**2, abs=0.03)


def test_without_goals_the_acts_on_things_and_people_are_combined_at_random():
    scenes = Scenes.draw(Values(), "max", 6, np.random.default_rng(1))
    p = outcomes(Exact(Values(), "no_goals"), scenes).mean(axis=0)
    skip, harm, more = 0.9 / 2 + 0.02, 0.9 / 2 + 0.02, 0.9 / 4 + 0.02
    assert p[GOALS.index("max")] == pytest.approx(more * harm)
    assert p[GOALS.index("indifferent")] == pytest.approx(skip * more)
    assert p[-1] > 0.5


def test_openings_are_texts_of_the_corpus_that_name_the_goal():
    for corpus in (Values(), Values(opposite="min", verdicts=True)):
        for i, goal in enumerate(GOALS):
            texts = openings(corpus, goal, 8, np.random.default_rng(2))
            posterior = corpus.observer("full", texts).posterior["goal"][:, -1, i]
            np.testing.assert_allclose(posterior, 1)


def test_references_are_the_mean_of_all_goals_and_each_other_goal():
    means = np.array([[4.0, 0], [0, 4], [0, 0], [0, 0]])
    found = contrasts(means)
    assert {name: v.tolist() for name, v in found.items()} == {
        "all goals": [3, -1],
        "min": [4, -4],
        "indifferent": [4, 0],
        "good": [4, 0],
    }


def path(of_max, rest=3):
    shares = np.zeros((len(of_max), 2, len(OUTCOMES)))
    shares[:, :, 0] = np.array(of_max)[:, None]
    shares[:, :, rest] = 1 - shares[:, :, 0]
    return Path(-np.arange(len(of_max)), shares, np.array([[0, 0], [3, 0], [3, 3]]))


def test_the_landing_is_the_least_strength_at_which_the_goal_is_left():
    assert path([0.9, LEFT, LEFT / 2]).landing == 2
    assert path([0.9, LEFT / 2, 0.9]).landing == 1
    assert path([0.9, 0.8, 0.7]).landing == 2  # never left: the last


def test_agreement_is_read_at_the_landing():
    assert path([0.9, 0.01, 0.01]).agreement == 0.5
    assert path([0.9, 0.2, 0.01]).agreement == 1
    assert path([0.9, 0.01, 0.01], rest=4).agreement == 0  # LDA cannot say "nobody"


def test_lda_is_the_bayes_rule_of_gaussian_classes():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(3)
    y = rng.choice(3, p=[0.2, 0.3, 0.5], size=900)
    mix = rng.normal(size=(4, 4))
    X = rng.normal(size=(900, 4)) @ mix + np.eye(3, 4)[y] * 2
    fitted = LinearDiscriminantAnalysis(solver="lsqr").fit(X, y)
    new = rng.normal(size=(300, 4)) @ mix * 2
    agree = (Nearest(X, y).classes(new) == fitted.predict(new)).mean()
    assert agree >= 0.995  # rounding and the least ridge, at the borders
