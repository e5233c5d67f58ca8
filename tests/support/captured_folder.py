"""A small folder of captured states, written without a model, and ways to spoil a copy of it."""

import json
import shutil

import numpy as np
from safetensors.numpy import load_file, save, save_file

from nullprobe.data import captured_shards, manifest

N, SIZE, D = 40, 10, 4
SITES = {"layers.0.output": D, "layers.1.output": D}
FIRST, LAST = SITES
KIND = [False, True]


def about(**changes):
    return {
        "model": {"name": "tiny", "weights": "0"},
        "sites": SITES,
        "tokens": "last",
        "labels": {"kind": KIND, "other": [0, 1, 2], "size": None},
        "concept": "kind",
        "groups": None,
        "texts": N,
        "shard size": SIZE,
        "shards": [],
        **changes,
    }


def arrays(i, *, repeats=1, seed=0):
    """Return what shard i holds: each text gives ``repeats`` rows."""
    texts = np.repeat(np.arange(i * SIZE, (i + 1) * SIZE), repeats)
    rng = np.random.default_rng([seed, i])
    return {
        "text": texts,
        "kind": texts % 2,
        "other": texts % 3,
        "size": texts / 4.0,
        **{name: rng.normal(size=(len(texts), D)).astype("f4") for name in SITES},
    }


def write(folder, *, repeats=1, seed=0, **changes):
    folder.mkdir(parents=True)
    said = about(**changes)
    for i in range(manifest.n_shards(said)):
        captured_shards.write_shard(folder, i, arrays(i, repeats=repeats, seed=seed), said)
    return folder


def as_first_format(folder):
    """Turn a folder into what the first version wrote: no hashes, the number of shards."""
    said = json.loads((folder / "manifest.json").read_text("utf-8"))
    n = len(said["shards"])
    for i in range(n):
        save_file(load_file(manifest.shard(folder, i)), manifest.shard(folder, i))
    said |= {"format": manifest.FIRST_FORMAT, "shards": n}
    del said["hash"]
    (folder / "manifest.json").write_text(json.dumps(said))


def edit(i, change):
    """Return what rewrites shard i with other arrays, its notes and hashes as they were."""

    def spoil(folder):
        path = manifest.shard(folder, i)
        content = {**load_file(path)}
        change(content)
        path.write_bytes(save(content))

    return spoil


def forge(i, change):
    """Return what rewrites shard i, hashes included, as only this package could have."""

    def spoil(folder):
        said = manifest.manifest(folder)
        content = {**load_file(manifest.shard(folder, i))}
        change(content)
        captured_shards.write_shard(folder, i, content, {**said, "shards": list(said["shards"])})

    return spoil


def copy(i, j):
    return lambda folder: shutil.copy(manifest.shard(folder, i), manifest.shard(folder, j))


def swap(folder):
    shutil.move(manifest.shard(folder, 1), folder / "held")
    shutil.move(manifest.shard(folder, 2), manifest.shard(folder, 1))
    shutil.move(folder / "held", manifest.shard(folder, 2))


def cut(i, n):
    def spoil(folder):
        path = manifest.shard(folder, i)
        path.write_bytes(path.read_bytes()[:n])

    return spoil


def flip(i, position):
    """Return what changes one bit of shard i."""

    def spoil(folder):
        path = manifest.shard(folder, i)
        content = bytearray(path.read_bytes())
        content[position] ^= 1
        path.write_bytes(content)

    return spoil


def another(folder):
    """Put a shard of another capture, of the same names and texts, in the place of one."""
    write(folder.parent / "another", seed=1)
    shutil.copy(manifest.shard(folder.parent / "another", 2), manifest.shard(folder, 2))
    shutil.rmtree(folder.parent / "another")


def say(**changes):
    def spoil(folder):
        path = folder / "manifest.json"
        said = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**said, **changes}))

    return spoil


def remove(name):
    return lambda content: content.pop(name)


def put(name, value):
    return lambda content: content.__setitem__(name, value(content.get(name)))


# Shapes, names, texts and codes can be compared without hashes: the first format has none.
STRUCTURE = {
    "a shard over another": (copy(0, 3), "000003"),
    "two shards swapped": (swap, "000001"),
    "a shard twice": (copy(0, 4), "000004"),
    "a shard of any name": (lambda f: shutil.copy(f / "000000.safetensors", f / "x.safetensors"),
                            "x.safetensors"),
    "a missing shard": (lambda f: manifest.shard(f, 2).unlink(), "000002"),
    "an empty shard": (cut(1, 0), "000001"),
    "a cut header": (cut(1, 60), "000001"),
    "a cut end": (cut(3, -7), "000003"),
    "a code of -1": (edit(0, put("kind", lambda a: a - 1)), "000000"),
    "a code too large": (edit(2, put("kind", lambda a: a + 1)), "000002"),
    "no concept": (edit(2, remove("kind")), "000002"),
    "no site": (edit(0, remove(FIRST)), "000000"),
    "no texts": (edit(1, remove("text")), "000001"),
    "another array": (edit(1, put("more", lambda _: np.zeros(SIZE))), "000001"),
    "fewer rows": (edit(1, put(FIRST, lambda a: a[:-1])), "000001"),
    "fewer labels": (edit(1, put("kind", lambda a: a[:-1])), "000001"),
    "wider": (edit(2, put(FIRST, lambda a: np.hstack([a, a]))), "000002"),
    "one dimension": (edit(2, put(FIRST, lambda a: a[:, 0].copy())), "000002"),
    "float64": (edit(2, put(FIRST, lambda a: a.astype("f8"))), "000002"),
    "float16": (edit(2, put(FIRST, lambda a: a.astype("f2"))), "000002"),
    "codes as floats": (edit(2, put("kind", lambda a: a.astype("f8"))), "000002"),
    "texts backwards": (edit(2, put("text", lambda a: a[::-1].copy())), "000002"),
    "a text left out": (edit(2, put("text", lambda a: np.maximum(a, a[0] + 2))), "000002"),
    "texts of the next": (edit(2, put("text", lambda a: a + 1)), "000002"),
    "no shards": (say(shards=0), "manifest.json"),
    "fewer shards": (say(shards=3), "manifest.json"),
}  # fmt: skip
HASHED = {
    "a shard of another capture": (another, "000002"),
    "values edited": (edit(1, put(FIRST, lambda a: a + 1e-3)), "000001"),
    "labels edited": (edit(1, put("kind", lambda a: a[::-1].copy())), "000001"),
    "one bit of a state": (flip(3, -1 - SIZE * D * 4), "000003"),
    "one bit of the header": (flip(3, 12), "000003"),
    "classes in another order": (say(labels={"kind": KIND[::-1]}), "manifest.json"),
    "other sites": (say(sites={FIRST: D}), "manifest.json"),
    "another concept": (say(concept="other"), "manifest.json"),
    "fewer texts": (say(texts=30), "manifest.json"),
    "no hash": (say(hash=None), "manifest.json"),
}
