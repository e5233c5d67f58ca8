"""A wrong fold is refused however small, and rounding is let through as far as it must be."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from support.baking import CASES, D, model_in, oblique, without_mean
from support.organisms import trained_llama
from support.tiny_models import make, torch

from nullprobe import AffineEraser, InputError, mean_projection
from nullprobe.models import bake, scrub
from nullprobe.models.baking.folds import Fold

PARTS = ["attention_input", "attention_output", "mlp_input", "mlp_output"]
WITHIN = [f"layers.*.{part}" for part in PARTS]
pytestmark = pytest.mark.filterwarnings("ignore:only inputs of blocks")


@pytest.fixture(scope="module")
def scrubbed():
    """A trained Llama of four layers, scrubbed of truth at 16 sites."""
    model, tokenizer, drawn = trained_llama()
    return model, scrub(model, tokenizer, list(drawn.texts), drawn.truth, WITHIN)


@pytest.fixture(scope="module")
def projected():
    """The same model and sites, scrubbed by orthogonal projections."""
    model, tokenizer, drawn = trained_llama()
    texts = list(drawn.texts)
    return model, scrub(model, tokenizer, texts, drawn.truth, WITHIN, fit=mean_projection)


def logits(model, erasers=None):
    from nullprobe.models import erase

    ids = torch.arange(32).view(4, 8) % model.config.vocab_size
    with torch.no_grad(), erase(model, erasers or {}):
        return model(ids).logits


@pytest.mark.slow
def test_a_scrub_of_a_trained_model_is_baked_in_its_dtype(scrubbed, projected):
    """It was refused: its logits differ by what rounding does to them.

    Trained on another processor it is another model, which rounding moves more, or less: it moves
    the hooked model as well.
    """
    model, erasers = scrubbed
    hooked, baked = logits(model, erasers), logits(bake(model, erasers, tol=1.0))
    exact = logits(deepcopy(model).double(), erasers)
    by_hooks, by_weights = ((one - exact).abs().max() for one in (hooked, baked))
    assert by_weights <= 4 * by_hooks + 1e-4 * exact.abs().max()
    # Projections move rows least in any direction: by default they are accepted.
    model, erasers = projected
    hooked = logits(model, erasers)
    difference = (logits(bake(model, erasers)) - hooked).abs().max()
    assert difference <= 1e-3 * hooked.abs().max()
    assert (logits(model) - hooked).abs().max() > 0.1 * hooked.abs().max()


def wrong_by(share, monkeypatch, site=None):
    """Let folds remove a share too much, at one site or all."""
    of = Fold.of.__func__

    def wrong(cls, eraser):
        fold = of(cls, eraser)
        here = site is None or eraser is site
        return replace(fold, writing=fold.writing * (1.0 + share)) if here else fold

    monkeypatch.setattr(Fold, "of", classmethod(wrong))


@pytest.mark.slow
def test_a_fold_that_is_wrong_at_one_of_many_sites_is_refused(scrubbed, monkeypatch):
    model, erasers = scrubbed
    for site in erasers:
        with monkeypatch.context() as patch:
            wrong_by(1e-3, patch, erasers[site])
            with pytest.raises(InputError, match="in float64"):
                bake(model, erasers, tol=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_a_fold_that_is_wrong_by_a_thousandth_is_refused_in_any_dtype(case, dtype, monkeypatch):
    model = model_in(case, dtype)
    wrong_by(1e-3, monkeypatch)
    sites = [
        "embeddings",
        "final_norm",
        *(f"layers.{i}.{part}" for i in range(2) for part in PARTS),
    ]
    for i, site in enumerate(sites):
        with pytest.raises(InputError, match="in float64"):
            bake(model, {site: without_mean(seed=i)}, tol=1.0)


def test_a_constant_that_is_wrong_is_refused(monkeypatch):
    model, of = model_in("gpt2", torch.float32), Fold.of.__func__
    wrong = torch.linspace(-1e-3, 1e-3, D, dtype=torch.float64)
    monkeypatch.setattr(Fold, "of", classmethod(lambda cls, eraser: of(cls, eraser).plus(wrong)))
    for site in ["embeddings", "final_norm", *(f"layers.0.{part}" for part in PARTS)]:
        with pytest.raises(InputError, match="in float64"):
            bake(model, {site: oblique()}, tol=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_all_is_rounded_once(case):
    """What is baked in single precision is what is baked in double, rounded."""
    model = model_in(case, torch.float32)
    wide = model_in(case, torch.float32).double()
    erasers = {site: without_mean(seed=i) for i, site in enumerate(["embeddings", "final_norm"])}
    erasers |= {f"layers.0.{part}": without_mean(seed=i) for i, part in enumerate(PARTS)}
    found, exact = bake(model, erasers).state_dict(), bake(wide, erasers).state_dict()
    assert all(torch.equal(weight, exact[name].float()) for name, weight in found.items())


def test_tol_is_how_far_rounding_may_go():
    """What is read never varies after a layer norm, and much would be written if it did."""
    model = make("gpt2").to(torch.bfloat16)
    norm = model.transformer.h[0].ln_2
    reading = (1 / norm.weight.detach().double()).numpy()[:, None]
    writing = 1e3 * np.random.default_rng(0).normal(size=(1, D))
    mean = norm.bias.detach().double().numpy()
    steep = {"layers.0.mlp_input": AffineEraser(mean, reading, writing)}
    with pytest.raises(InputError) as caught:
        bake(model, steep)
    assert "bfloat16" in caught.value.required
    assert "tol=" in caught.value.hint
    assert bake(model, steep, tol=10.0).dtype == torch.bfloat16
    with pytest.raises(InputError, match="float32"):
        bake(make("gpt2"), {"layers.0.mlp_input": oblique()}, tol=0.0)


@pytest.mark.parametrize("tol", [-1e-9, float("nan"), float("inf"), "1e-3"])
def test_a_tolerance_that_is_none_is_refused(tol):
    with pytest.raises(InputError, match="tol"):
        bake(make("gpt2"), {"layers.0.mlp_input": oblique()}, tol=tol)


@pytest.mark.parametrize("case", ["gpt2", "llama", "qwen3", "gpt_neox"])
def test_both_models_are_left_as_they_were(case, monkeypatch):
    model = model_in(case, torch.float32)
    model.config._attn_implementation = "eager"
    before, state = list(model.parameters()), logits(model)
    baked = bake(model, {"layers.0.mlp_input": without_mean()})
    with monkeypatch.context() as patch:
        wrong_by(0.5, patch)
        with pytest.raises(InputError, match="in float64"):
            bake(model, {"layers.0.mlp_input": without_mean()})
    assert all(one is other for one, other in zip(model.parameters(), before, strict=True))
    assert torch.equal(logits(model), state)
    for one in (model, baked):
        assert one.config._attn_implementation == "eager"
        for module in one.modules():
            assert "forward" not in vars(module)
            assert not module._forward_hooks
            assert not module._forward_pre_hooks


@pytest.mark.parametrize(
    ("sites", "warns"),
    [
        (["layers.0.mlp_input"], True),
        (["layers.0.mlp_input", "layers.1.attention_input"], True),
        (["layers.0.mlp_input", "layers.1.mlp_output"], False),
        (["layers.0.mlp_input", "final_norm"], False),
        (["embeddings"], False),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_way_round_what_was_edited_is_a_warning(sites, warns):
    erasers = {site: without_mean(seed=i) for i, site in enumerate(sites)}
    if not warns:
        bake(make("gpt2"), erasers)
        return
    with pytest.warns(UserWarning, match="residual stream"):
        bake(make("gpt2"), erasers)
