"""What is asked of a model is done, or it is an error: compiled, replaced, not finite."""

import numpy as np
import pytest
from support.tiny_models import make, model_of, torch, word_tokenizer
from support.tiny_models import texts as some_texts

from nullprobe import AffineEraser, InputError, audit_use
from nullprobe.data.files import read
from nullprobe.models import capture, capture_moments, capture_to, erase, scrub, sites
from nullprobe.models.behaviour import Texts, divergences, log_probabilities, metrics

TEXTS = some_texts(24, shortest=4)
Y, ANSWERS = ["a", "b"] * 12, ["w1", "w2"] * 12
IDS = torch.arange(3, 9)[None]
SITE = "layers.1.output"


def whole(d=16):
    """Return an eraser that leaves zeros."""
    return AffineEraser(np.zeros(d), np.eye(d), np.eye(d))


def compiled(how):
    model = make("gpt2")
    if how == "torch.compile(model)":
        return torch.compile(model, backend="eager")
    if how == "model.compile()":
        model.compile(backend="eager")
    if how == "a layer is wrapped":
        model.transformer.h[1] = torch.compile(model.transformer.h[1], backend="eager")
    if how == "a layer is compiled":
        model.transformer.h[1].compile(backend="eager")
    if how == "its forward is compiled":
        model.forward = torch.compile(model.forward, backend="eager")
    return model


WAYS = ["torch.compile(model)", "model.compile()", "a layer is wrapped", "a layer is compiled"]
WAYS.append("its forward is compiled")


@pytest.mark.slow
@pytest.mark.parametrize("how", WAYS)
def test_a_compiled_model_is_read_and_edited_as_it_was_written(how):
    plain, model, tokenizer = make("gpt2"), compiled(how), word_tokenizer()
    with torch.no_grad():
        before = model(input_ids=IDS).logits  # compiled now, if anything is
    assert {name: site.width for name, site in sites(model).items()} == {
        name: site.width for name, site in sites(plain).items()
    }
    for site in ("embeddings", "layers.1.mlp_input", SITE, "final_norm"):
        right = capture(plain, tokenizer, TEXTS, site)[site]
        np.testing.assert_allclose(capture(model, tokenizer, TEXTS, site)[site], right, atol=1e-5)
        with torch.no_grad():
            with erase(plain, {site: whole()}):
                right = plain(input_ids=IDS).logits
            with erase(model, {site: whole()}):
                edited = model(input_ids=IDS).logits
            torch.testing.assert_close(edited, right)
            torch.testing.assert_close(model(input_ids=IDS).logits, before)


@pytest.mark.slow
def test_what_is_compiled_within_a_block_is_as_it_was_afterwards():
    model = make("gpt2")
    with torch.no_grad():
        before = model(input_ids=IDS).logits
        with erase(model, {SITE: whole()}):
            wrapped = torch.compile(model, backend="eager")
            assert not torch.allclose(wrapped(input_ids=IDS).logits, before)
        torch.testing.assert_close(wrapped(input_ids=IDS).logits, before)


def test_an_edit_that_the_model_did_not_reach_is_an_error():
    model = make("gpt2")
    sites(model)
    with erase(model, {SITE: whole()}):
        pass  # nothing ran, nothing was missed
    layer, real = model.transformer.h[1], model.transformer.forward
    for run in (model, model.transformer):
        block = erase(model, {"embeddings": whole(), SITE: whole()})
        block.__enter__()
        # Somebody calls what a layer does, and not the layer.
        model.transformer.h[1] = torch.nn.Identity()
        model.transformer.h[1].forward = layer.forward
        run(input_ids=IDS)
        model.transformer.h[1] = layer
        with pytest.raises(InputError, match=r"'layers\.1\.output'"):
            block.__exit__(None, None, None)
    model.transformer.forward = lambda *args, **how: real(*args, **how)
    with erase(model, {SITE: whole()}):  # replaced, but the layers are called
        model(input_ids=IDS)


def test_a_forward_that_is_replaced_as_a_whole_is_an_error():
    model = make("gpt2")
    real = model.forward(input_ids=IDS)
    block = erase(model, {SITE: whole()})
    block.__enter__()
    model.forward = lambda *_, **__: real
    model(input_ids=IDS)
    with pytest.raises(InputError, match="layers"):
        block.__exit__(None, None, None)
    with pytest.raises(InputError, match="not called"):
        sites(model)


def test_the_error_of_a_block_is_not_hidden_by_an_edit_that_was_not_reached():
    model = make("gpt2")
    real = model.forward(input_ids=IDS)
    block = erase(model, {SITE: whole()})
    block.__enter__()
    model.forward = lambda *_, **__: real
    model(input_ids=IDS)
    assert not block.__exit__(ZeroDivisionError, ZeroDivisionError(), None)


def overflowing():
    """Return a model whose states are not finite where a text holds the word w7."""
    model, tokenizer = make("gpt2"), word_tokenizer()
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    with torch.no_grad():
        model.transformer.wte.weight[tokenizer("w7")["input_ids"][0]] = float("inf")
    return model, tokenizer


