"""The page on embeddings is executed: vectors of texts are erased, checked and served."""

import re
import shlex
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from support import tiny_embedders
from support import tiny_models as tiny

from nullprobe.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "embeddings.md"


def write_texts():
    """Write tables of texts whose words depend on the topic: to fit, and to check."""
    rng = np.random.default_rng(0)
    words = {"sea": tiny.WORDS[:25], "land": tiny.WORDS[15:]}
    for file in ("train", "new"):
        topics = rng.choice(list(words), size=5000)
        texts = [" ".join(rng.choice(words[one], size=rng.integers(4, 9))) for one in topics]
        columns = {"id": [f"{file}-{i}" for i in range(5000)], "text": texts, "topic": topics}
        pyarrow.parquet.write_table(pa.table(columns), f"{file}.parquet")


def write_index():
    vectors = pyarrow.parquet.read_table("new-vectors.parquet")
    n = vectors.num_rows
    columns = {
        "id": vectors["id"],
        "price": np.arange(n) / 4,
        "tags": [["a", "b"]] * n,
        "sentence_embedding": vectors["sentence_embedding"],
        "count": np.arange(n),
    }
    pyarrow.parquet.write_table(pa.table(columns), "index.parquet")


@pytest.mark.slow
def test_the_page_is_executed_and_its_steps_fit_together(tmp_path, monkeypatch):
    encoder = str(tiny_embedders.save(tmp_path / "encoder", normalize=True))
    monkeypatch.chdir(tmp_path)
    write_texts()
    text = PAGE.read_text("utf-8")
    commands = re.findall(r"^    (nullprobe .*)$", text, re.MULTILINE)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(commands) == 6
    for command in commands:
        words = [encoder if word == "MODEL" else word for word in shlex.split(command)[1:]]
        if words[0] == "apply":
            write_index()
        assert main(words) == 0, command
    before, after = map(pyarrow.parquet.read_table, ("index.parquet", "erased-index.parquet"))
    assert before.column_names == after.column_names
    for name in ("id", "price", "tags", "count"):
        assert before[name].equals(after[name])
    assert not before["sentence_embedding"].equals(after["sentence_embedding"])
    names = {"MODEL": encoder}
    exec(compile(code, str(PAGE), "exec"), names)
    (vector,) = names["vectors"]
    right = names["eraser"](names["model"].encode(["a query"]))
    np.testing.assert_allclose(vector, right[0], atol=1e-5)
