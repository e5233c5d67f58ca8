"""Scrubbing in one forward pass is scrubbing site by site."""

import threading

import numpy as np
import pytest
from support.tiny_models import make, model_of, texts, torch, word_tokenizer

from nullprobe import AffineEraser, InputError, LDAProbe, Moments, leace, mean_projection
from nullprobe.models import capture, erase, scrub, sites

MANY = texts(90, shortest=2, longest=12)
# What a text says of its last word: known at the last token wherever it is looked for.
Y = np.array([int(text.split()[-1][1:]) % 3 for text in MANY])
WITHIN_A_LAYER = [
    "layers.0.output",
    "layers.0.mlp_input",
    "embeddings",
    "layers.0.attention_output",
    "layers.1.attention_input",
    "layers.1.output",
    "layers.1.mlp_output",
]


def double(name, **changes):
    return make(name, **changes).double()


def all_in_double(monkeypatch):
    """Let norms and attention of double models stay double: some families compute them in float32.

    Rounding to float32 turns differences of 1e-16 into 1e-7, on some processors.
    """
    single, softmax = torch.Tensor.float, torch.nn.functional.softmax

    def kept(x, *args, **options):
        return x if x.dtype == torch.float64 else single(x, *args, **options)

    def exact(x, *args, dtype=None, **options):
        dtype = x.dtype if x.dtype == torch.float64 else dtype
        return softmax(x, *args, dtype=dtype, **options)

    monkeypatch.setattr(torch.Tensor, "float", kept)
    monkeypatch.setattr(torch.nn.functional, "softmax", exact)


def one_site_after_the_other(model, tokenizer, names, *, fit=leace, **how):
    """Fit with one forward pass for each site, those before it in force."""
    found = {}
    for name in [name for name in sites(model) if name in names]:
        with erase(model, found):
            rows = capture(model, tokenizer, MANY, [name], **how)
        found[name] = fit(Moments.of(rows[name], Y[rows.text]))
    return found


def same(found, naive, tolerance):
    assert list(found) == list(naive)
    for name, one in found.items():
        np.testing.assert_allclose(one.matrix, naive[name].matrix, atol=tolerance)
        np.testing.assert_allclose(one.bias, naive[name].bias, atol=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "llama", "qwen3", "gemma2", "opt", "bert"])
def test_scrubbing_is_fitting_one_site_after_the_other(name, monkeypatch):
    all_in_double(monkeypatch)
    model, tokenizer = double(name), word_tokenizer()
    names = WITHIN_A_LAYER[:-2] if name == "bert" else WITHIN_A_LAYER
    found = scrub(model, tokenizer, MANY, Y, names, batch_size=16)
    # Erasers are solutions of small systems, whose condition multiplies rounding.
    same(found, one_site_after_the_other(model, tokenizer, names), 1e-8)
    # A layer's own eraser, without those before it, is another one.
    last = list(found)[-1]
    alone = leace(Moments.of(capture(model, tokenizer, MANY, [last])[last], Y))
    assert np.abs(alone.matrix - found[last].matrix).max() > 1e-3


def test_single_precision_is_as_good_as_its_rounding():
    model, tokenizer = model_of("gpt2"), word_tokenizer()
    found = scrub(model, tokenizer, MANY, Y, "layers.*.output", batch_size=16)
    naive = one_site_after_the_other(model, tokenizer, list(found))
    same(found, naive, 1e-3)


@pytest.mark.parametrize("tokens", ["last", "mean", "all", 0, -2])
def test_rows_are_those_that_capture_reads(tokens):
    model, tokenizer = double("llama"), word_tokenizer(special=True)
    names = ["layers.0.output", "layers.1.mlp_input", "final_norm"]
    how = {"tokens": tokens, "batch_size": 32}
    found = scrub(model, tokenizer, MANY, Y, names, fit=mean_projection, **how)
    naive = one_site_after_the_other(model, tokenizer, names, fit=mean_projection, **how)
    same(found, naive, 1e-8)


