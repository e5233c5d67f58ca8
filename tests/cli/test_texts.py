"""Texts of a file: the forms in which a command takes them."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

pytest.importorskip("torch")

from nullprobe import InputError
from nullprobe.cli.texts import TextColumns, read, tokens_of
from nullprobe.data.writing import save
from nullprobe.models import Spans

CHATS = [
    [{"role": "user", "content": "Is it?"}, {"role": "assistant", "content": "yes"}],
    [{"role": "user", "content": "Why, ☃?"}],
]


def told(text="m", **more):
    return TextColumns(text, more.pop("concept", None), None, (), **more)


@pytest.fixture(params=["jsonl", "parquet", "csv", "rows"])
def chats(request, tmp_path):
    """Return a file with the same two chats and labels, and what a command is told of it."""
    if request.param == "rows":
        rows = [
            {"m": message["content"], "who": message["role"], "c": i, "y": "ab"[i]}
            for i, chat in enumerate(CHATS)
            for message in chat
        ]
        table, more = (
            pa.Table.from_pylist([rows[0], rows[2], rows[1]]),
            {"role": "who", "conversation": "c"},
        )
    else:
        said = [json.dumps(chat) for chat in CHATS] if request.param == "csv" else CHATS
        table, more = pa.table({"m": said, "y": ["a", "b"]}), {}
    suffix = "parquet" if request.param == "rows" else request.param
    path = tmp_path / f"chats.{suffix}"
    save(path, table)
    return path, told(concept="y", **more)


def test_chats_are_read_from_every_form(chats):
    found = read(*chats)
    said = [
        [{name: value for name, value in message.items() if value is not None} for message in chat]
        for chat in found.texts
    ]
    assert said == CHATS
    assert list(found.labels["y"]) == ["a", "b"]


def test_a_text_that_begins_with_a_bracket_stays_a_text(tmp_path):
    save(tmp_path / "a.csv", pa.table({"m": ["[1] said", "[2]"]}))
    assert read(tmp_path / "a.csv", told()).texts == ["[1] said", "[2]"]


def test_ids_pairs_and_spans_are_read(tmp_path):
    table = pa.table({"m": [[1, 2], [3]], "after": ["x", "y"], "start": [0, 1], "end": [2, 3]})
    save(tmp_path / "a.parquet", table)
    found = read(tmp_path / "a.parquet", told(continuation="after"), "spans")
    assert found.texts == [([1, 2], "x"), ([3], "y")]
    assert isinstance(found.tokens, Spans)
    assert np.asarray(found.tokens.end).tolist() == [2, 3]


def test_labels_of_tokens_are_lists(tmp_path):
    save(tmp_path / "a.jsonl", pa.table({"m": ["a b", "c"], "pos": [["n", "v"], ["n"]]}))
    assert read(tmp_path / "a.jsonl", told(concept="pos")).labels["pos"] == [["n", "v"], ["n"]]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("last", "last"),
        ("-2", -2),
        ("0,-1", [0, -1]),
        ("1:", slice(1, None)),
        (":-1", slice(None, -1)),
        ("mean:assistant", "mean:assistant"),
    ],
)
def test_a_rule_is_written_as_text(text, rule):
    assert tokens_of(text) == rule


@pytest.mark.parametrize(
    ("table", "more", "named"),
    [
        ({"m": ["a"]}, {"text": "n"}, "n"),
        ({"m": ["a", None]}, {}, "row 1"),
        ({"m": ["a"], "who": ["user"]}, {"role": "who"}, "--conversation"),
        (
            {"m": ["a", "b"], "who": ["user"] * 2, "c": [1, 1], "y": ["p", "q"]},
            {"role": "who", "conversation": "c", "concept": "y"},
            "chat 1",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, table, more, named):
    save(tmp_path / "a.parquet", pa.table(table))
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.parquet", told(**more))
    assert named in str(caught.value)


def test_spans_need_their_columns(tmp_path):
    save(tmp_path / "a.parquet", pa.table({"m": ["a"]}))
    with pytest.raises(InputError, match="start"):
        read(tmp_path / "a.parquet", told(), "spans")
