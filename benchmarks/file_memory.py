"""Memory of fit and apply on files of two sizes, by format, and throughput of fit.

Each peak is of a fresh process, as the system counts it (resident memory, pages of mapped files
included). Growth is the difference of two peaks for each further byte of file. "Imports" are the
same command on a file of 100 rows. Throughput is compared with reading blocks of the same length
and adding up X.T @ X in the dtype of the file: processor time of one thread, in turns.

    OMP_NUM_THREADS=1 python benchmarks/file_memory.py
    OMP_NUM_THREADS=1 python benchmarks/file_memory.py --folder /tmp --sizes 200 1000 --large 20
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from record import record, timed

from nullprobe import LEACE
from nullprobe.cli.eraser_files import Pieces
from nullprobe.data.concept import concept
from nullprobe.data.located_rows import block_rows
from nullprobe.data.readers.reader import RowArray
from nullprobe.data.row_streams import stream
from nullprobe.data.writing import save_arrays, save_table

D, LARGE_D, SHARDS, BLOCK = 512, 256, 8, 4096
PARTS = ("growth", "rate", "large")
RUN = """
import sys
from pathlib import Path
from nullprobe.cli import main
code = main(sys.argv[1:])
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line for line in lines if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""


def blocks(n: int, d: int):
    """Yield n rows, the same for every format."""
    rng = np.random.default_rng(0)
    for start in range(0, n, BLOCK):
        X = rng.standard_normal((min(BLOCK, n - start), d), dtype=np.float32)
        X[:, 0] += labels(start + len(X))[start:]
        yield X


def labels(n: int) -> np.ndarray:
    return np.arange(n) % 2


def arrays(n: int) -> dict[str, RowArray]:
    X = RowArray((n, D), np.dtype("f4"), lambda _: blocks(n, D))
    return {"X": X, "y": RowArray.of(labels(n))}


def table(X: np.ndarray) -> pa.Table:
    lists = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), X.shape[1])
    return pa.table({"X": lists, "y": np.arange(len(X)) % 2})


def tables(n: int):
    return map(table, blocks(n, D))


