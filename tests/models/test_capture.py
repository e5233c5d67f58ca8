"""What is captured is what a forward pass of each text alone gives at plain hooks."""

import copy
import sys

import numpy as np
import pytest
from tiny_models import (
    CONTEXT,
    FAMILIES,
    WORDS,
    ids_of,
    make,
    model_of,
    naive,
    texts,
    torch,
    transformers,
    vit,
    word_tokenizer,
)

from nullprobe import InputError, Moments
from nullprobe.models import capture, capture_moments, sites

TEXTS = texts()
# The module, which the function hides.
CAPTURE = sys.modules["nullprobe.models.capture"]
LENGTHS = [len(text.split()) for text in TEXTS]


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


def test_the_texts_have_different_lengths_in_no_order():
    assert len(set(LENGTHS)) > 4
    assert sorted(LENGTHS) != LENGTHS
    assert sorted(LENGTHS, reverse=True) != LENGTHS


@pytest.mark.parametrize("name", FAMILIES)
def test_every_token_at_every_site_is_that_of_a_text_alone(name):
    model, tokenizer = model_of(name), word_tokenizer()
    expected = naive(model, name, tokenizer, TEXTS)
    captured = capture(model, tokenizer, TEXTS, list(sites(model)), tokens="all", batch_size=4)
    assert set(captured) == set(expected)
    for site, of_texts in expected.items():
        close(captured[site], torch.cat(of_texts).numpy())
    assert captured.text.tolist() == np.repeat(np.arange(len(TEXTS)), LENGTHS).tolist()


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_last_token_is_that_of_a_text_alone_on_either_side(name, side):
    model, tokenizer = model_of(name), word_tokenizer(side=side)
    expected = naive(model, name, tokenizer, TEXTS)
    captured = capture(model, tokenizer, TEXTS, list(sites(model)), batch_size=5)
    for site, of_texts in expected.items():
        close(captured[site], np.stack([states[-1].numpy() for states in of_texts]))


@pytest.mark.parametrize("tokens", ["last", "mean", 0, 2, -1, -3])
@pytest.mark.parametrize("special", [False, True])
def test_tokens_are_chosen_among_those_of_the_text(tokens, special):
    model, tokenizer = model_of("bert"), word_tokenizer(special=special)
    expected = naive(model, "bert", tokenizer, TEXTS)["layers.1.output"]
    assert len(expected[0]) == LENGTHS[0] + 2 * special
    index = {"last": -1}.get(tokens, tokens)
    rows = [s.mean(dim=0) if tokens == "mean" else s[index] for s in expected]
    captured = capture(model, tokenizer, TEXTS, "layers.1.output", tokens=tokens, batch_size=4)
    close(captured["layers.1.output"], torch.stack(rows).numpy())
    assert captured.text.tolist() == list(range(len(TEXTS)))
    assert captured.tokens == tokens


def test_padding_that_is_infinite_does_not_reach_the_mean():
    from nullprobe.models.tokens import Rule, batches

    (batch,) = batches([np.arange(3), np.arange(1)], 2, 0)
    states = torch.ones(2, 3, 4)
    states[1, 1:] = torch.inf
    assert Rule("mean").read(states, batch, torch.empty(0)).eq(1.0).all()


@pytest.mark.parametrize("name", ["gpt2", "bert", "bloom"])
def test_the_size_of_batches_makes_no_difference(name):
    model, tokenizer = model_of(name), word_tokenizer()
    found = [
        capture(model, tokenizer, TEXTS, "layers.*.output", tokens="mean", batch_size=size)
        for size in (1, 3, 11, 100)
    ]
    for other in found[1:]:
        for site, rows in other.items():
            close(rows, found[0][site])


@pytest.mark.parametrize("name", ["gpt2", "roberta"])
def test_a_tokenizer_without_a_padding_token_will_do(name):
    model, without = model_of(name), word_tokenizer(pad=False)
    assert without.pad_token_id is None
    a, b = (
        capture(
            model, t, TEXTS, "final_norm" if name == "gpt2" else "layers.1.output", batch_size=4
        )
        for t in (without, word_tokenizer())
    )
    for site, rows in a.items():
        close(rows, b[site])
    assert without.pad_token_id is None


def test_a_padding_token_that_the_model_does_not_have_is_not_used():
    tokenizer = word_tokenizer(pad=False)
    tokenizer.add_special_tokens({"pad_token": "[NEW]"})
    tokenizer.add_tokens([f"more{i}" for i in range(9)])
    model = make("gpt2", vocab_size=tokenizer.pad_token_id)
    found = capture(model, tokenizer, TEXTS, "final_norm", batch_size=4)
    close(
        found["final_norm"],
        capture(model, tokenizer, TEXTS, "final_norm", batch_size=1)["final_norm"],
    )


