"""Erasing inside a model: every row and position, every family, and no trace afterwards."""

import copy

import numpy as np
import pytest
from tiny_models import CAUSAL, FAMILIES, make, model_of, texts, torch, vit, word_tokenizer

from nullprobe import LEACE, AffineEraser, InputError, Moments, OracleLEACE, leace
from nullprobe.models import capture, erase, sites
from nullprobe.models.edit import Map
from nullprobe.models.hooks import replaced, taken
from nullprobe.models.sites import Site

D = 16


def eraser(*, seed=0, d=D, rank=2, mean=0.0, level=False):
    """Return an eraser of random directions that are not orthogonal to what is read."""
    rng = np.random.default_rng(seed)
    levels = np.full(d, np.nan)
    if level:
        levels[[1, d - 1]] = [0.5, -2.0]
    return AffineEraser(
        mean + rng.standard_normal(d),
        0.4 * rng.standard_normal((d, rank)),
        0.4 * rng.standard_normal((rank, d)),
        rng.standard_normal(rank),
        levels,
    )


def ids(rows=3, length=5, seed=0):
    return torch.tensor(np.random.default_rng(seed).integers(4, 40, (rows, length)))


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


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
        assert hooks(model) == len(erasers)
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


def site_of(d=D):
    return Site("layers.0.output", "h.0", "output", d)


@pytest.mark.parametrize("mean", [0.0, 1e6])
@pytest.mark.parametrize("level", [False, True])
@pytest.mark.parametrize(("dtype", "atol"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_the_map_is_that_of_the_eraser_though_means_are_large(mean, level, dtype, atol):
    e = eraser(mean=mean, level=level)
    x = (mean + torch.randn(3, 4, D, generator=torch.Generator().manual_seed(0))).to(dtype)
    found = Map(e, site_of())(x)
    expected = e.apply(x.reshape(-1, D)).reshape(x.shape)
    assert found.dtype == dtype
    # Numbers of a million are themselves a sixteenth apart in float32.
    spacing = float(np.spacing(np.float32(mean))) if dtype == torch.float32 else 0.0
    torch.testing.assert_close(found, expected, rtol=0, atol=max(atol, spacing))
    exact = e.apply(x.reshape(-1, D).double()).reshape(x.shape)
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=max(atol, spacing))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once(dtype):
    e = eraser()
    x = torch.randn(5, D, generator=torch.Generator().manual_seed(0)).to(dtype)
    found = Map(e, site_of())(x[None])[0]
    assert found.dtype == dtype
    assert torch.equal(found, e.apply(x.float()).to(dtype))


def test_autocasting_does_not_reach_the_edit():
    e = eraser()
    x = torch.randn(5, D, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Map(e, site_of())(x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, e.apply(x), rtol=0, atol=1e-5)


def test_what_comes_in_is_left_as_it_was():
    x = torch.randn(2, 3, D, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    Map(eraser(level=True), site_of())(x)
    assert torch.equal(x, before)


def test_an_eraser_of_rank_0_leaves_everything():
    x = torch.randn(2, 3, D)
    assert torch.equal(Map(eraser(rank=0), site_of())(x), x)


def test_the_eraser_follows_the_states_to_their_device():
    moved = Map(eraser(level=True), site_of())
    x = torch.randn(2, 3, D)
    here = moved(x)
    away = moved(x.to("meta"))
    assert (away.device.type, away.shape) == ("meta", x.shape)
    assert torch.equal(moved(x), here)  # and is still ready here
    assert {key[0].type for key in moved._ready} == {"cpu", "meta"}
    assert moved.on(x.device, x.dtype)["reading"] is moved.on(x.device, x.dtype)["reading"]


def test_gradients_flow_through_the_edit_and_stop_where_nothing_is_left():
    e = eraser(level=True)
    x = torch.randn(3, D, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Map(e, site_of()), (x,))
    with torch.inference_mode():
        again = Map(e, site_of())
        again(torch.randn(3, D, dtype=torch.float64))
    again(x).sum().backward()  # though the eraser was made ready in inference mode
    matrix = e.matrix.copy()
    matrix[[1, D - 1]] = 0.0
    np.testing.assert_allclose(x.grad.numpy(), np.tile(matrix.sum(axis=0), (3, 1)), atol=1e-12)


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
        assert taken(given) is old
        found = replaced(given, new)
        assert type(found) is type(given)
        assert taken(found) is new
        assert taken(given) is old
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


def test_a_site_that_holds_no_states_is_complained_of():
    model = make("gpt2")
    model.transformer.h[0].mlp.forward = lambda x: None
    with pytest.raises(InputError, match=r"'layers\.0\.mlp_output', but NoneType arrived"):
        with erase(model, {"layers.0.mlp_output": eraser()}):
            model(input_ids=ids())


@pytest.mark.parametrize(
    ("erasers", "message"),
    [
        ({"layers.0.outputs": eraser()}, r"did you mean .*'layers\.0\.output'"),
        ({"layers.*.output": eraser()}, r"'layers\.\*\.output' must name a site"),
        ({"layers.0.output": eraser(d=8)}, r"'layers\.0\.output' must be as wide .* 16, .* for 8"),
        ({"layers.0.output": LEACE()}, "LEACE has not been fitted"),
        ({"layers.0.output": LEACE}, "is the class LEACE itself"),
        ({"layers.0.output": np.eye(D)}, "must be an AffineEraser, but ndarray arrived"),
        ([("layers.0.output", eraser())], "must be given as a mapping"),
    ],
)
def test_erasers_that_cannot_be_used_are_refused(erasers, message):
    model = make("gpt2")
    with pytest.raises(InputError, match=message), erase(model, erasers):
        pass
    assert hooks(model) == 0


def test_an_eraser_that_needs_labels_is_refused():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, D)), np.arange(40) % 2
    fitted = OracleLEACE().fit(X, y)
    with pytest.raises(InputError, match="a model, which has no labels"):
        with erase(make("gpt2"), {"layers.0.output": fitted}):
            pass


def test_an_eraser_of_another_width_than_the_states_is_complained_of():
    model = make("gpt2")
    model.config.n_embd, model.transformer.config.n_embd = 8, 8
    with pytest.raises(InputError, match=r"wide as the states there, 16"):
        with erase(model, {"layers.0.output": eraser(d=8)}):
            model(input_ids=ids())


def test_a_copy_of_a_model_is_edited_by_itself():
    model = make("gpt2")
    other = copy.deepcopy(model)
    with torch.no_grad(), erase(model, {"layers.0.output": eraser()}):
        assert not torch.equal(model(input_ids=ids()).logits, other(input_ids=ids()).logits)
