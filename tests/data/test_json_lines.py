import json

import pytest
from support.tables import Y, columns

from nullprobe import InputError
from nullprobe.data.formats import load
from nullprobe.data.writing import save

CHATS = [
    [{"role": "user", "content": "Is it ☃?"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "name": "c"}],
]


def lines(path, *rows):
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in rows))
    return path


def test_nested_values_and_missing_names_are_kept(tmp_path):
    path = lines(tmp_path / "a.jsonl", {"m": CHATS[0]}, "", {"m": CHATS[1], "y": 1})
    found = load(path)
    chats = [
        [{name: value for name, value in message.items() if value is not None} for message in chat]
        for chat in found.column("m").to_pylist()
    ]
    assert chats == CHATS
    assert found.column("y").to_pylist() == [None, 1]
    assert load(path, only=["y"]).column_names == ["y"]


def test_what_is_written_is_read(tmp_path):
    table = columns(y=Y)
    save(tmp_path / "a.jsonl", table)
    found = load(tmp_path / "a.jsonl")
    assert found.to_pylist() == table.to_pylist()


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (["{"], "line 1"),
        ([{"a": 1}, "[1]"], "line 2"),
        ([{"a": 1}, '"text"'], "line 2"),
        (['{"a": 1, "a": 2}'], "line 1"),
        (["[" * 100_000], "line 1"),
        ([{"a": 1}, {"a": "x"}], "'a'"),
        ([{"a": 2**70}], "'a'"),
        ([""], "empty"),
    ],
)
def test_what_is_no_row_is_named(tmp_path, rows, named):
    with pytest.raises(InputError) as caught:
        load(lines(tmp_path / "a.jsonl", *rows))
    assert named in str(caught.value)