def write(folder: Path, kind: str, n: int) -> Path:
    """Write n rows as a file of this kind, without holding them in memory."""
    path = folder / f"rows.{kind}"
    if kind == "npy":
        save_arrays(path, {"X": arrays(n)["X"]})
        np.save(folder / "y.npy", labels(n))
    elif kind == "h5":
        with h5py.File(path, "w") as file:
            X, start = file.create_dataset("X", (n, D), "f4", chunks=(min(n, 256), D)), 0
            for block in blocks(n, D):
                X[start : start + len(block)] = block
                start += len(block)
            file["y"] = labels(n)
    elif kind == "safetensors":
        save_arrays(path, arrays(n))
    elif kind == "parquet":
        # As pyarrow writes a whole table: one group of rows, up to a million.
        with pq.ParquetWriter(path, table(next(blocks(1, D))).schema) as writer:
            writer.write_table(pa.concat_tables(tables(n)), row_group_size=1 << 20)
    elif kind == "arrows":  # a stream, as in data sets of Hugging Face
        schema = table(next(blocks(1, D))).schema
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
            for one in tables(n):
                writer.write_table(one)
    elif kind == "arrow":
        save_table(path, table(next(blocks(1, D))).schema, tables(n))
    else:
        path = folder / "shards"
        path.mkdir()
        for i in range(SHARDS):
            save_arrays(path / f"part-{i}.safetensors", arrays(n // SHARDS))
    return path


KINDS = ("npy", "safetensors", "h5", "parquet", "arrow", "arrows", "shards")
WRITTEN = {"shards": "npz", "arrows": "arrow"}  # where a result has another kind


def peak(*arguments: str | Path) -> float:
    """Return the most memory that a command held, in bytes."""
    command = [sys.executable, "-c", RUN, *map(str, arguments), "--force"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return 1024.0 * int(done.stderr.rsplit("VmHWM:", 1)[1].split()[0])


def peaks(kind: str, n: int, folder: Path) -> tuple[float, float, float]:
    """Return the size of a file, and the peaks of fit and apply."""
    here = folder / f"{kind}-{n}"
    here.mkdir()
    write(here, kind, n)
    path = here / ("shards" if kind == "shards" else f"rows.{kind}")
    size = n * D * 4.0
    eraser, out = here / "e.safetensors", here / f"out.{WRITTEN.get(kind, kind)}"
    fit = peak("fit", path, "--concept", "y", "--out", eraser)
    apply = peak("apply", eraser, path, "--out", out)
    shutil.rmtree(here)
    return size, fit, apply


def growth(kind: str, sizes: list[int], folder: Path) -> list[dict]:
    counts = [
        100 // SHARDS * SHARDS,
        *(int(size * 1e6 / (4 * D)) // SHARDS * SHARDS for size in sizes),
    ]
    measured = [peaks(kind, n, folder) for n in counts]
    rows = []
    for name, i in (("fit", 1), ("apply", 2)):
        imports, small, large = (one[i] for one in measured)
        more = (large - small) / (measured[2][0] - measured[1][0])
        above = (large - imports) / 1e6
        rows += [
            {"what": f"{name}, {kind}: bytes for each further byte of file", "ratio": more,
             "target": "≤ 0.1"},
            {"what": f"{name}, {kind}: MB above imports", "ratio": above, "target": "≤ 150"},
        ]  # fmt: skip
        print(rows[-2:], flush=True)
    return rows


def large(size: float, folder: Path) -> dict:
    """Return the peak of a fit to a .npy that is mostly a hole."""
    n = int(size * 1e9 / (4 * LARGE_D))
    header = folder / "head.npy"
    np.save(header, np.zeros((0, LARGE_D), np.float32))
    path = folder / "X.npy"
    with path.open("wb") as file:
        form = {"shape": (n, LARGE_D), "fortran_order": False, "descr": "<f4"}
        np.lib.format.write_array_header_1_0(file, form)
        start = file.tell()
        first = next(blocks(BLOCK, LARGE_D))
        file.write(first.tobytes())
        file.seek(start + (n - BLOCK) * 4 * LARGE_D)
        file.write(first[::-1].tobytes())
    np.save(folder / "y.npy", labels(n))
    most, seconds = timed(
        lambda: peak("fit", path, "--concept", "y", "--out", folder / "e.safetensors")
    )
    path.unlink()
    print(f"{size} GB: {most / 1e6:.0f} MB, {seconds:.0f} s", flush=True)
    return {
        "what": f"fit, a .npy of {size:g} GB: peak, GiB",
        "ratio": most / 2**30,
        "target": "≤ 1",
    }


def read_npy(path: Path):
    X = np.load(path, mmap_mode="r")
    (n, d), step = X.shape, block_rows(X.shape[1], X.dtype)
    with path.open("rb") as file:
        file.seek(X.offset)
        for start in range(0, n, step):
            m = min(step, n - start)
            yield np.fromfile(file, X.dtype, m * d).reshape(m, d)


def read_parquet(path: Path):
    step = block_rows(D, np.dtype("f4"))
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16) as file:
        for batch in file.iter_batches(step, columns=["X"]):
            yield batch.column(0).flatten().to_numpy().reshape(len(batch), -1)


def products(rows) -> np.ndarray:
    total = None
    for X in rows:
        product = X.T @ X
        total = product if total is None else total + product
    return total


def fitted(path: Path) -> LEACE:
    data = stream(path, concept="y")
    z = concept(data.y)
    return LEACE().fit_blocks(Pieces(data, z))


def processor_time(work) -> float:
    """Return the processor time of a piece of work; other processes count little in it."""
    start = time.process_time()
    work()
    return time.process_time() - start


def throughput(kind: str, size: int, repeats: int, folder: Path) -> dict:
    """Return the rate of fit, as a share of the rate of reading and X.T @ X."""
    path = write(folder, kind, int(size * 1e6 / (4 * D)))
    read = read_npy if kind == "npy" else read_parquet
    runs = []
    for _ in range(repeats + 1):
        bare = processor_time(lambda: products(read(path)))
        runs.append(bare / processor_time(lambda: fitted(path)))
    ratio = float(np.median(runs[1:]))
    print(kind, runs, flush=True)
    what = f"fit, {kind}: rate, as a share of reading and X.T @ X"
    return {"what": what, "ratio": ratio, "target": "≥ 0.7"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--sizes", type=int, nargs=2, default=[200, 1000], help="MB")
    parser.add_argument("--large", type=float, default=20.0, help="GB")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    a = parser.parse_args()
    versions = {"pyarrow": pa.__version__, "h5py": h5py.__version__}
    settings = {"d": D, "dtype": "float32"}
    with tempfile.TemporaryDirectory(dir=a.folder) as name:
        folder = Path(name)
        if "growth" in a.parts:
            rows: list[dict] = []
            for kind in KINDS:
                rows += growth(kind, a.sizes, folder)
                record("file_memory", {**settings, "MB": a.sizes}, rows, **versions)
        if "rate" in a.parts:
            rows = [throughput(kind, a.sizes[0], a.repeats, folder) for kind in ("npy", "parquet")]
            settings |= {"MB": a.sizes[0], "repeats": a.repeats}
            record("file_rate", settings, rows, **versions)
        if "large" in a.parts:
            record("large_file", {**settings, "d": LARGE_D}, [large(a.large, folder)], **versions)


if __name__ == "__main__":
    main()
