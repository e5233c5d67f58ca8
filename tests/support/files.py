"""Files of each kind, written by the library that owns the format: six rows, usual names."""

import json

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import torch
from datasets import Dataset, disable_progress_bars
from safetensors.numpy import save_file
from support.tables import LABELS, X, Y, columns, embeddings
from support.tables import write as write_table

disable_progress_bars()


def npy(folder):
    np.save(folder / "rows.npy", X)
    np.save(folder / "y.npy", Y)
    return folder / "rows.npy"


def npz(folder):
    np.savez(folder / "rows.npz", X=X, y=Y)
    return folder / "rows.npz"


def torch_dict(folder):
    torch.save({"acts": torch.tensor(X), "label": torch.tensor(Y)}, folder / "rows.pt")
    return folder / "rows.pt"


def torch_legacy(folder):
    content = {"activations": torch.tensor(X), "label": torch.tensor(Y)}
    torch.save(content, folder / "rows.pth", _use_new_zipfile_serialization=False)
    return folder / "rows.pth"


def torch_lone(folder):
    torch.save(torch.tensor(X), folder / "rows.pt")
    torch.save(torch.tensor(Y), folder / "y.pt")
    return folder / "rows.pt"


def torch_list(folder):
    torch.save({"X": list(torch.tensor(X)), "y": LABELS.tolist()}, folder / "rows.pt")
    return folder / "rows.pt"


def safetensors(folder):
    save_file({"hidden_states": X.copy(), "target": Y}, folder / "rows.safetensors")
    return folder / "rows.safetensors"


def hdf5(folder):
    with h5py.File(folder / "rows.h5", "w") as file:
        file["embeddings"], file["labels"] = X, LABELS.astype("S")
    return folder / "rows.h5"


def feather(folder):
    rows = {"embedding": X.tolist(), "label": LABELS}
    frame = pl.DataFrame(rows, schema_overrides={"embedding": pl.Array(pl.Float32, 3)})
    frame.write_ipc(folder / "rows.feather")
    return folder / "rows.feather"


def arrow_stream(folder):
    table = embeddings(y=Y)
    with pa.ipc.new_stream(folder / "rows.arrow", table.schema) as file:
        file.write_table(table)
    return folder / "rows.arrow"


def datasets_folder(folder):
    Dataset.from_dict({"embedding": X.tolist(), "label": Y}).save_to_disk(folder / "rows")
    return folder / "rows"


def parquet(folder):
    embedding = list(X.astype(float))
    pd.DataFrame({"embedding": embedding, "label": LABELS}).to_parquet(folder / "rows.parquet")
    return folder / "rows.parquet"


def csv(folder):
    return write_table(folder / "rows.csv", columns(label=LABELS))


def jsonl(folder):
    frame = pd.DataFrame({"embedding": X.tolist(), "label": LABELS})
    frame.to_json(folder / "rows.jsonl", orient="records", lines=True, double_precision=15)
    return folder / "rows.jsonl"


def json_records(folder):
    rows = [{"embedding": x, "label": y} for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    (folder / "rows.json").write_text(json.dumps(rows, indent=1))
    return folder / "rows.json"


def json_columns(folder):
    pd.DataFrame({"embedding": X.tolist(), "label": LABELS}).to_json(
        folder / "rows.json", double_precision=15
    )
    return folder / "rows.json"


# Kind of `READERS`, and the files that it must read.
FIXTURES = {
    "npy": [npy],
    "npz": [npz],
    "torch": [torch_dict, torch_legacy, torch_lone, torch_list],
    "hdf5": [hdf5],
    "parquet": [parquet],
    "arrow": [feather],
    "arrow stream": [arrow_stream, datasets_folder],
    "safetensors": [safetensors],
    "jsonl": [jsonl],
    "json": [json_records, json_columns],
    "csv": [csv],
}
EVERY = [(kind, make) for kind, each in FIXTURES.items() for make in each]
