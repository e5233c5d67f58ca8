"""What is read: chats through their template, ids, pairs, and the tokens that a rule chooses."""

import numpy as np
import pytest
from support.chats import FAMILIES, byte_tokenizer
from support.tiny_models import model_of, torch, word_tokenizer

from nullprobe import InputError
from nullprobe.models import Spans, capture
from nullprobe.models.encoding import Encoder
from nullprobe.models.texts import as_texts
from nullprobe.models.token_rules import Rule

CHATS = {
    "one turn": [{"role": "user", "content": "Is snow white?"}],
    "a name as content": [
        {"role": "user", "content": "user"},
        {"role": "assistant", "content": "assistant"},
        {"role": "user", "content": "  why?\n"},
        {"role": "assistant", "content": " Für immer: naïve ☃ "},
    ],
    "with a system message": [
        {"role": "system", "content": "Say yes."},
        {"role": "user", "content": "Is it?"},
        {"role": "assistant", "content": "yes"},
    ],
}


def pairs():
    for family in FAMILIES:
        for name, chat in CHATS.items():
            if family != "gemma" or chat[0]["role"] != "system":
                yield pytest.param(family, chat, id=f"{family}-{name}")


def encoded(tokenizer, texts, tokens="last", **more):
    return Encoder(tokenizer, Rule(tokens), **more).encode(as_texts(texts))


@pytest.mark.parametrize("add_generation_prompt", [False, True])
@pytest.mark.parametrize(("family", "chat"), list(pairs()))
def test_the_ids_of_a_chat_are_those_of_its_template(family, chat, add_generation_prompt):
    tokenizer = byte_tokenizer(family)
    how = {"add_generation_prompt": add_generation_prompt}
    expected = tokenizer.apply_chat_template(chat, tokenize=True, **how)["input_ids"]
    text = tokenizer.apply_chat_template(chat, tokenize=False, **how)
    columns = {name: [message[name] for message in chat] for name in ("role", "content")}
    for one in (chat, tuple(chat), columns):
        (found,) = encoded(tokenizer, [one], **how)
        assert found.ids.tolist() == expected
    (found,) = encoded(tokenizer, [text])
    assert found.ids.tolist() == expected


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plain_text_keeps_the_tokens_that_the_tokenizer_adds(family):
    tokenizer = byte_tokenizer(family)
    texts = ["plain words", "user: is it?", "<not a token>"]
    assert [one.ids.tolist() for one in encoded(tokenizer, texts)] == tokenizer(texts)["input_ids"]


@pytest.mark.parametrize("role", ["assistant", "user", "system"])
@pytest.mark.parametrize(("family", "chat"), list(pairs()))
def test_a_role_is_read_where_it_speaks(family, chat, role):
    tokenizer = byte_tokenizer(family)
    said = [message["content"] for message in chat if message["role"] == role]
    if not said:
        with pytest.raises(InputError, match="text 0 .* 'user'"):
            encoded(tokenizer, [chat], role)
        return
    (found,) = encoded(tokenizer, [chat], role)
    read = found.ids[found.read]
    if family == "marked" and role == "assistant":
        mask = tokenizer.apply_chat_template(
            chat, return_dict=True, return_assistant_tokens_mask=True
        )["assistant_masks"]
        assert np.flatnonzero(mask).tolist() == found.read.tolist()
    else:
        trims = family in ("llama-3", "gemma") or (family == "llama-2" and role != "system")
        assert tokenizer.decode(read) == "".join(s.strip() if trims else s for s in said)
    assert found.rows == len(found.read) > 0
    (mean,) = encoded(tokenizer, [chat], f"mean:{role}")
    assert (mean.rows, mean.read.tolist()) == (1, found.read.tolist())
    (last,) = encoded(tokenizer, [chat], f"last:{role}")
    assert last.read.tolist() == [found.read[-1]]


def test_a_template_that_changes_what_is_said_is_refused():
    tokenizer = byte_tokenizer("chatml")
    tokenizer.chat_template = tokenizer.chat_template.replace("m.content", "m.content | upper")
    with pytest.raises(InputError) as caught:
        encoded(tokenizer, [CHATS["one turn"]], "user")
    assert "text 0" in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([CHATS["one turn"]], "chat template"),
        ([[{"content": "a"}]], "role"),
        ([{"a", "b"}], "text 0"),
        (["w1", ""], "text 1"),
        (["w1", None], "text 1"),
        (["w1", 3.5], "text 1"),
        ([[1.5, 2.0]], "text 0"),
        ([[True, False]], "text 0"),
        ([["w1", "w2", "w3"]], "text 0"),
        ([[5, 999]], "999"),
        ([[-1]], "-1"),
        ("w1 w2", "single str"),
        ({"w1": 1}, "single dict"),
        (iter(["w1"]), "single"),
        ([], "at least one text"),
    ],
)
def test_what_is_no_text_is_refused(texts, message):
    with pytest.raises(InputError) as caught:
        capture(model_of("gpt2"), word_tokenizer(), texts, "layers.0.output")
    assert message in str(caught.value)


