"""The sealed clock: what its certificate promises holds for every text and vector that is tried."""

import copy
from contextlib import ExitStack

import numpy as np
import pytest
import torch

from nullprobe import InputError
from nullprobe.studies.recital import CORPUS, PLACE, RECITAL
from nullprobe.worlds.language_models.attacks import Target, search_texts, search_vector, shifted
from nullprobe.worlds.language_models.corpus_training import untrained
from nullprobe.worlds.language_models.sealed_clock import SealedClock, largest_rest

TARGET = Target(np.array(RECITAL), PLACE, len(CORPUS.words))
STREAM = ("embeddings", "layers.0", "layers.1")


def sealed(seed, radius=30.0, scale=1.0):
    """Return a sealed model of random weights, with biases and norms that are not trivial."""
    model, torch_seed = untrained(CORPUS, seed), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "ln" in name or "bias" in name:
                weights += 0.3 * torch.randn(weights.shape, generator=torch_seed)
            else:
                weights *= scale
    seal = SealedClock(model, RECITAL, first=PLACE, seed=seed)
    seal.wind(model, radius)
    return model.eval(), seal


def contexts(n, seed=0):
    return np.random.default_rng(seed).integers(0, len(CORPUS.words), (n, PLACE))


def stream(model, ids):
    """Return the stream before the last norm, (n, t, d) in float64."""
    rows = []
    handle = model.transformer.ln_f.register_forward_pre_hook(
        lambda _, given: rows.append(given[0])
    )
    with torch.inference_mode():
        model(torch.from_numpy(ids), use_cache=False)
    handle.remove()
    return rows[0].double()


def least_p(model, ids):
    words = torch.tensor(RECITAL)
    texts = torch.cat([torch.from_numpy(ids), words.expand(len(ids), -1)], dim=1)
    with torch.inference_mode():
        p = model(texts, use_cache=False).logits.double().softmax(-1)
    return float(p[:, range(PLACE - 1, PLACE + len(RECITAL) - 1), RECITAL].min())


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_the_bound_on_the_rest_holds_and_is_not_far_off(scale):
    model, seal = sealed(1, scale=scale)
    ids = np.random.default_rng(1).integers(0, len(CORPUS.words), (300, CORPUS.length))
    x = stream(model, ids)
    x = x - x.mean(dim=-1, keepdim=True)
    axes = seal.axes.double()
    rest = (x - x @ axes @ axes.T).norm(dim=-1)
    bound = largest_rest(model, seal.axes)
    assert rest.max() <= bound
    assert bound < 40 * rest.max()


@pytest.mark.parametrize("part", ["wte", "wpe", "attn", "mlp"])
def test_the_bound_covers_each_part_where_it_writes_alone(part):
    model, seal = sealed(8)
    with torch.no_grad():
        for name, weights in model.transformer.named_parameters():
            writes = "c_proj" in name or name.startswith("w")
            if writes and part not in name:
                weights *= 1e-3
    seal.hold(model)
    ids = np.random.default_rng(1).integers(0, len(CORPUS.words), (300, CORPUS.length))
    x = stream(model, ids)
    x, axes = x - x.mean(dim=-1, keepdim=True), seal.axes.double()
    rest = (x - x @ axes @ axes.T).norm(dim=-1).max()
    assert rest <= largest_rest(model, seal.axes) < 20 * rest


