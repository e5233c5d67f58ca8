"""Columns of Arrow files hold their own bytes, and not those of the batch they came in."""

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

from nullprobe.data.row_sources import rows_of

N, D, BATCH = 6_000, 64, 500
COLUMNS = {
    "X": pa.FixedSizeListArray.from_arrays(pa.array(np.arange(N * D, dtype=np.float32)), D),
    "y": pa.array(np.arange(N) % 3),
    "name": pa.array([f"row {i}" for i in range(N)]),
    "kind": pa.array(["a", "b", None] * (N // 3)).dictionary_encode(),
}


def write(path, kind, batch):
    table = pa.table(COLUMNS)
    options = pa.ipc.IpcWriteOptions(compression="zstd" if kind == "compressed" else None)
    new = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as file, new(file, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=batch)


@pytest.mark.parametrize("kind", ["file", "compressed", "stream"])
@pytest.mark.parametrize("batch", [BATCH, N])
@pytest.mark.parametrize("names", [["y"], ["name", "y"], ["kind"]])
def test_columns_hold_their_own_bytes(kind, batch, names, tmp_path):
    path = tmp_path / "rows.arrow"
    write(path, kind, batch)
    source, before = rows_of(path), pa.total_allocated_bytes()
    held = source.columns(names)
    assert held.to_pydict() == pa.table(COLUMNS).select(names).to_pydict()
    assert pa.total_allocated_bytes() - before <= 3 * held.nbytes + 10_000


@pytest.mark.parametrize("kind", ["file", "compressed", "stream"])
@pytest.mark.parametrize("batch", [BATCH, N])
@pytest.mark.parametrize("names", [["X"], ["y"], ["name", "X"]])
def test_pieces_are_the_rows_in_order(kind, batch, names, tmp_path):
    path = tmp_path / "rows.arrow"
    write(path, kind, batch)
    pieces = list(rows_of(path).batches(names, 350))
    assert max(piece.num_rows for piece in pieces) == 350
    assert pa.concat_tables(pieces).to_pydict() == pa.table(COLUMNS).select(names).to_pydict()
