"""A captured folder of many sites: names are read first, then each wanted array once."""

from collections import Counter

import numpy as np
import pytest
import safetensors
from support.command_files import done

from nullprobe.data import manifest, tensor_files
from nullprobe.data.captured_shards import write_shard

N, SHARDS, D = 36, 3, 4
SITES = [f"layers.{i}.output" for i in range(5)]
LABELS = {"y": [False, True], "other": [False, True], "task": None}
FEW = ["--draws", "39", "--claims", "readable"]


@pytest.fixture
def opened(folder, monkeypatch):
    """Write a folder of shards; count which tensors are opened, and their bytes."""
    rng = np.random.default_rng(0)
    about = {
        "model": {"name": "tiny", "weights": "0"},
        "sites": dict.fromkeys(SITES, D),
        "tokens": "last",
        "labels": LABELS,
        "concept": "y",
        "groups": None,
        "texts": N,
        "shard size": N // SHARDS,
        "shards": [],
    }
    path = folder / "states"
    path.mkdir()
    for i, rows in enumerate(np.array_split(np.arange(N), SHARDS)):
        sites = {name: rng.normal(size=(len(rows), D)).astype("f4") for name in SITES}
        known = {"y": rows % 2, "other": rows // 2 % 2, "task": rng.normal(size=len(rows))}
        write_shard(path, i, {manifest.TEXT: rows, **known, **sites}, about)
    found, whole = Counter(), safetensors.safe_open

    class Counted:
        def __init__(self, *args, **kwargs):
            self.content = whole(*args, **kwargs).__enter__()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.content = None

        def __getattr__(self, name):
            return getattr(self.content, name)

        def get_tensor(self, name):
            tensor = self.content.get_tensor(name)
            found[name] += tensor.nbytes
            return tensor

    monkeypatch.setattr(tensor_files.safetensors, "safe_open", Counted)
    return found


LEFT = [a for name in (manifest.TEXT, "task", *SITES[1:]) for a in ("--leave-out", name)]
PAIRS = ["--negative", SITES[0], "--positive", SITES[1], "--concept", "y"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["audit", "states", *FEW], [*SITES, "y"]),
        (["audit", "states", *FEW, "--layers", "layers.[13].*"], [SITES[1], SITES[3], "y"]),
        (["audit", "states", *FEW, "--pairs", *PAIRS], [*SITES[:2], "y"]),
        (["compare", "states", "--concept", "y", "--keep", "other", *LEFT,
          "--erasers", "leace", "--probes", "linear"], [SITES[0], "y", "other"]),
        (["compare-pairs", "states", *PAIRS, "--other", "other"], [*SITES[:2], "y", "other"]),
        (["fit", "states", "--site", SITES[2], "--out", "e.safetensors"], [SITES[2], "y"]),
        (["fit", "states", "--site", SITES[2], "--method", "splince", "--task", "task",
          "--out", "e.safetensors"], [SITES[2], "y", "task"]),
    ],
)  # fmt: skip
def test_every_wanted_array_is_read_once_and_no_other(command, wanted, opened, capsys):
    done(capsys, *command)
    size = {name: N * (4 * D if name in SITES else 8) for name in wanted}
    assert dict(opened) == size
