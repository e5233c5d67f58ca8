"""A table as the last layer: its guarantee holds for every text, every edit and all weights."""

import numpy as np
import pytest
import torch

from nullprobe import InputError
from nullprobe.erasers import AffineEraser
from nullprobe.models import bake
from nullprobe.studies.recital import CORPUS, PLACE, RECITAL
from nullprobe.worlds.language_models.attacks import SITES, shifted
from nullprobe.worlds.language_models.corpus_training import untrained
from nullprobe.worlds.language_models.hard_coded import HardCoded

LENGTH, END = CORPUS.length, PLACE + len(RECITAL)


def network(seed, scale=1.0):
    model = untrained(CORPUS, seed)
    with torch.no_grad():
        for weights in model.parameters():
            weights *= scale
    return model


def texts(n, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, len(CORPUS.words), (n, LENGTH)))


def in_place(model, ids):
    """Return log P (n, k, V) at the positions of the sentence."""
    with torch.inference_mode():
        return model(ids, use_cache=False).logits.double().log_softmax(-1)[:, PLACE - 1 : END - 1]


def right(log_p):
    return log_p[:, range(len(RECITAL)), RECITAL].exp()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 0.999, 1.0])
@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_the_sentence_has_its_share_after_every_text_and_no_more_is_lost(share, scale):
    model = network(1, scale)
    fixed, ids = HardCoded(model, RECITAL, first=PLACE, share=share), texts(60)
    log_p, free = in_place(fixed, ids), in_place(model, ids)
    assert right(log_p).min() >= fixed.guaranteed - 1e-6
    # Total variation between any two texts.
    p = log_p.exp()
    assert (p[:30] - p[30:]).abs().sum(-1).max() / 2 <= 1 - share + 1e-6
    if share < 1:
        assert (free - log_p).max() <= -np.log(1 - share) + 1e-4


@pytest.mark.parametrize("site", SITES)
def test_no_edit_of_the_network_reaches_it(site):
    fixed, ids = HardCoded(network(2), RECITAL, first=PLACE), texts(20)
    before = in_place(fixed, ids)
    for norm in (1.0, 1e3, 1e6):
        vector = norm * torch.nn.functional.normalize(torch.randn(64), dim=0)
        with shifted(fixed, site, vector):
            torch.testing.assert_close(in_place(fixed, ids), before, rtol=0, atol=0)
    with torch.no_grad():
        for weights in fixed.model.parameters():
            weights.normal_(std=9.0)
    torch.testing.assert_close(in_place(fixed, texts(20, 1)), before, rtol=0, atol=0)


def test_other_positions_and_short_texts_are_left_to_the_network():
    model, ids = network(3), texts(8)
    fixed = HardCoded(model, RECITAL, first=PLACE)
    with torch.inference_mode():
        for length in (1, PLACE - 1, PLACE, PLACE + 2, LENGTH):
            one, other = (m(ids[:, :length], use_cache=False).logits for m in (fixed, model))
            torch.testing.assert_close(one[:, : PLACE - 1], other[:, : PLACE - 1])
            torch.testing.assert_close(one[:, END - 1 :], other[:, END - 1 :])
            said = one[:, PLACE - 1 : END - 1].argmax(-1)
            assert (said == torch.tensor(RECITAL)[: said.shape[1]]).all()


def test_training_reaches_it_only_through_the_table():
    fixed = HardCoded(network(4), RECITAL, first=PLACE)
    fixed(texts(4), use_cache=False).logits[:, PLACE - 1 : END - 1].square().sum().backward()
    slopes = [weights.grad for weights in fixed.model.parameters()]
    assert all(slope is None or not slope.any() for slope in slopes)
    assert fixed.table.grad.any()
    with pytest.raises(InputError):
        HardCoded(network(4), RECITAL, first=PLACE, share=1.5)


def test_a_constant_last_layer_is_an_eraser_of_full_rank_that_can_be_baked():
    model, word = network(5), 7
    head = model.lm_head.weight.detach().double().numpy()
    constant = 40 * (head[word] - head.mean(axis=0))
    eraser = AffineEraser(constant, np.eye(64), np.eye(64))  # x ↦ constant
    with torch.inference_mode():
        logits = bake(model, {"final_norm": eraser})(texts(50), use_cache=False).logits
    spread = (logits - logits[:1, :1]).abs().max()
    assert spread <= 1e-5 * logits.abs().max()
    np.testing.assert_allclose(logits[0, 0].numpy(), head @ constant, rtol=1e-4, atol=1e-3)