def test_the_message_of_a_template_is_passed_on():
    with pytest.raises(InputError) as caught:
        encoded(byte_tokenizer("gemma"), [CHATS["one turn"], CHATS["with a system message"]])
    assert "text 1" in str(caught.value)
    assert "System role not supported" in str(caught.value)


def containers():
    import pandas
    import polars
    import pyarrow

    words = ["w1 w2", "w3", "w4 w5 w6"]
    yield words
    yield tuple(words)
    yield np.array(words)
    yield np.array(words, dtype=object)
    yield pandas.Series(words, index=[2, 0, 1])
    yield pandas.Series(words, dtype="string")
    yield polars.Series(words)
    yield pyarrow.array(words)
    yield pyarrow.chunked_array([words[:1], words[1:]])


@pytest.mark.parametrize("texts", list(containers()), ids=lambda one: type(one).__name__)
def test_texts_are_taken_by_position(texts):
    found = [one.ids.tolist() for one in encoded(word_tokenizer(), texts)]
    assert found == word_tokenizer()(["w1 w2", "w3", "w4 w5 w6"])["input_ids"]


def test_ids_are_those_that_were_given():
    given_ids = [[5, 6, 7], (8, 9), np.array([4, 4]), torch.tensor([3])]
    found = encoded(word_tokenizer(special=True), given_ids)
    assert [one.ids.tolist() for one in found] == [[5, 6, 7], [8, 9], [4, 4], [3]]


@pytest.mark.parametrize("special", [False, True])
def test_a_continuation_follows_the_prompt_without_an_ending_between(special):
    tokenizer = word_tokenizer(special=special)
    start = tokenizer("w1 w2")["input_ids"][: 2 + special]
    after = tokenizer("w3 w4", add_special_tokens=False)["input_ids"]
    for one in [("w1 w2", "w3 w4"), ("w1 w2", after), (start, "w3 w4")]:
        (found,) = encoded(tokenizer, [one], "continuation")
        assert found.ids.tolist() == start + after
        assert found.read.tolist() == [len(start), len(start) + 1]
        (prompt,) = encoded(tokenizer, [one], "last:prompt")
        assert prompt.read.tolist() == [len(start) - 1]


def test_a_chat_is_continued_after_the_start_of_an_answer():
    tokenizer, chat = byte_tokenizer("chatml"), CHATS["one turn"]
    (found,) = encoded(tokenizer, [(chat, "yes")], "continuation")
    start = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    whole = start + "yes"
    assert tokenizer.decode(found.ids) == whole
    assert tokenizer.decode(found.ids[found.read]) == "yes"


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ("last", [5]),
        ("first", [0]),
        (0, [0]),
        (-2, [4]),
        ([0, -1], [0, 5]),
        (np.array([-1, 1]), [5, 1]),
        (slice(1, 3), [1, 2]),
        (slice(-2, None), [4, 5]),
        (lambda ids: ids > 6, [3, 4, 5]),
        (lambda ids: [len(ids) - 1], [5]),
        ("every", [0, 1, 2, 3, 4, 5]),
        ("all", [1, 2, 3, 4]),
        ("mean", [1, 2, 3, 4]),
        ("mean:every", [0, 1, 2, 3, 4, 5]),
        ("marks", [2, 4]),
        ("last:marks", [4]),
        ("mean:marks", [2, 4]),
        (Spans([3], [8]), [2, 3]),
        (Spans([3], [8], pool="last"), [3]),
    ],
    ids=lambda one: "function" if callable(one) else str(one).partition(" object")[0],
)
def test_a_rule_chooses_positions(tokens, expected):
    tokenizer = word_tokenizer(special=True)
    text = "w1 w2 w3 w4" if "marks" not in str(tokens) else "w1 [[w2]] w3 [[w4]]"
    (found,) = encoded(tokenizer, [text], tokens)
    ids = tokenizer("w1 w2 w3 w4")["input_ids"]
    if callable(tokens):
        expected = np.arange(len(ids))[tokens(np.array(ids))].tolist()
    assert found.ids.tolist() == ids
    assert found.read.tolist() == expected


