"""Erasing inside a model: every row and position, every family, and no trace afterwards."""

import copy

import numpy as np
import pytest
from support.editing import D, eraser, hooks, ids
from support.tiny_models import CAUSAL, FAMILIES, make, model_of, texts, torch, vit, word_tokenizer

from nullprobe import LEACE, InputError, Moments, leace
from nullprobe.models import capture, erase, sites
from nullprobe.models.hooks import leaving, replaced


def first(output):
    return output if isinstance(output, torch.Tensor) else output[0]


def states_at(model, path, run):
    """Return what leaves a module, by a hook that is registered before the model runs."""
    seen = []
    handle = model.get_submodule(path).register_forward_hook(
        lambda module, args, output: seen.append(first(output).detach().clone())
    )
    with torch.no_grad():
        run()
    handle.remove()
    return torch.cat(seen)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_row_and_position_of_a_batch_is_edited(name):
    model, e = model_of(name), eraser()
    for site in sites(model).values():
        if site.side == "input":
            continue
        before = states_at(model, site.path, lambda: model(input_ids=ids()))

        def erased(site=site):
            with erase(model, {site.name: e}):
                model(input_ids=ids())

        after = states_at(model, site.path, erased)
        expected = e.apply(before.reshape(-1, D)).reshape(before.shape)
        torch.testing.assert_close(after, expected, rtol=0, atol=2e-5)
        moved = (after - before).reshape(-1, D).norm(dim=1)
        assert moved.min() > 1e-3, site.name


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_what_a_module_is_given_is_edited(name):
    model, e = model_of(name), eraser()
    for site in sites(model).values():
        if site.side == "output":
            continue
        seen = []

        def look(module, args, kwargs, seen=seen):
            seen.append((args[0] if args else kwargs["hidden_states"]).clone())

        # Registered before, and sees the edit all the same.
        handle = model.get_submodule(site.path).register_forward_pre_hook(look, with_kwargs=True)
        with torch.no_grad():
            model(input_ids=ids())
            with erase(model, {site.name: e}):
                model(input_ids=ids())
        handle.remove()
        before, after = seen
        expected = e.apply(before.reshape(-1, D)).reshape(before.shape)
        torch.testing.assert_close(after, expected, rtol=0, atol=2e-5)
        assert (after - before).reshape(-1, D).norm(dim=1).min() > 1e-3, site.name


@pytest.mark.parametrize("name", FAMILIES)
def test_an_edit_reaches_what_comes_after_it(name):
    model = model_of(name)
    with torch.no_grad():
        before = first(model(input_ids=ids()))
        with erase(model, {"layers.0.output": eraser()}):
            during = first(model(input_ids=ids()))
        after = first(model(input_ids=ids()))
    assert (during - before).abs().amax(dim=(1, 2)).min() > 1e-3  # in every row of the batch
    assert torch.equal(before, after)


