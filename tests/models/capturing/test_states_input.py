"""Which texts are captured, which are cut, and which are refused."""

import sys

import pytest
from support.tiny_models import CONTEXT, WORDS, close, make, model_of, naive, texts, word_tokenizer

from nullprobe import InputError, models
from nullprobe.models import capture

TEXTS = texts()
# The module, which the function hides.
CAPTURE = sys.modules["nullprobe.models.capturing.states"]
LENGTHS = [len(text.split()) for text in TEXTS]


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
        found = capture(model_of(name), tokenizer, [long], "layers.1.output", tokens="every")
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
    with pytest.raises(InputError, match="max_length.* 2 special tokens"):
        capture(model_of("gpt2"), word_tokenizer(special=True), TEXTS, "final_norm", max_length=2)


def test_a_tokenizer_that_knows_a_shorter_limit_is_heard():
    tokenizer = word_tokenizer()
    tokenizer.model_max_length = 5
    with pytest.warns(UserWarning, match="longer than 5 tokens"):
        capture(model_of("bloom"), tokenizer, TEXTS, "final_norm")


@pytest.mark.parametrize("how", ["capture", "capture_moments", "scrub", "capture_to"])
def test_what_was_cut_is_warned_of_where_this_package_was_called(how, tmp_path):
    given = [model_of("gpt2"), word_tokenizer(), TEXTS]
    given += {"capture": [], "capture_to": []}.get(how, [[len(text) for text in TEXTS]])
    given = [tmp_path, *given] if how == "capture_to" else given
    with pytest.warns(UserWarning, match="longer than 4 tokens") as caught:
        getattr(models, how)(*given, "final_norm", max_length=4)
    assert [one.filename for one in caught] == [__file__]
    # From deep within the package, it is still the caller's line.
    inner = {"__name__": "nullprobe.some_room", "run": getattr(models, how)}
    exec("def outer(*given, **more):\n    return run(*given, **more)", inner)
    given[0] = tmp_path / "again" if how == "capture_to" else given[0]
    with pytest.warns(UserWarning, match="longer than 4 tokens") as caught:
        inner["outer"](*given, "final_norm", max_length=4)
    assert [one.filename for one in caught] == [__file__]


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
        ({"texts": []}, "at least one text"),
        ({"tokens": "frist"}, "'frist'.* text 0 .* chat"),
        ({"tokens": True}, "True arrived"),
        ({"tokens": 3}, "text 1 .* has 3 tokens"),
        ({"tokens": -4}, "text 1 .* has 3 tokens"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"sites": "layers.9.output"}, "did you mean"),
        ({"tokenizer": object()}, "tokenizer.* object arrived"),
        ({"model": "gpt2"}, "torch module"),
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
    for layers in (None, "transformer.h"):
        with pytest.raises(InputError, match="called more than once"):
            capture(model, word_tokenizer(), TEXTS, "layers.0.output", layers=layers)


def test_a_module_that_is_not_called_is_complained_of():
    model = make("gpt2")
    layer = model.transformer.h[1]
    whole = layer.forward  # of three tokens it is called: a trial run of the model sees that
    layer.forward = lambda x, *_, **__: whole(x) if x.shape[1] == 3 else x
    with pytest.raises(InputError, match=r"'transformer\.h\.1\.mlp' is not called"):
        capture(model, word_tokenizer(), TEXTS, "layers.1.mlp_output")