@pytest.mark.parametrize(
    ("tokens", "texts", "message"),
    [
        (True, ["w1"], "True"),
        (1.0, ["w1"], "1.0"),
        ([], ["w1"], "[]"),
        ([0.5], ["w1"], "0.5"),
        ("sum:all", ["w1"], "sum:all"),
        ("", ["w1"], "''"),
        ("mean:last", ["w1"], "mean:last"),
        ([0, 3], ["w1 w2 w3 w4", "w1"], "text 1"),
        (slice(2, 5), ["w1 w2 w3 w4", "w1"], "text 1"),
        (lambda ids: [7], ["w1"], "text 0"),
        (lambda ids: "a", ["w1"], "text 0"),
        ("marks", ["a [[w1]]", "w1"], "text 1"),
        ("continuation", [("w1", "w2"), "w1"], "text 1"),
        ("assistant", ["w1"], "text 0"),
        ("mean", ["w1 w2", "w1"], "mean:every"),
        (Spans([0, 0], [1, 9]), ["w1", "w1"], "text 1"),
        (Spans([0], [1]), [[5]], "token ids"),
    ],
    ids=lambda one: "function" if callable(one) else str(one).partition(" object")[0],
)
def test_a_rule_that_reads_nothing_is_refused(tokens, texts, message):
    with pytest.raises(InputError) as caught:
        encoded(word_tokenizer(), texts, tokens)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("start", "end"), [([0, 1], [1]), ([-1], [2]), ([2], [2]), ([0.5], [1.5]), ([[0]], [[1]])]
)
def test_spans_hold_characters(start, end):
    with pytest.raises(InputError):
        Spans(start, end)


def test_two_start_tokens_are_reported_with_the_count_of_texts():
    tokenizer = word_tokenizer()
    tokenizer.bos_token = "w1"
    start = tokenizer.bos_token_id
    with pytest.warns(UserWarning, match="1 of 2 texts begin with two start tokens"):
        capture(
            model_of("gpt2"),
            tokenizer,
            [[start, start + 1], [start, start, start + 1]],
            "embeddings",
        )


@pytest.mark.parametrize("side", ["right", "left"])
def test_what_is_cut_is_not_read(side):
    tokenizer = byte_tokenizer("chatml")
    tokenizer.truncation_side = side
    chat = [{"role": "user", "content": "ab"}, {"role": "assistant", "content": "cdef"}]
    (whole,) = encoded(tokenizer, [chat], "assistant")
    n = len(whole.ids)
    encoder = Encoder(tokenizer, Rule("assistant"), limit=n - 4 if side == "right" else n - 8)
    (found,) = encoder.encode(as_texts([chat]))
    assert encoder.cut == {0: (n, encoder.limit)}
    said = tokenizer.decode(found.ids[found.read])
    assert said == ("cd" if side == "right" else "cdef")
    short = Encoder(tokenizer, Rule("user"), limit=6)
    if side == "left":
        with pytest.raises(InputError, match="text 0"):
            short.encode(as_texts([chat]))


def test_states_are_those_at_the_positions():
    model, tokenizer = model_of("gpt2"), word_tokenizer()
    texts = ["w1 w2 w3", "w4 w5 w6 w7 w8", "w9 w10"]
    every = capture(model, tokenizer, texts, "layers.1.output", tokens="every")
    rows = every["layers.1.output"]
    found = capture(model, tokenizer, texts, "layers.1.output", tokens=[-1, 0], batch_size=2)
    assert found.text.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_allclose(found["layers.1.output"], rows[[2, 0, 7, 3, 9, 8]], atol=1e-5)
    mean = capture(model, tokenizer, texts, "layers.1.output", tokens="mean", batch_size=2)
    expected = [rows[1:3].mean(0), rows[4:8].mean(0), rows[9]]
    np.testing.assert_allclose(mean["layers.1.output"], expected, atol=1e-5)


@pytest.mark.parametrize("special", [False, True])
def test_an_ending_is_left_out_where_something_follows(special):
    tokenizer = word_tokenizer(special=special)
    encoder = Encoder(tokenizer, Rule("every"))
    for text in ("w1", "w1 w2 w3"):
        whole = tokenizer(text)["input_ids"]
        (found,) = encoder.encode(as_texts([text]), with_ending=False)
        assert found.ids.tolist() == whole[: len(whole) - special]
    assert encoder.ending == special


@pytest.mark.parametrize("n", [1, 3])
def test_there_is_one_span_for_each_text(n):
    spans = Spans([0] * n, [1] * n)
    with pytest.raises(InputError, match="2 texts"):
        capture(model_of("gpt2"), word_tokenizer(), ["w1", "w2"], "embeddings", tokens=spans)