def test_every_layer_runs_once_a_batch_and_the_head_never():
    model, calls = make("gpt2"), []
    for path, module in model.named_modules():
        if path in ("transformer.h.0", "transformer.h.1", "transformer.h.1.mlp", "lm_head"):
            module.register_forward_hook(lambda *_, path=path: calls.append(path))
    names = [f"layers.{i}.{part}" for i in (0, 1) for part in ("attention_output", "mlp_input")]
    scrub(model, word_tokenizer(), MANY, Y, names, batch_size=16)
    # After the last site only the first batch goes on: the others but enter the mlp of layer 1.
    times = {"transformer.h.0": 6, "transformer.h.1": 1, "transformer.h.1.mlp": 1}
    assert {path: calls.count(path) for path in calls} == times
    calls.clear()
    scrub(model, word_tokenizer(), MANY, Y, ["layers.0.output", "final_norm"], batch_size=90)
    assert sorted(calls) == ["transformer.h.0", "transformer.h.1", "transformer.h.1.mlp"]


def test_after_scrubbing_a_fresh_probe_is_at_chance_at_every_site():
    model, tokenizer = double("gpt2"), word_tokenizer()
    found = scrub(model, tokenizer, MANY, Y, WITHIN_A_LAYER, batch_size=16)
    before = capture(model, tokenizer, MANY, WITHIN_A_LAYER)
    with erase(model, found):
        after = capture(model, tokenizer, MANY, WITHIN_A_LAYER)
    most_frequent = np.bincount(Y).max() / len(Y)
    for name in WITHIN_A_LAYER:
        means = np.array([after[name][Y == c].mean(axis=0) for c in range(3)])
        assert np.ptp(means, axis=0).max() < 1e-8 * np.abs(after[name]).max()
        probe = LDAProbe().fit(before[name], Y)
        assert (probe.predict(before[name]) == Y).mean() > most_frequent + 0.1
        probe = LDAProbe().fit(after[name], Y)
        assert (probe.predict(after[name]) == Y).mean() <= most_frequent + 1e-9


def test_batches_make_no_difference_and_one_will_do():
    model, tokenizer = double("llama"), word_tokenizer()
    names = ["layers.0.output", "layers.1.output"]
    one = scrub(model, tokenizer, MANY, Y, names, batch_size=len(MANY))
    same(scrub(model, tokenizer, MANY, Y, names, batch_size=7), one, 1e-8)
    again = scrub(model, tokenizer, MANY, Y, names, batch_size=len(MANY))
    for name in names:
        assert np.array_equal(again[name].reading, one[name].reading)


def test_the_same_pieces_give_the_same_bytes():
    model, tokenizer = model_of("gpt2"), word_tokenizer()
    first, second = (
        scrub(model, tokenizer, MANY, Y, "layers.*.output", batch_size=8) for _ in range(2)
    )
    for name, one in first.items():
        assert one.reading.tobytes() == second[name].reading.tobytes()


def threads():
    return threading.active_count()


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_nothing_is_left_behind():
    model, before = make("gpt2", resid_pdrop=0.5).train(), threads()
    stops, traced = [], []
    handle = model.transformer.h[1].register_forward_hook(
        lambda module, args, output: traced.append(output.requires_grad)
    )
    found = scrub(
        model,
        word_tokenizer(),
        MANY,
        Y,
        ["layers.0.output", "layers.1.output"],
        batch_size=32,
        progress=lambda *told: stops.append(told),
    )
    handle.remove()
    assert (threads(), hooks(model), model.training) == (before, 0, True)
    assert traced == [False]  # no gradients are kept
    assert stops == [("scrub", i, 6) for i in range(1, 7)]
    without = scrub(model.eval(), word_tokenizer(), MANY, Y, list(found), batch_size=32)
    assert np.array_equal(found["layers.1.output"].reading, without["layers.1.output"].reading)


def test_at_the_last_site_batches_let_go_of_what_they_hold():
    model, before, alive = model_of("gpt2"), threads(), []

    def fit(moments):
        alive.append(threads() - before)
        return leace(moments)

    scrub(model, word_tokenizer(), MANY, Y, "layers.*.output", fit=fit, batch_size=16)
    assert alive == [6, 1]


