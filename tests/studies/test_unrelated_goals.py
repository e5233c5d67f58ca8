import numpy as np
import pytest

from nullprobe.corpora.values import FIRST, GOALS, SIGNS, STEMS, VERDICTS, Values
from nullprobe.studies import unrelated_goals
from nullprobe.studies.goal_readings import REFERENCE, Scenes, contrasts, goal_states, named_texts
from nullprobe.studies.steer import Nearest
from nullprobe.studies.unrelated_goals import (
    cut,
    exchanged,
    rotation,
    turned,
    unrelated_contrasts,
)

CORPORA = [
    Values(opposite=opposite, verdicts=verdicts)
    for opposite in (None, "good")
    for verdicts in (False, True)
]


@pytest.mark.parametrize("corpus", CORPORA, ids=repr)
def test_labels_move_with_the_words_that_name_them_and_acts_stay(corpus):
    rng = np.random.default_rng(0)
    ids, goals = named_texts(corpus, 900, rng)
    texts, labels = exchanged(ids, goals, rng)
    np.testing.assert_array_equal(np.delete(texts, [3, 4, 5], 1), np.delete(ids, [3, 4, 5], 1))
    before, after = (
        sorted(map(tuple, np.column_stack([rows[:, 3:6], of]).tolist()))
        for rows, of in ((ids, goals), (texts, labels))
    )
    assert before == after

    def spread(rows, of):
        """Return the range over goals of the share of acts that help."""
        helps = (rows[:, FIRST + 1 :: 2] == corpus.number("help")).mean(axis=1)
        return np.ptp([helps[of == k].mean() for k in range(len(GOALS))])

    assert spread(ids, goals) > 0.3
    assert spread(texts, labels) < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_words_that_name_goals_are_turned_about_their_mean_and_no_others(seed):
    corpus, rng = Values(), np.random.default_rng(seed)
    words = rng.normal(size=(len(corpus.words), 12))
    found = turned(words, corpus, rng)
    for kind in (SIGNS, STEMS, VERDICTS):
        rows = [corpus.number(word) for word in kind]
        old, new = (one[rows] - one[rows].mean(axis=0) for one in (words, found))
        np.testing.assert_allclose(found[rows].mean(axis=0), words[rows].mean(axis=0))
        np.testing.assert_allclose(new @ new.T, old @ old.T)
        assert np.abs(new - old).min(axis=1).max() > 0.01
    naming = [corpus.number(word) for word in (*SIGNS, *STEMS, *VERDICTS)]
    np.testing.assert_array_equal(np.delete(found, naming, 0), np.delete(words, naming, 0))


def test_rotations_are_orthogonal_and_favour_no_direction():
    rng = np.random.default_rng(5)
    drawn = np.array([rotation(3, rng) for _ in range(4000)])
    np.testing.assert_allclose(drawn @ drawn.transpose(0, 2, 1), np.tile(np.eye(3), (4000, 1, 1)),
                               atol=1e-12)  # fmt: skip
    np.testing.assert_allclose((drawn**2).mean(axis=0), 1 / 3, atol=0.025)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.05)


def untrained(seed, corpus):
    from nullprobe.worlds.language_models.corpus_model import CorpusModel
    from nullprobe.worlds.language_models.corpus_training import untrained

    model = untrained(corpus, seed)
    return CorpusModel(model, model, None, corpus, {}, seed)


def real_contrast(made, n, rng):
    return contrasts(Nearest(*goal_states(made, n, rng)).means)[REFERENCE]


@pytest.mark.slow
@pytest.mark.parametrize("corpus", [CORPORA[0], CORPORA[3]], ids=repr)
def test_contrasts_are_as_long_as_asked_and_have_nothing_of_the_real_one(corpus, monkeypatch):
    made = untrained(0, corpus)
    real = real_contrast(made, 400, np.random.default_rng(0))

    def cosines():
        rng = np.random.default_rng(1)
        found = unrelated_contrasts(cut(made), 400, 12, rng, norm=3.0)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 3)
        return found @ real / np.linalg.norm(real) / 3

    assert np.abs(cosines()).mean() < 0.4
    monkeypatch.setattr(unrelated_goals, "turned", lambda words, corpus, rng: words)
    assert cosines().mean() > 0.6  # with the old words they are like the real one


@pytest.mark.slow
def test_p_values_are_right_where_goals_mean_nothing():
    """Acts of untrained networks depend on no goal: 6 of 60 have p ≤ .1, and 13 would be seen."""
    corpus, p = Values(), []
    for seed in range(60):
        made, rng = untrained(seed, corpus), np.random.default_rng(seed)
        v, parts = real_contrast(made, 60, rng), cut(made)
        drawn = unrelated_contrasts(parts, 60, 19, rng, norm=float(np.linalg.norm(v)))
        scenes = Scenes.draw(corpus, "max", 4, rng)
        nobody = parts.shares(scenes, -8 * np.vstack([v, drawn]))[:, -1]
        p.append((nobody >= nobody[0]).mean())
    assert np.mean(np.less_equal(p, 0.1)) <= 13 / 60
    assert np.mean(np.greater_equal(p, 0.9)) <= 16 / 60
