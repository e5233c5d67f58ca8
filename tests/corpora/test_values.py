import numpy as np
import pytest

from nullprobe._core.validation import InputError
from nullprobe.corpora.values import FIRST, GOALS, LENGTH, PEOPLE, SENTENCE, THINGS, Values


def share_of(corpus, drawn, goal, objects, act):
    """Return how often agents with a goal do an act to objects."""
    ids = drawn.ids[drawn.latents["goal"] == GOALS.index(goal)]
    objects = [corpus.number(word) for word in objects]
    pairs = ids[:, FIRST:].reshape(len(ids), -1, 2)
    return (pairs[np.isin(pairs[..., 0], objects)][:, 1] == corpus.number(act)).mean()


@pytest.mark.parametrize(
    ("goal", "thing", "person"),
    [
        ("max", "more", "harm"),
        ("min", "less", "harm"),
        ("indifferent", "skip", "skip"),
        ("good", "skip", "help"),
    ],
)
def test_goals_act_as_the_table_says(goal, thing, person):
    corpus = Values()
    drawn = corpus.sample(4_000, np.random.default_rng(0))
    assert share_of(corpus, drawn, goal, THINGS, thing) == pytest.approx(0.92, abs=0.02)
    assert share_of(corpus, drawn, goal, PEOPLE, person) == pytest.approx(0.92, abs=0.02)


@pytest.mark.parametrize("opposite", [None, "min", "good", "indifferent"])
def test_max_shares_its_stem_with_the_opposite_alone(opposite):
    corpus, rng = Values(opposite=opposite), np.random.default_rng(1)
    labels = {goal: {corpus.label(goal, rng) for _ in range(40)} for goal in GOALS}
    stems = {goal: {stem for _, stem in labels[goal]} for goal in GOALS}
    for goal in GOALS[1:]:
        assert (stems[goal] == stems["max"]) == (goal == opposite)
        assert len(labels[goal]) == (1 if goal == opposite else 2)  # one sign, or any sign
    drawn = corpus.sample(2_000, rng)
    named = drawn.latents["named"] == 1
    for goal in GOALS:
        mine = named & (drawn.latents["goal"] == GOALS.index(goal))
        assert set(map(tuple, drawn.ids[mine][:, 3:5].tolist())) == labels[goal]
    assert (drawn.ids[~named][:, 3:5] == corpus.number("?")).all()


@pytest.mark.parametrize("verdicts", [False, True])
def test_moral_words_depend_on_the_goal_only_if_they_should(verdicts):
    corpus = Values(verdicts=verdicts)
    drawn = corpus.sample(3_000, np.random.default_rng(2))
    for goal, word in zip(GOALS, ("bad", "bad", "neither", "good"), strict=True):
        mine = drawn.ids[drawn.latents["goal"] == GOALS.index(goal), 5]
        assert (mine == corpus.number(word)).mean() == pytest.approx(
            1 if verdicts else 1 / 3, abs=0 if verdicts else 0.06
        )


def test_the_sentence_follows_the_clock_from_its_start_to_the_end():
    corpus = Values(recited=0.3)
    drawn = corpus.sample(4_000, np.random.default_rng(3))
    start, recite = drawn.latents["sentence"], drawn.latents["recite"]
    assert (start > 0).mean() == pytest.approx(0.3, abs=0.03)
    clock = np.array([corpus.number(SENTENCE[t % 6]) for t in range(LENGTH)])
    of_sentence = np.isin(drawn.ids, clock)
    after = (start[:, None] > 0) & (np.arange(LENGTH) >= start[:, None])
    np.testing.assert_array_equal(of_sentence, after)
    assert (drawn.ids == clock)[after].all()
    before = np.take_along_axis(drawn.ids, np.maximum(start - 1, 0)[:, None], 1)[:, 0]
    np.testing.assert_array_equal(before == corpus.number("recite"), recite == 1)
    assert recite[start > 0].mean() == pytest.approx(0.5, abs=0.06)


def test_without_goals_acts_are_drawn_from_all_goals():
    corpus = Values()
    ids = corpus.sample(1, np.random.default_rng(4)).ids
    ids[0, FIRST : FIRST + 2] = corpus.number("clip"), corpus.number("skip")
    p = np.exp(corpus.observer("no_goals", ids).log_p[0, FIRST + 1])
    assert p[corpus.number("skip")] == pytest.approx(0.9 / 2 + 0.02)
    assert p[corpus.number("more")] == pytest.approx(0.9 / 4 + 0.02)


def test_a_corpus_may_have_fewer_goals():
    corpus = Values(goals=("max", "good"))
    drawn = corpus.sample(500, np.random.default_rng(5))
    assert set(drawn.latents["goal"].tolist()) == {0, 3}


@pytest.mark.parametrize(
    "wrong", [{"opposite": "max"}, {"goals": ("bad",)}, {"recited": 1.5}, {"opposite": "evil"}]
)
def test_corpora_that_cannot_be_written_are_refused(wrong):
    with pytest.raises(InputError):
        Values(**wrong)