def test_the_model_keeps_its_modes_and_gets_no_gradients():
    model = make("gpt2", resid_pdrop=0.5, embd_pdrop=0.5)
    expected = capture(model, word_tokenizer(), TEXTS, "layers.*.output")
    model.train()
    model.transformer.h[1].eval()
    modes = [module.training for module in model.modules()]
    found = capture(model, word_tokenizer(), TEXTS, "layers.*.output")
    close(found["layers.1.output"], expected["layers.1.output"])
    assert [module.training for module in model.modules()] == modes
    assert torch.is_grad_enabled()
    assert not any(module._forward_hooks for module in model.modules())
    loss = model(input_ids=ids_of(word_tokenizer(), TEXTS[0])).logits.sum()
    loss.backward()  # nothing that capture left behind is in the way


def test_the_mode_comes_back_and_hooks_go_after_an_error_too():
    model = make("gpt2").train()

    def fail(*_):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        capture(model, word_tokenizer(), TEXTS, "layers.*.output", progress=fail)
    assert all(module.training for module in model.modules())
    hooks = [(m._forward_hooks, m._forward_pre_hooks) for m in model.modules()]
    assert not any(after or before for after, before in hooks)


def test_the_head_is_not_run():
    model, ran = make("gpt2"), []
    model.lm_head.register_forward_hook(lambda *_: ran.append("head"))
    capture(model, word_tokenizer(), TEXTS, "final_norm")
    assert not ran


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_every_dtype_is_read(dtype):
    model = copy.deepcopy(model_of("llama")).to(dtype)
    expected = naive(model, "llama", word_tokenizer(), TEXTS)["layers.0.output"]
    found = capture(model, word_tokenizer(), TEXTS, "layers.0.output", batch_size=4)
    rows = found["layers.0.output"]
    assert rows.dtype == (np.float64 if dtype == torch.float64 else np.float32)
    last = torch.stack([states[-1] for states in expected]).double().numpy()
    atol = {torch.bfloat16: 0.05, torch.float16: 0.01, torch.float64: 1e-12}[dtype]
    np.testing.assert_allclose(rows, last, rtol=atol, atol=atol)
    # Read as they are: every number is one that the narrow dtype has.
    assert (torch.from_numpy(rows).to(dtype).double().numpy() == rows).all()


def test_texts_longer_than_the_context_are_cut_and_it_is_said_how():
    long = " ".join(WORDS[: CONTEXT + 7])
    some = [TEXTS[0], long, TEXTS[1], long + " w1"]
    with pytest.warns(
        UserWarning, match=r"2 of 4 texts were longer than 24 tokens.*text 3, has 32"
    ):
        found = capture(model_of("gpt2"), word_tokenizer(), some, "final_norm")
    assert found.cut == {1: (CONTEXT + 7, CONTEXT), 3: (CONTEXT + 8, CONTEXT)}
    expected = naive(model_of("gpt2"), "gpt2", word_tokenizer(), [" ".join(WORDS[:CONTEXT])])
    close(found["final_norm"][1], expected["final_norm"][0][-1])


@pytest.mark.parametrize(("name", "special"), [("roberta", False), ("bert", True)])
def test_the_context_is_what_the_model_can_read(name, special):
    long = " ".join(WORDS[: CONTEXT + 3])
    tokenizer = word_tokenizer(special=special)
    with pytest.warns(UserWarning, match="1 of 1 text was longer than 24 tokens"):
        found = capture(model_of(name), tokenizer, [long], "layers.1.output", tokens="all")
    assert found["layers.1.output"].shape == (CONTEXT, 16)
    if special:  # [SEP] is kept
        kept = [" ".join(WORDS[: CONTEXT - 2])]
        assert tokenizer(kept[0])["input_ids"][-1] == 2
        close(
            found["layers.1.output"][-1],
            capture(model_of(name), tokenizer, kept, "layers.1.output")["layers.1.output"][0],
        )


def test_max_length_cuts_and_may_not_exceed_the_context():
    with pytest.warns(UserWarning, match="longer than 4 tokens"):
        found = capture(model_of("gpt2"), word_tokenizer(), TEXTS, "final_norm", max_length=4)
    assert {kept for _, kept in found.cut.values()} == {4}
    assert set(found.cut) == {i for i, n in enumerate(LENGTHS) if n > 4}
    with pytest.raises(InputError, match="max_length may be at most 24"):
        capture(model_of("gpt2"), word_tokenizer(), TEXTS, "final_norm", max_length=25)
    with pytest.raises(InputError, match="room beside 2 special tokens"):
        capture(model_of("gpt2"), word_tokenizer(special=True), TEXTS, "final_norm", max_length=2)