@pytest.mark.parametrize("when", ["fit", "model", "progress"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_anywhere_ends_all_and_leaves_nothing_behind(when, error):
    model, before, calls = make("gpt2"), threads(), []

    def fail(*given):
        calls.append(given)
        if len(calls) == 2:
            raise error("on purpose")
        return leace(*given) if when == "fit" else None

    handle = model.transformer.h[1].mlp.register_forward_hook(fail) if when == "model" else None
    how = {"fit": fail} if when == "fit" else {"progress": fail} if when == "progress" else {}
    with pytest.raises(error, match="on purpose"):
        scrub(model, word_tokenizer(), MANY, Y, "layers.*.output", batch_size=16, **how)
    if handle:
        handle.remove()
    assert (threads(), hooks(model)) == (before, 0)
    assert len(calls) == 2


def test_whoever_else_uses_the_model_meanwhile_finds_it_as_it_is():
    model, tokenizer = model_of("llama"), word_tokenizer()
    ids = torch.tensor([[4, 5, 6]])
    with torch.no_grad():
        plain, seen = model(ids).logits, []

    def fit(moments):
        with torch.no_grad():
            seen.append(torch.equal(model(ids).logits, plain))
        return leace(moments)

    scrub(model, tokenizer, MANY, Y, "layers.*.output", fit=fit)
    assert seen == [True, True]


def test_scrubbing_continues_where_something_is_erased_already():
    model, tokenizer = double("gpt2"), word_tokenizer()
    first = scrub(model, tokenizer, MANY, Y, ["embeddings"])
    with erase(model, first):
        second = scrub(model, tokenizer, MANY, Y, ["layers.1.output"])
    both = scrub(model, tokenizer, MANY, Y, ["embeddings", "layers.1.output"])
    same(first | second, both, 1e-9)


def test_autocasting_and_gradients_are_those_of_the_caller():
    model, tokenizer = model_of("gpt2"), word_tokenizer()
    names = ["layers.0.output", "layers.1.output"]
    with torch.autocast("cpu", torch.bfloat16):
        found = scrub(model, tokenizer, MANY, Y, names, fit=mean_projection)
        naive = one_site_after_the_other(model, tokenizer, names, fit=mean_projection)
    same(found, naive, 1e-3)
    plain = scrub(model, tokenizer, MANY, Y, names, fit=mean_projection)
    assert np.abs(plain[names[1]].bias - found[names[1]].bias).max() > 1e-3


def test_what_cannot_be_scrubbed_is_refused():
    model, tokenizer = make("gpt2"), word_tokenizer()

    def refused(match, *, model=model, y=Y, names="layers.*.output", **how):
        before = threads()
        with pytest.raises(InputError, match=match):
            scrub(model, tokenizer, MANY, y, names, batch_size=32, **how)
        assert (threads(), hooks(model)) == (before, 0)

    refused("90 texts, but 3 ", y=Y[:3])
    refused("at least two classes", y=["a"] * 90)
    refused("must name a site", names=["layers.9.output"])
    narrow = AffineEraser(np.zeros(3), np.zeros((3, 0)), np.zeros((0, 3)))
    refused("the width of the states, 16, but it has 3;", fit=lambda _: narrow)
    refused("AffineEraser, but float", fit=lambda _: 1.0)
    shared = make("gpt2")
    shared.transformer.h[1] = shared.transformer.h[0]
    match = "once.*called more than once"
    for names in (["layers.0.output"], "layers.*.output", ["layers.0.output", "final_norm"]):
        refused(match, model=shared, names=names)
    skipped = make("gpt2")
    whole = skipped.transformer.h[1].forward
    skipped.transformer.h[1].forward = lambda x, *_, **__: whole(x) if x.shape[1] == 3 else x
    refused(r"'layers\.1\.mlp_input'.*not called", model=skipped, names="layers.*.mlp_input")


def test_too_many_threads_are_an_error_that_names_batch_size(monkeypatch):
    model, start, started = model_of("gpt2"), threading.Thread.start, []

    def few(self):
        started.append(self)
        if len(started) > 3:
            raise RuntimeError("can't start new thread")
        start(self)

    before = threads()
    monkeypatch.setattr(threading.Thread, "start", few)
    with pytest.raises(InputError, match="thread.*batch_size"):
        scrub(
            model, word_tokenizer(), MANY, Y, ["layers.0.output", "layers.1.output"], batch_size=8
        )
    assert threads() == before


def test_a_warning_counts_texts_that_are_cut():
    model, tokenizer = make("gpt2", n_positions=8), word_tokenizer()
    with pytest.warns(UserWarning, match="of 90 texts were longer than 8 tokens"):
        scrub(model, tokenizer, MANY, Y, ["layers.0.output"])
