"""What is captured is what a forward pass of each text alone gives at plain hooks."""

import copy
import sys

import numpy as np
import pytest
from support.tiny_models import (
    FAMILIES,
    close,
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

from nullprobe import InputError
from nullprobe.models import capture, sites

TEXTS = texts()
# The module, which the function hides.
CAPTURE = sys.modules["nullprobe.models.capturing.states"]
LENGTHS = [len(text.split()) for text in TEXTS]


def test_the_texts_have_different_lengths_in_no_order():
    assert len(set(LENGTHS)) > 4
    assert sorted(LENGTHS) != LENGTHS
    assert sorted(LENGTHS, reverse=True) != LENGTHS


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_token_at_every_site_is_that_of_a_text_alone(name):
    model, tokenizer = model_of(name), word_tokenizer()
    expected = naive(model, name, tokenizer, TEXTS)
    captured = capture(model, tokenizer, TEXTS, list(sites(model)), tokens="all", batch_size=4)
    assert set(captured) == set(expected)
    for site, of_texts in expected.items():
        close(captured[site], torch.cat(of_texts).numpy())
    assert captured.text.tolist() == np.repeat(np.arange(len(TEXTS)), LENGTHS).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_last_token_is_that_of_a_text_alone_on_either_side(name, side):
    model, tokenizer = model_of(name), word_tokenizer(side=side)
    expected = naive(model, name, tokenizer, TEXTS)
    captured = capture(model, tokenizer, TEXTS, list(sites(model)), batch_size=5)
    for site, of_texts in expected.items():
        close(captured[site], np.stack([states[-1].numpy() for states in of_texts]))


@pytest.mark.parametrize("tokens", ["last", "mean:every", "mean", 0, 2, -1, -3])
@pytest.mark.parametrize("special", [False, True])
def test_tokens_are_chosen_among_those_of_the_text(tokens, special):
    model, tokenizer = model_of("bert"), word_tokenizer(special=special)
    expected = naive(model, "bert", tokenizer, TEXTS)["layers.1.output"]
    assert len(expected[0]) == LENGTHS[0] + 2 * special
    index = {"last": -1}.get(tokens, tokens)
    # The first token counts as special ones do: in most models it is an attention sink.
    means = {"mean:every": slice(None), "mean": slice(1, -1 if special else None)}
    rows = [s[means[tokens]].mean(dim=0) if tokens in means else s[index] for s in expected]
    captured = capture(model, tokenizer, TEXTS, "layers.1.output", tokens=tokens, batch_size=4)
    close(captured["layers.1.output"], torch.stack(rows).numpy())
    assert captured.text.tolist() == list(range(len(TEXTS)))
    assert captured.tokens == tokens


def test_padding_that_is_infinite_does_not_reach_the_mean():
    from nullprobe.models.tokens import Encoded, batches

    both = [Encoded(np.arange(t), np.arange(t), 1) for t in (3, 1)]
    (batch,) = batches(both, 2, 0)
    states = torch.ones(2, 3, 4)
    states[1, 1:] = torch.inf
    assert batch.read(states, torch.from_numpy(batch.positions)).eq(1.0).all()


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
    model = transformers.AutoModel.from_config(config, trust_remote_code=False).eval()
    where = {"layers": "encoder.block"}
    found = capture(model, word_tokenizer(), TEXTS, "final_norm", batch_size=3, **where)
    with torch.no_grad():
        alone = [
            model.encoder(input_ids=ids_of(word_tokenizer(), t)).last_hidden_state[0, -1].numpy()
            for t in TEXTS
        ]
    close(found["final_norm"], np.stack(alone))
    with pytest.raises(InputError, match=r"encoder.*'decoder\."):
        capture(model, word_tokenizer(), TEXTS, "final_norm", layers="decoder.block")


def test_pixels_have_no_tokenizer():
    with pytest.raises(InputError, match="tokenizer.* NoneType"):
        capture(vit()[0], None, TEXTS, "final_norm")


def test_progress_counts_texts():
    seen = []
    capture(
        model_of("gpt2"),
        word_tokenizer(),
        TEXTS,
        "final_norm",
        batch_size=4,
        progress=lambda *step: seen.append(step),
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


def test_rows_of_a_text_are_a_group_and_have_its_label():
    from nullprobe.data.dataset import Dataset

    model, tokenizer = model_of("gpt2"), word_tokenizer()
    y = ["yes" if i % 2 else "no" for i in range(len(TEXTS))]
    found = capture(model, tokenizer, TEXTS, "layers.*.output", tokens="all")
    data = Dataset.of(found, y)
    assert data.groups is not None
    assert data.groups.tolist() == found.text.tolist()
    assert data.z.labels.tolist() == np.array(y)[found.text].tolist()
    asked = Dataset.of(found, np.array(y)[found.text], groups=["a", "b"] * 5 + ["a"])
    assert [asked.group_names[i] for i in asked.groups[: LENGTHS[0] + 1]] == ["a"] * LENGTHS[0] + [
        "b"
    ]
    with pytest.raises(InputError, match=f"{len(TEXTS)} texts or {sum(LENGTHS)} rows"):
        Dataset.of(found, y[:-1])
    one = capture(model, tokenizer, TEXTS, "layers.*.output")
    assert Dataset.of(one, y).groups is None


def test_a_frame_may_have_a_column_called_text():
    import pandas

    from nullprobe.data.dataset import Dataset

    X = pandas.DataFrame({"text": [0.5, 1.5, 0.5, 0.0], "other": [1.0, 0.0, 2.0, 3.0]})
    data = Dataset.of(X, ["a", "b", "a", "b"])
    assert data.groups is None
    assert data.z.labels.tolist() == ["a", "b", "a", "b"]