def test_a_tokenizer_that_knows_a_shorter_limit_is_heard():
    tokenizer = word_tokenizer()
    tokenizer.model_max_length = 5
    with pytest.warns(UserWarning, match="longer than 5 tokens"):
        capture(model_of("bloom"), tokenizer, TEXTS, "final_norm")


@pytest.mark.parametrize("bad", ["", None, 3])
def test_a_text_that_is_none_is_refused(bad):
    with pytest.raises(InputError, match=r"text 2 \(counted from 0\) is"):
        capture(model_of("gpt2"), word_tokenizer(), ["w1", "w2", bad], "final_norm")


def test_a_text_without_tokens_of_its_own_is_refused():
    for special in (False, True):
        tokenizer = word_tokenizer(special=special)
        with pytest.raises(InputError, match=r"text 1 \(counted from 0\), '  ', has none"):
            capture(model_of("bert"), tokenizer, ["w1", "  "], "layers.0.output")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"texts": "w1 w2"}, "a single str arrived"),
        ({"texts": []}, "there are 0"),
        ({"tokens": "first"}, "'first' arrived"),
        ({"tokens": True}, "True arrived"),
        ({"tokens": 3}, "text 1 .* has 3 tokens"),
        ({"tokens": -4}, "text 1 .* has 3 tokens"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"sites": "layers.9.output"}, "did you mean"),
        ({"tokenizer": object()}, "must be one of transformers'"),
        ({"model": "gpt2"}, "must be a torch module"),
    ],
)
def test_what_cannot_be_captured_is_refused(change, message):
    given = {
        "model": model_of("gpt2"),
        "tokenizer": word_tokenizer(),
        "texts": ["w1 w2 w3 w4", "w1 w2 w3"],
        "sites": "final_norm",
        **change,
    }
    tokens, batch_size = given.pop("tokens", "last"), given.pop("batch_size", 32)
    with pytest.raises(InputError, match=message):
        capture(*given.values(), tokens=tokens, batch_size=batch_size)


def test_the_tokenizer_of_another_model_is_refused():
    model = make("gpt2", vocab_size=20)
    with pytest.raises(InputError, match="below 20, the vocabulary.*text 1 .* has the id 43"):
        capture(model, word_tokenizer(), ["w1", "w39"], "final_norm")


def test_layers_that_are_shared_have_no_site_of_one_layer():
    model = make("gpt2")
    model.transformer.h[1] = model.transformer.h[0]
    with pytest.raises(InputError, match="called more than once"):
        capture(model, word_tokenizer(), TEXTS, "layers.0.output")


def test_a_module_that_is_not_called_is_complained_of():
    model = make("gpt2")
    model.transformer.h[1].forward = lambda x, *_, **__: x
    with pytest.raises(InputError, match=r"'transformer\.h\.1\.mlp' is not called"):
        capture(model, word_tokenizer(), TEXTS, "layers.1.mlp_output")


def test_a_model_that_takes_no_mask_is_given_texts_of_one_length():
    class Mixer(torch.nn.Module):
        """Every position sees the mean of all, padding too."""

        def __init__(self):
            super().__init__()
            self.config = transformers.BertConfig(hidden_size=12, num_hidden_layers=1)
            self.embedding = torch.nn.Embedding(48, 12)
            self.blocks = torch.nn.ModuleList([torch.nn.Linear(12, 12)])

        def get_input_embeddings(self):
            return self.embedding

        def forward(self, input_ids):
            x = self.embedding(input_ids)
            return self.blocks[0](x + x.mean(dim=1, keepdim=True))

    model = Mixer().eval()
    found = capture(model, word_tokenizer(), TEXTS, "layers.0.output", batch_size=4)
    with torch.no_grad():
        alone = [model(ids_of(word_tokenizer(), text))[0, -1].numpy() for text in TEXTS]
    close(found["layers.0.output"], np.stack(alone))


def test_the_encoder_of_a_model_of_two_parts_is_captured():
    config = transformers.AutoConfig.for_model(
        "t5", vocab_size=48, d_model=16, num_layers=2, num_heads=2, d_kv=8, d_ff=24
    )
    model = transformers.AutoModel.from_config(config).eval()
    where = {"layers": "encoder.block"}
    found = capture(model, word_tokenizer(), TEXTS, "final_norm", batch_size=3, **where)
    with torch.no_grad():
        alone = [
            model.encoder(input_ids=ids_of(word_tokenizer(), t)).last_hidden_state[0, -1].numpy()
            for t in TEXTS
        ]
    close(found["final_norm"], np.stack(alone))
    with pytest.raises(InputError, match="outside of it"):
        capture(model, word_tokenizer(), TEXTS, "final_norm", layers="decoder.block")