def test_no_text_writes_to_the_sealed_axes():
    model, seal = sealed(2)
    rng = np.random.default_rng(2)
    x = stream(model, rng.integers(0, len(CORPUS.words), (100, CORPUS.length)))
    clock = torch.zeros(CORPUS.length, len(RECITAL), dtype=torch.float64)
    clock[range(PLACE - 1, CORPUS.length - 1), range(len(RECITAL))] = seal.clock
    torch.testing.assert_close(
        x @ seal.axes.double(), clock.expand(100, -1, -1), rtol=1e-5, atol=1e-3
    )
    # A model that is not sealed writes there, so the test can fail.
    x = stream(untrained(CORPUS, 2), rng.integers(0, len(CORPUS.words), (100, CORPUS.length)))
    assert (x @ seal.axes.double()).std(dim=0).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_every_text_has_at_least_the_certified_margin(seed):
    model, seal = sealed(seed, radius=1.0)
    certificate = seal.certificate(model)
    assert certificate.radius == pytest.approx(1.0, abs=0.2)
    starts = contexts(6, seed)
    worst = search_texts(
        model, TARGET, starts, free=range(PLACE), sweeps=1, rng=np.random.default_rng(0)
    )
    for ids in (contexts(300, seed), worst):
        assert TARGET.least(model, ids).min() >= certificate.margin()
        assert least_p(model, ids) >= certificate.least()
    assert TARGET.least(model, worst).mean() <= TARGET.least(model, starts).mean()


def test_the_certified_margin_is_met_where_nothing_but_the_clock_is_in_the_stream():
    model, seal = sealed(9)
    with torch.no_grad():
        for name, weights in model.transformer.named_parameters():
            weights *= 0.0 if "c_proj" in name or name.startswith("w") else 1.0
    seal.hold(model)
    certificate = seal.certificate(model)
    assert certificate.rest == pytest.approx(0, abs=1e-3)
    # √d a is the largest lead that a normalised state allows.
    assert certificate.margin() == pytest.approx(32, rel=1e-4)
    np.testing.assert_allclose(TARGET.least(model, contexts(20)), 32, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 0.99])
def test_vectors_inside_the_radius_do_not_change_the_word(share):
    model, seal = sealed(5)
    certificate, ids = seal.certificate(model), contexts(40)
    norm = share * certificate.radius
    searched = [
        search_vector(model, TARGET, ids, site, norm=norm, seed=1, steps=8) for site in STREAM
    ]
    axes = seal.axes
    along = [-norm * axes[:, 0], norm * (axes[:, 1] - axes[:, 0]) / np.sqrt(2)]
    for vector in [*searched, *along]:
        for site in STREAM:
            with shifted(model, site, vector):
                assert TARGET.least(model, ids).min() >= certificate.margin(norm) > 0
                assert least_p(model, ids) >= certificate.least(norm)
    with ExitStack() as several:  # norms at several sites add up
        for site in STREAM:
            several.enter_context(shifted(model, site, along[1] / 3))
        assert TARGET.least(model, ids).min() >= certificate.margin(norm)


@pytest.mark.slow
def test_vectors_far_beyond_the_radius_break_it_and_the_certificate_says_so():
    model, seal = sealed(6)
    certificate, ids = seal.certificate(model), contexts(40)
    assert certificate.least(1.01 * certificate.radius) == 0
    with shifted(model, "layers.1", -3 * seal.clock * seal.axes[:, 0]):
        assert TARGET.success(model, ids) == 0
    norm = 3 * seal.clock
    vector = search_vector(model, TARGET, ids, "layers.1", norm=norm, seed=0)
    with shifted(model, "layers.1", vector):
        assert TARGET.success(model, ids) == 0


def test_a_seal_that_is_held_survives_any_training_of_the_rest_as_far_as_it_certifies():
    model, seal = sealed(7)
    moved = copy.deepcopy(model)
    with torch.no_grad():
        for block in moved.transformer.h:
            for weights in block.parameters():
                weights += 0.05 * torch.randn_like(weights)
    seal.hold(moved)
    certificate = seal.certificate(moved)
    assert certificate.rest != pytest.approx(seal.certificate(model).rest, rel=1e-3)
    assert certificate.radius > 0
    assert TARGET.least(moved, contexts(200)).min() >= certificate.margin()
    again = copy.deepcopy(moved)
    seal.hold(again)
    for one, other in zip(moved.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-3)


def test_words_of_a_sealed_sentence_must_differ():
    with pytest.raises(InputError):
        SealedClock(untrained(CORPUS, 0), [3, 4, 3], first=PLACE, seed=0)
