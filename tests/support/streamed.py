"""The same 37 rows in every form that is read in blocks, and in two that are read whole.

The rows are sorted by class, so that blocks hold one class only, and 37 is a multiple of no block.
"""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, disable_progress_bars
from safetensors.numpy import save_file

disable_progress_bars()

N, D, STEPS = 37, 5, (1, 5, 1000)
RNG = np.random.default_rng(7)
Y = np.sort(np.arange(N) % 3)
TASK = RNG.standard_normal(N).round(6)
X = RNG.standard_normal((N, D)) * [1, 2, 3, 4, 5] + Y[:, None] * [1, 0, 0, 2, 0] + 100.0
LABELS = np.array(["low", "mid", "top"])[Y]
NAMES = list("abcde")
CUTS = [0, 2, 16, 17, N]  # of shards


def frame(rows=slice(None)):
    columns = dict(zip(NAMES, X[rows].T, strict=True))
    return pd.DataFrame(columns | {"y": LABELS[rows], "task": TASK[rows]})


def lists(rows=slice(None)):
    return pa.table({"X": X[rows].tolist(), "y": LABELS[rows], "task": TASK[rows]})


def npy(path):
    np.save(path / "X.npy", X)
    np.save(path / "y.npy", LABELS)
    np.save(path / "task.npy", TASK)
    return path / "X.npy"


def transposed(path):
    npy(path)
    np.save(path / "X.npy", np.asfortranarray(X))
    return path / "X.npy"


def safetensors(path, rows=slice(None), name="rows"):
    arrays = {"X": X[rows].copy(), "y": Y[rows].copy(), "task": TASK[rows].copy()}
    save_file(arrays, path / f"{name}.safetensors")
    return path / f"{name}.safetensors"


def hdf5(path):
    with h5py.File(path / "rows.h5", "w") as file:
        file.create_dataset("X", data=X, chunks=(4, D), compression="gzip")
        file["y"], file["task"] = LABELS.astype("S"), TASK
    return path / "rows.h5"


def parquet(path, rows=slice(None), name="rows"):
    frame(rows).to_parquet(path / f"{name}.parquet", index=False, row_group_size=4)
    return path / f"{name}.parquet"


def parquet_lists(path):
    pq.write_table(lists(), path / "rows.parquet")
    return path / "rows.parquet"


def feather(path):
    pl.from_pandas(frame()).write_ipc(path / "rows.feather")
    return path / "rows.feather"


def compressed(path):
    pl.from_pandas(frame()).write_ipc(path / "rows.arrow", compression="zstd")
    return path / "rows.arrow"


def stream(path):
    with pa.ipc.new_stream(path / "rows.arrows", lists().schema) as file:
        file.write_table(lists(), max_chunksize=4)
    return path / "rows.arrows"


def datasets(path):
    Dataset.from_dict(lists().to_pydict()).save_to_disk(path / "rows")
    return path / "rows"


def shards(path):
    (path / "rows").mkdir()
    for i in range(4):
        safetensors(path / "rows", slice(CUTS[i], CUTS[i + 1]), f"part-{i}")
    return path / "rows"


def pattern(path):
    for i in range(4):
        parquet(path, slice(CUTS[i], CUTS[i + 1]), f"part-{i}")
    return path / "part-*.parquet"


def npz(path):
    np.savez(path / "rows.npz", X=X, y=LABELS, task=TASK)
    return path / "rows.npz"


def csv(path):
    frame().to_csv(path / "rows.csv", index=False)
    return path / "rows.csv"


STREAMED = [
    npy, transposed, safetensors, hdf5, parquet, parquet_lists, feather, compressed, stream,
    datasets, shards, pattern,
]  # fmt: skip
WHOLE = [npz, csv]
EVERY = [*STREAMED, *WHOLE]


def labels(path):
    """The labels that a file holds, in the order of the rows."""
    return Y if ".safetensors" in str(path) or Path(path).name == "rows" else LABELS