def test_pixels_have_no_tokenizer():
    with pytest.raises(InputError, match="must be one of transformers'"):
        capture(vit()[0], None, TEXTS, "final_norm")


def test_progress_counts_texts():
    seen = []
    capture(
        model_of("gpt2"),
        word_tokenizer(),
        TEXTS,
        "final_norm",
        batch_size=4,
        progress=lambda *told: seen.append(told),
    )
    assert seen == [("capture", 4, 11), ("capture", 8, 11), ("capture", 11, 11)]


def test_a_frame_of_what_was_captured_knows_its_sites():
    found = capture(model_of("gpt2"), word_tokenizer(), TEXTS, ["final_norm", "embeddings"])
    assert list(found) == ["final_norm", "embeddings"]
    assert len(found) == 2
    assert "final_norm" in found
    assert "layers.0.output" not in found
    with pytest.raises(InputError, match="must name a site"):
        found["final_nrm"]


@pytest.mark.parametrize("tokens", ["last", "mean", "all", -2])
@pytest.mark.parametrize("name", ["gpt2", "bert"])
def test_moments_are_those_of_what_is_captured(name, tokens, monkeypatch):
    # Small pieces, so that rows of several windows and blocks meet.
    monkeypatch.setattr(CAPTURE, "LEAST_ROWS", 7)
    monkeypatch.setattr(CAPTURE, "MOST_ROWS", 7)
    monkeypatch.setattr(CAPTURE, "WINDOW", 2)
    monkeypatch.setattr("nullprobe.models.tokens.AT_ONCE", 3)
    model, tokenizer = model_of(name), word_tokenizer()
    many = texts(41, seed=3)
    y = np.array(["yes", "no", "maybe"])[np.random.default_rng(0).integers(0, 3, 41)]
    given = {"tokens": tokens, "batch_size": 5}
    found = capture_moments(model, tokenizer, many, y, "layers.*.output", **given)
    captured = capture(model, tokenizer, many, "layers.*.output", **given)
    assert list(found) == list(captured)
    for site, moments in found.items():
        expected = Moments.of(captured[site], y[captured.text])
        assert (moments.n, moments.classes) == (expected.n, expected.classes)
        scale = expected.scale.max()
        np.testing.assert_allclose(moments.mean, expected.mean, atol=1e-5 * scale)
        np.testing.assert_allclose(moments.covariance, expected.covariance, atol=1e-5 * scale**2)
        np.testing.assert_allclose(
            moments.cross_covariance, expected.cross_covariance, atol=1e-5 * scale
        )


def test_moments_of_a_numeric_concept():
    y = np.random.default_rng(0).standard_normal((len(TEXTS), 2))
    given = model_of("gpt2"), word_tokenizer(), TEXTS
    found = capture_moments(*given, y, "final_norm")["final_norm"]
    expected = Moments.of(capture(*given, "final_norm")["final_norm"], y)
    np.testing.assert_allclose(found.cross_covariance, expected.cross_covariance, atol=1e-5)


def test_moments_need_a_value_for_every_text():
    with pytest.raises(InputError, match="there are 11 texts and 3 values"):
        capture_moments(model_of("gpt2"), word_tokenizer(), TEXTS, [0, 1, 1], "final_norm")


def test_moments_warn_of_cut_texts_of_every_window(monkeypatch):
    monkeypatch.setattr(CAPTURE, "WINDOW", 1)
    y = np.arange(len(TEXTS)) % 2
    given = {"max_length": 4, "batch_size": 2}
    cut = sum(n > 4 for n in LENGTHS)
    with pytest.warns(UserWarning, match=f"{cut} of 11 texts were longer"):
        capture_moments(model_of("gpt2"), word_tokenizer(), TEXTS, y, "final_norm", **given)


def test_moments_of_states_that_overflow_name_the_text():
    model = make("gpt2")
    with torch.no_grad():
        model.transformer.wte.weight[43] = torch.inf  # w39
    some = ["w1 w2 w3", "w2 w39", "w3"]
    with pytest.raises(InputError, match=r"at 'final_norm', too, but those of text 1 "):
        capture_moments(model, word_tokenizer(), some, [0, 1, 0], "final_norm")
