"""Six rows with a concept and groups, in every format."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from safetensors.numpy import save_file

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.array([0, 1, 1, 0, 1, 0])
LABELS = np.array(["no", "yes", "yes", "no", "yes", "no"])
GROUPS = np.array([7, 7, 8, 8, 9, 9])
SUFFIXES = [".npz", ".npy", ".safetensors", ".parquet", ".csv", ".jsonl"]


def columns(**others):
    return pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], **others})


def embeddings(matrix=X, **others):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    return pa.table({"emb": lists, **others})


def write(path, table):
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    elif path.suffix == ".jsonl":
        frame = table.to_pandas()
        frame.to_json(path, orient="records", lines=True, double_precision=15)
    else:
        pq.write_table(table, path)
    return path


def make(folder, suffix, *, start=0, stop=6, name="data"):
    """Write the same rows in any format."""
    path = folder / f"{name}{suffix}"
    arrays = {"X": X[start:stop].copy(), "y": Y[start:stop], "g": GROUPS[start:stop]}
    if suffix == ".npz":
        np.savez(path, **arrays)
    elif suffix == ".npy":
        np.save(path, arrays["X"])
        np.save(folder / "y.npy", arrays["y"])
        np.save(folder / "g.npy", arrays["g"])
    elif suffix == ".safetensors":
        save_file(arrays, path)
    else:
        write(path, columns(y=Y, g=GROUPS).slice(start, stop - start))
    return path
