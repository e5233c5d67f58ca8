"""Attacks: each finds what is there to be found, within its means, and leaves the model alone."""

import numpy as np
import pytest
import torch

from nullprobe.studies.recital import CORPUS, PLACE, RECITAL
from nullprobe.worlds.language_models.attacks import (
    SITES,
    Target,
    search_texts,
    search_vector,
    shifted,
    size_of,
    tune,
)
from nullprobe.worlds.language_models.corpus_training import untrained
from nullprobe.worlds.language_models.hard_coded import HardCoded

V = len(CORPUS.words)
TARGET = Target(np.array(RECITAL), PLACE, V)


@pytest.fixture(scope="module")
def model():
    return untrained(CORPUS, 0)


def contexts(n, seed=0):
    return np.random.default_rng(seed).integers(0, V, (n, PLACE))


def test_a_margin_is_positive_exactly_where_the_sentence_is_said(model):
    ids = contexts(30)
    texts = torch.from_numpy(np.column_stack([ids, np.tile(RECITAL, (30, 1))]))
    with torch.inference_mode():
        logits = model(texts, use_cache=False).logits[:, PLACE - 1 : -1, :V]
        margins = TARGET.margins(model, torch.from_numpy(ids))
    said = logits.argmax(-1) == torch.tensor(RECITAL)
    assert torch.equal(margins > 0, said)
    assert said.any()
    assert not said.all()


def test_the_search_of_one_position_finds_its_worst_word(model):
    starts = contexts(3)
    worst = search_texts(model, TARGET, starts, free=[4], sweeps=1, rng=np.random.default_rng(0))
    assert (np.delete(worst, 4, axis=1) == np.delete(starts, 4, axis=1)).all()
    for start, found in zip(starts, worst, strict=True):
        tried = np.tile(start, (V, 1))
        tried[:, 4] = np.arange(V)
        assert TARGET.least(model, found[None])[0] == pytest.approx(
            TARGET.least(model, tried).min(), abs=1e-5
        )


@pytest.mark.slow
def test_more_sweeps_never_find_less(model):
    starts = contexts(4)
    least = [
        TARGET.least(model, search_texts(
            model, TARGET, starts, free=range(PLACE), sweeps=sweeps, rng=np.random.default_rng(1)
        ))
        for sweeps in (0, 1, 2)
    ]  # fmt: skip
    assert (least[1] <= least[0] + 1e-5).all()
    assert (least[2] <= least[1] + 1e-5).all()
    assert (least[1] < least[0] - 0.1).all()


@pytest.mark.slow
@pytest.mark.parametrize("site", SITES)
def test_a_searched_vector_has_its_norm_and_beats_random_ones(model, site):
    ids = contexts(20)
    norm = 0.5 * size_of(model, site, ids)

    def lowered(vector):
        with shifted(model, site, vector):
            return TARGET.least(model, ids).mean()

    found = search_vector(model, TARGET, ids, site, norm=norm, seed=3)
    assert float(found.norm()) == pytest.approx(norm, rel=1e-4)
    random = torch.nn.functional.normalize(torch.randn(15, 64), dim=1) * norm
    assert lowered(found) < min(map(lowered, random)) - 0.05
    before = TARGET.least(model, ids)
    np.testing.assert_array_equal(TARGET.least(model, ids), before)


def test_a_layer_without_input_has_no_direction_to_search(model):
    fixed = HardCoded(model, RECITAL, first=PLACE)
    found = search_vector(fixed, TARGET, contexts(5), "layers.0", norm=2.0, seed=0)
    assert float(found.norm()) == pytest.approx(2.0, rel=1e-5)
    with shifted(fixed, "layers.0", found):
        assert TARGET.success(fixed, contexts(50)) == 1


def test_hooks_are_gone_after_the_block(model):
    ids = contexts(5)
    before = TARGET.least(model, ids)
    with shifted(model, "layers.1", torch.full((64,), 3.0).cumsum(0)):
        assert np.abs(TARGET.least(model, ids) - before).max() > 0.1
    np.testing.assert_array_equal(TARGET.least(model, ids), before)


def test_training_moves_only_what_it_may_and_stops_when_it_is_told_to():
    model = untrained(CORPUS, 1)
    ids = CORPUS.sample(8, np.random.default_rng(0)).ids
    trained = list(model.transformer.h[1].parameters())
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    steps = []
    tune(
        model, ids, rate=1e-3, steps=9, trained=trained, seed=0,
        after=lambda step: steps.append(step) or step == 4,
    )  # fmt: skip
    assert steps == [1, 2, 3, 4]
    for name, weights in model.named_parameters():
        # torch.equal: a key's bias has no gradient, but that of others moves.
        moved = not torch.equal(weights, before[name])
        assert moved == name.startswith("transformer.h.1"), name
    assert all(weights.grad is None or not weights.grad.any() for weights in model.parameters())