def test_states_that_are_not_finite_are_refused_with_their_text_and_layer(tmp_path):
    model, tokenizer = overflowing()
    texts = ["w1 w2 w3", "w4 w5", "w6 w7 w8", "w1 w2"]
    labels = [0, 1, 0, 1]
    for run in (
        lambda site: capture(model, tokenizer, texts, site),
        lambda site: capture(model, tokenizer, texts, site, tokens="mean"),
        lambda site: capture_to(tmp_path / site, model, tokenizer, texts, site),
        lambda site: capture_moments(model, tokenizer, texts, labels, site),
        lambda site: scrub(model, tokenizer, texts, labels, site),
    ):
        for site in ("layers.0.output", "final_norm"):
            with pytest.raises(InputError) as caught:
                run(site)
            assert f"'{site}'" in str(caught.value)
            assert "text 2 (" in str(caught.value)
    assert np.isfinite(capture(model, tokenizer, texts[:2], "final_norm")["final_norm"]).all()


def test_large_states_whose_sum_overflows_are_finite():
    model, tokenizer = make("gpt2"), word_tokenizer()
    with torch.no_grad():
        model.transformer.h[0].mlp.c_proj.bias.fill_(2e38)
    found = capture(model, tokenizer, TEXTS, "layers.0.mlp_output")["layers.0.mlp_output"]
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "run",
    [
        lambda texts, edits: log_probabilities(texts, ["w1"] * 4, edits),
        lambda texts, edits: metrics(texts, lambda logits, _: logits[:, 0].nan_to_num(), edits),
        lambda texts, edits: divergences(texts, edits),
    ],
)
def test_logits_that_are_not_finite_are_refused_with_their_text(run):
    model, tokenizer = overflowing()
    with pytest.raises(InputError, match=r"text 2 \("):
        run(Texts(model, tokenizer, ["w1 w2 w3", "w4 w5", "w6 w7 w8", "w1 w2"]), [{}])


def orders():
    """Return containers of values in an order: each takes a list."""
    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    return {
        "tuple": tuple,
        "array": np.array,
        "objects": lambda v: np.array(v, dtype=object),
        "series": lambda v: pd.Series(v, index=range(len(v))[::-1]),
        "series, one index": lambda v: pd.Series(v, index=[3] * len(v)),
        "strings": lambda v: pd.Series(v, dtype="string", index=range(5, 5 + len(v))),
        "categories": lambda v: pd.Series(v, index=range(len(v))[::-1]).astype("category"),
        "index": pd.Index,
        "polars": pl.Series,
        "arrow": pa.array,
        "chunks": lambda v: pa.chunked_array([v[:3], v[3:]]),
        "datasets": lambda v: datasets.Dataset.from_dict({"x": v})["x"],
    }


NO_ORDER = {
    "dict": lambda v: dict(enumerate(v)),
    "set": set,
    "frozenset": frozenset,
    "keys": lambda v: dict.fromkeys(v).keys(),
    "generator": lambda v: (x for x in v),
    "map": lambda v: map(str, v),
    "one string": lambda v: v[0],
    "a value less": lambda v: v[:-1],
    "a value more": lambda v: [*v, v[0]],
}


def folder(tmp_path, texts, y):
    model, tokenizer = model_of("gpt2"), word_tokenizer()
    capture_to(tmp_path / "states", model, tokenizer, texts, SITE, labels={"y": y}, concept="y")
    table = read(tmp_path / "states", concept="y", groups=None)
    return np.column_stack([table.X, table.y == table.y[0]])


def use(texts=TEXTS, y=Y, answers=ANSWERS):
    found = audit_use(
        model_of("gpt2"), word_tokenizer(), texts, y, SITE, answers=answers, n_draws=39
    )
    return found[SITE]["used"].observed


COMMANDS = {
    "capture": (TEXTS, lambda v, _: capture(model_of("gpt2"), word_tokenizer(), v, SITE)[SITE]),
    "capture_to, texts": (TEXTS, lambda v, path: folder(path, v, Y)),
    "capture_to, labels": (Y, lambda v, path: folder(path, TEXTS, v)),
    "capture_moments, texts": (
        TEXTS,
        lambda v, _: capture_moments(model_of("gpt2"), word_tokenizer(), v, Y, SITE)[SITE].mean,
    ),
    "capture_moments, y": (
        Y,
        lambda v, _: (
            capture_moments(model_of("gpt2"), word_tokenizer(), TEXTS, v, SITE)[
                SITE
            ].cross_covariance
        ),
    ),
    "scrub, texts": (
        TEXTS,
        lambda v, _: scrub(model_of("gpt2"), word_tokenizer(), v, Y, SITE)[SITE].mean,
    ),
    "scrub, y": (
        Y,
        lambda v, _: scrub(model_of("gpt2"), word_tokenizer(), TEXTS, v, SITE)[SITE].writing,
    ),
    "audit_use, texts": (TEXTS, lambda v, _: use(texts=v)),
    "audit_use, y": (Y, lambda v, _: use(y=v)),
    "audit_use, answers": (ANSWERS, lambda v, _: use(answers=v)),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_rows_are_taken_by_their_position_in_any_container(command, tmp_path):
    pytest.importorskip("datasets")
    values, run = COMMANDS[command]
    right = run(values, tmp_path / "list")
    for name, contain in orders().items():
        found = run(contain(values), tmp_path / name.replace(" ", ""))
        np.testing.assert_array_equal(found, right, err_msg=name)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "capture"])
@pytest.mark.parametrize("name", NO_ORDER)
def test_what_has_no_order_or_another_length_is_refused(command, name, tmp_path):
    values, run = COMMANDS[command]
    with pytest.raises(InputError):
        run(NO_ORDER[name](values), tmp_path)