def test_states_of_a_vision_transformer_are_edited():
    model, pixels = vit()
    e = eraser()
    before = states_at(model, "layers.1", lambda: model(pixels))

    def erased():
        with erase(model, {"layers.1.output": e}):
            model(pixels)

    after = states_at(model, "layers.1", erased)
    expected = e.apply(before.reshape(-1, D)).reshape(before.shape)
    torch.testing.assert_close(after, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", ["gpt2", "bert", "opt"])
def test_erased_states_hold_nothing_of_the_concept(name):
    model, tokenizer, some = model_of(name), word_tokenizer(), texts(60, seed=5)
    y = np.array([text.split()[-1] < "w2" for text in some])
    site = "layers.0.output"
    raw = capture(model, tokenizer, some, site)[site]
    fitted = LEACE().fit(raw, y)
    assert np.abs(Moments.of(raw, y).cross_covariance).max() > 0.01
    with erase(model, {site: fitted}):  # an estimator that was fitted will do
        erased = capture(model, tokenizer, some, site)[site]
    assert np.abs(Moments.of(erased, y).cross_covariance).max() < 1e-6
    np.testing.assert_allclose(erased, fitted.eraser_.apply(raw), atol=1e-5)


def test_moments_and_an_eraser_of_them_work_together_at_every_layer():
    model, tokenizer, some = model_of("gpt2"), word_tokenizer(), texts(60, seed=5)
    y = np.arange(60) % 3
    found = capture(model, tokenizer, some, "layers.*.output")
    erasers = {site: leace(Moments.of(rows, y)) for site, rows in found.items()}
    with erase(model, erasers):
        again = capture(model, tokenizer, some, "layers.*.output")
    first_layer = Moments.of(again["layers.0.output"], y)
    assert np.abs(first_layer.cross_covariance).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", CAUSAL)
def test_generation_is_the_same_with_and_without_a_cache(name):
    model, erasers = (
        model_of(name),
        {"layers.0.output": eraser(), "layers.1.output": eraser(seed=1)},
    )
    given = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    given |= {"return_dict_in_generate": True, "output_logits": True}

    def run(**more):
        prompt = ids(rows=2)
        out = model.generate(prompt, attention_mask=torch.ones_like(prompt), **given, **more)
        return out.sequences, torch.stack(out.logits)

    plain = run(use_cache=True)
    with erase(model, erasers):
        cached, uncached = run(use_cache=True), run(use_cache=False)
        # Token by token, each from a whole forward pass.
        by_hand, logits = ids(rows=2), []
        with torch.no_grad():
            for _ in range(6):
                logits.append(model(input_ids=by_hand, use_cache=False).logits[:, -1])
                by_hand = torch.cat([by_hand, logits[-1].argmax(dim=-1)[:, None]], dim=1)
    for tokens, of_steps in (cached, uncached):
        assert torch.equal(tokens, by_hand)
        torch.testing.assert_close(of_steps, torch.stack(logits), rtol=0, atol=1e-4)
    # Every row of the batch was edited, at the first step and at later ones.
    assert (cached[1] - plain[1]).abs().amax(dim=2).min() > 1e-2
    assert torch.equal(run(use_cache=True)[1], plain[1])


def test_hooks_are_gone_after_the_block_and_after_an_exception():
    model = make("gpt2")
    erasers = {name: eraser() for name in sites(model)}
    with erase(model, erasers):
        assert hooks(model) >= len(erasers)
    assert hooks(model) == 0

    class Stop(Exception):
        pass

    with pytest.raises(Stop), erase(model, erasers):
        raise Stop
    assert hooks(model) == 0
    with pytest.raises(InputError), erase(model, {**erasers, "layers.9.output": eraser()}):
        pass
    assert hooks(model) == 0
    with pytest.raises(IndexError), erase(model, erasers):
        model(input_ids=ids() + 1000)
    assert hooks(model) == 0


def test_hooks_are_gone_if_one_cannot_be_registered(monkeypatch):
    model = make("gpt2")
    sites(model)

    def fail(*_, **__):
        raise RuntimeError("no more hooks")

    monkeypatch.setattr(model.transformer.ln_f, "register_forward_hook", fail)
    with (
        pytest.raises(RuntimeError, match="no more"),
        erase(model, {"layers.0.output": eraser(), "final_norm": eraser()}),
    ):
        pass
    assert hooks(model) == 0
    monkeypatch.undo()
    e = eraser()
    before = states_at(model, "transformer.ln_f", lambda: model(input_ids=ids()))
    with erase(model, {"final_norm": e}):  # the failure left nothing in the way
        after = states_at(model, "transformer.ln_f", lambda: model(input_ids=ids()))
    torch.testing.assert_close(after, e.apply(before.reshape(-1, D)).reshape(before.shape))


def test_an_inner_block_edits_what_the_outer_one_has_edited():
    model, site = make("gpt2"), "layers.0.output"
    outer, inner = eraser(seed=0), eraser(seed=1)
    path = sites(model)[site].path
    before = states_at(model, path, lambda: model(input_ids=ids())).reshape(-1, D)
    with erase(model, {site: outer}):
        with erase(model, {site: inner}):
            both = states_at(model, path, lambda: model(input_ids=ids())).reshape(-1, D)
        one = states_at(model, path, lambda: model(input_ids=ids())).reshape(-1, D)
    torch.testing.assert_close(both, inner.compose(outer).apply(before), rtol=0, atol=2e-5)
    assert (both - outer.compose(inner).apply(before)).abs().max() > 0.01  # the order matters
    torch.testing.assert_close(one, outer.apply(before), rtol=0, atol=1e-5)
    assert hooks(model) == 0


def test_blocks_may_end_in_any_order():
    model, site = make("gpt2"), "layers.0.output"
    path, inner = sites(model)[site].path, eraser(seed=1)
    before = states_at(model, path, lambda: model(input_ids=ids())).reshape(-1, D)
    a, b = erase(model, {site: eraser()}), erase(model, {site: inner})
    a.__enter__()
    b.__enter__()
    a.__exit__(None, None, None)
    after = states_at(model, path, lambda: model(input_ids=ids())).reshape(-1, D)
    b.__exit__(None, None, None)
    torch.testing.assert_close(after, inner.apply(before), rtol=0, atol=1e-5)
    assert hooks(model) == 0


def test_a_model_can_be_trained_while_it_is_edited():
    model = make("llama").train()
    with erase(model, {"layers.0.output": eraser()}):
        model(input_ids=ids(), labels=ids()).loss.backward()
    early = model.get_submodule("model.layers.0.mlp.up_proj").weight.grad
    assert early is not None
    assert early.abs().max() > 0


def test_outputs_keep_their_type():
    from collections import namedtuple

    from transformers.modeling_outputs import BaseModelOutput

    old, new = torch.zeros(2, 3), torch.ones(2, 3)
    pair = namedtuple("pair", "states cache")
    output = BaseModelOutput(last_hidden_state=old, attentions=(old,))
    for given in (old, (old, "cache"), [old, "cache"], pair(old, "cache"), output):
        assert leaving(given) is old
        found = replaced(given, new)
        assert type(found) is type(given)
        assert leaving(found) is new
        assert leaving(given) is old
        if not isinstance(given, torch.Tensor):
            assert len(found) == 2
    assert replaced(pair(old, "cache"), new).cache == "cache"
    assert replaced(output, new).attentions == (old,)


@pytest.mark.parametrize("form", ["tuple", "tensor"])
def test_layers_that_return_tuples_are_edited_as_those_that_return_tensors(form):
    class Layer(torch.nn.Module):
        def forward(self, hidden_states, other=None):
            return (hidden_states * 2, "cache") if form == "tuple" else hidden_states * 2

    model = torch.nn.Module()
    model.config = model_of("gpt2").config
    model.h = torch.nn.ModuleList([Layer(), Layer()])
    e, x = eraser(), torch.randn(3, 4, D)
    with erase(model, {"layers.0.output": e}):
        found = model.h[0](hidden_states=x)
    assert isinstance(found, tuple) == (form == "tuple")
    expected = e.apply((2 * x).reshape(-1, D)).reshape(x.shape)
    torch.testing.assert_close(first(found), expected, rtol=0, atol=1e-5)
    assert form == "tensor" or found[1] == "cache"
    with erase(model, {"embeddings": e}):
        by_name, by_place = model.h[0](other=1, hidden_states=x), model.h[0](x, 1)
    expected = 2 * e.apply(x.reshape(-1, D)).reshape(x.shape)
    torch.testing.assert_close(first(by_name), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(first(by_place), expected, rtol=0, atol=1e-5)


def test_a_copy_of_a_model_is_edited_by_itself():
    model = make("gpt2")
    other = copy.deepcopy(model)
    with torch.no_grad(), erase(model, {"layers.0.output": eraser()}):
        assert not torch.equal(model(input_ids=ids()).logits, other(input_ids=ids()).logits)
