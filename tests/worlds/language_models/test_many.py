"""Many models at once learn what each would learn alone, and nothing is trained unless they do."""

import copy
import warnings

import numpy as np
import pytest
import torch
from support.corpora import small_chains
from support.organisms import same

from nullprobe import InputError
from nullprobe.corpora import Mess3
from nullprobe.worlds.language_models import many as room
from nullprobe.worlds.language_models import stacked
from nullprobe.worlds.language_models.cached_training import train
from nullprobe.worlds.language_models.corpus_training import Lessons, learn, untrained
from nullprobe.worlds.language_models.descent import Descent
from nullprobe.worlds.language_models.many import train_many
from nullprobe.worlds.language_models.stacked import departure, learn_together

pytestmark = pytest.mark.slow  # small models are trained

SEEDS = (3, 4, 3)
# Other corpora, other weights of words, and one seed twice: all that may differ.
CORPORA = (Mess3(length=6), Mess3(length=6, x=0.2), Mess3(length=6, a=0.6))
LESSONS = [Lessons(steps=10, batch=4, word_weights=weights) for weights in ((), (1, 0.3, 1, 1), ())]
EXACT, ROUNDED = 1e-6, 5e-3  # in float64, and in float32 (where gradients of 0 are rounding)


def untaught(dtype=torch.float32):
    return [untrained(c, s).to(dtype) for c, s in zip(CORPORA, SEEDS, strict=True)]


def learned(models, lessons=LESSONS, how=learn_together, **options):
    models = [copy.deepcopy(one) for one in models]
    if how is learn_together:
        learn_together(models, CORPORA, lessons, seeds=SEEDS, **options)
    else:
        for model, corpus, one, seed in zip(models, CORPORA, lessons, SEEDS, strict=True):
            learn(model, corpus, one, seed=seed)
    return models


def flat(model):
    return torch.cat([one.detach().double().flatten() for one in model.parameters()])


@pytest.mark.parametrize("steps", [1, 10])
def test_steps_at_once_are_those_of_the_loop(steps):
    assert 0 < departure(untaught(), CORPORA, LESSONS, seeds=SEEDS, steps=steps) < EXACT


def test_ten_steps_in_float32_are_those_of_the_loop_up_to_rounding():
    before = untaught()
    for start, one, other in zip(before, learned(before), learned(before, how=learn), strict=True):
        change = flat(other) - flat(start)
        assert (flat(one) - flat(other)).norm() < ROUNDED * change.norm()
        assert not one.training


def test_each_model_learns_alone():
    """The company that a model learns in does not change it."""
    models = untaught(torch.float64)
    short = [Lessons(steps=3, batch=4)] * 3
    first, *_ = learned(models, short)
    alone = [copy.deepcopy(models[0])]
    learn_together(alone, CORPORA[:1], short[:1], seeds=SEEDS[:1])
    torch.testing.assert_close(flat(first), flat(alone[0]), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("_clip", lambda gradients, largest: None),
        ("weighted_loss", lambda logits, ids, words: stacked.torch.logsumexp(logits, -1).mean()),
        ("of_words", lambda lessons, corpus: torch.ones(len(corpus.words))),
        ("batches", lambda corpus, rng, one: iter([torch.zeros(4, 6, dtype=torch.long)] * 10)),
    ],
)
def test_a_program_that_is_wrong_departs_from_the_loop(monkeypatch, name, wrong):
    monkeypatch.setattr(stacked, name, wrong)
    # Lessons whose gradients are clipped from the first step on.
    tight = [
        Lessons(steps=2, batch=4, word_weights=one.word_weights, descent=SHORT) for one in LESSONS
    ]
    assert departure(untaught(), CORPORA, tight, seeds=SEEDS, steps=2) > 100 * EXACT


SHORT = Descent(largest_gradient=0.1)


@pytest.mark.parametrize(
    ("models", "lessons"),
    [
        ([], []),
        ([Mess3(length=6), Mess3(length=7)], [Lessons(), Lessons()]),
        ([Mess3(length=6)] * 2, [Lessons(), Lessons(steps=5)]),
        ([Mess3(length=6)] * 2, [Lessons(), Lessons(batch=5)]),
        ([Mess3(length=6)] * 2, [Lessons(), Lessons(descent=SHORT)]),
    ],
    ids=["none", "lengths", "steps", "batches", "rates"],
)
def test_what_cannot_learn_together_is_refused(models, lessons):
    with pytest.raises(InputError):
        learn_together(
            [untrained(one, 0) for one in models], models, lessons, seeds=[0] * len(models)
        )


def test_dropout_is_refused():
    model = untrained(CORPORA[0], 0)
    model.config.attn_pdrop = 0.1
    with pytest.raises(InputError) as error:
        learn_together([model], CORPORA[:1], LESSONS[:1], seeds=[0])
    assert "dropout" in error.value.required


TASKS = [
    (Mess3(length=5), Lessons(steps=4, batch=3, snapshots=(2,)), 0),
    (Mess3(length=5), Lessons(steps=4, batch=3, snapshots=(1,)), 1),
    (small_chains(), Lessons(steps=4, batch=3), 0),  # other words: a group of its own
]


def test_groups_learn_at_once_with_their_snapshots_and_are_kept_apart(tmp_path):
    stages = []
    how = {"device": "cpu", "cache": tmp_path, "progress": lambda *one: stages.append(one)}
    many = train_many(TASKS, **how)
    assert many.together == 3
    assert stages == [("training at once", step, 4) for _ in range(2) for step in (1, 2, 3, 4)]
    assert [sorted(one.snapshots) for one in many.models] == [[2, 4], [1, 4], [4]]
    kept = set(tmp_path.iterdir())
    assert len(kept) == 5
    again = train_many(TASKS, **how)
    assert len(stages) == 8  # nothing was trained
    for one, other, (corpus, lessons, seed) in zip(many.models, again.models, TASKS, strict=True):
        assert same(one.model, other.model)
        assert not same(one.model, one.twin)
        # The loop neither finds these models nor gives others than it would have given.
        alone = train(corpus, lessons, random_state=seed, cache=tmp_path)
        assert same(alone.model, train(corpus, lessons, random_state=seed, cache=False).model)
        assert not same(alone.snapshots[min(alone.snapshots)], one.model)
        gap = (flat(one.model) - flat(alone.model)).norm()
        assert gap < ROUNDED * (flat(alone.model) - flat(alone.twin)).norm()
    assert len(set(tmp_path.iterdir()) - kept) == 5


@pytest.mark.parametrize("why", ["departs", "fails"])
def test_what_departs_from_the_loop_is_trained_by_the_loop(monkeypatch, tmp_path, why):
    def fails(*_, **__):
        raise RuntimeError("no rule")

    monkeypatch.setattr(room, "departure", (lambda *_, **__: 1e-5) if why == "departs" else fails)
    with pytest.warns(UserWarning, match="one by one"):
        many = train_many(TASKS[:1], device="cpu", cache=tmp_path)
    assert many.together == 0
    corpus, lessons, seed = TASKS[0]
    assert same(many.models[0].model, train(corpus, lessons, random_state=seed, cache=False).model)
    # Kept where the loop keeps it: it is the model of the loop.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(corpus, lessons, random_state=seed, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_departure_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setattr(
        stacked, "_write", lambda weights, models: models[0].lm_head.weight.data.fill_(np.nan)
    )
    assert departure(untaught(), CORPORA, LESSONS, seeds=SEEDS) == float("inf")
