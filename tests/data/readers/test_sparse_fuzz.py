"""Damaged sparse matrices: InputError or a valid matrix, never another exception."""

import random
import warnings

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from scipy import sparse
from support.damage import damaged
from support.sparse_files import WRITERS, D, N, X, Y, parts

from nullprobe._core.validation import InputError
from nullprobe.data.files import read
from nullprobe.data.readers.sparse_parts import LONE

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ROUNDS = 40


def outcome(path):
    """Read a file; what is read must be a matrix whose positions are inside of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read(path, concept="y").X
    except InputError:
        return "refused"
    if sparse.issparse(found):
        found.check_format(full_check=True)
        found @ np.ones(found.shape[1])
        found.T @ np.ones(found.shape[0])
        assert np.isfinite(found.data).all()
    return "read"


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_bytes_are_refused_in_words_or_read(kind, tmp_path):
    path = WRITERS[kind](tmp_path)
    content, rng = path.read_bytes(), random.Random(kind)
    outcomes = set()
    for _ in range(ROUNDS):
        path.unlink()
        path.write_bytes(damaged(content, rng))
        outcomes.add(outcome(path))
    assert "refused" in outcomes


def odd(array, rng):
    """Return an array with values, a shape or a type that its part should not have."""
    flat = np.array(array).ravel()
    at = rng.randrange(max(1, flat.size))
    changes = {
        "value": lambda: np.where(
            np.arange(flat.size) == at, rng.choice([-1, 0, 1, N, D, 2**31 - 1, -(2**31)]), flat
        ),
        "large": lambda: np.where(np.arange(flat.size) == at, 2**62, flat.astype(np.int64)),
        "nan": lambda: np.where(np.arange(flat.size) == at, np.nan, flat.astype(float)),
        "floats": lambda: flat.astype(float) + 0.5,
        "wrong type": lambda: flat.astype(rng.choice(["?", "u1", "f2", "c8", "i8"])),
        "text": lambda: flat.astype(str),
        "cut": lambda: flat[:at],
        "longer": lambda: np.concatenate([flat, flat[:1]]),
        "reversed": lambda: flat[::-1].copy(),
        "2-D": lambda: flat[:, None],
        "0-D": lambda: flat[:1].reshape(()) if flat.size else flat,
        "empty": lambda: flat[:0],
        "dates": lambda: np.array(["2024-01-01"], dtype="M8[D]"),
    }
    with np.errstate(all="ignore"):
        return changes[rng.choice(list(changes))]()


FORMS = {
    "csr": lambda: parts(),
    **{
        form: lambda form=form: _saved(sparse.coo_array(X).asformat(form))
        for form in ("csc", "coo", "bsr", "dia")
    },
}


def _saved(matrix):
    names = {"coo": ("row", "col"), "dia": ("offsets",)}.get(matrix.format, ("indices", "indptr"))
    each = {name: getattr(matrix, name) for name in names}
    return {"data": matrix.data, "shape": np.array(matrix.shape), "format": matrix.format, **each}


@pytest.mark.parametrize("form", FORMS)
def test_parts_that_do_not_fit_are_refused_in_words(form, tmp_path):
    rng, outcomes = random.Random(form), set()
    for i in range(2 * ROUNDS):
        content = FORMS[form]()
        for name in rng.sample(list(content), rng.choice([1, 1, 2])):
            if name == "format":
                content[name] = rng.choice([*FORMS, "lil", "", 3, b"\xff", 2.5])
            else:
                content[name] = odd(content[name], rng)
        path = tmp_path / f"{i}.npz"
        np.savez(path, **content, y=Y)
        outcomes.add(outcome(path))
        if form == "csr" and all(a.dtype.kind in "biuf" for a in map(np.asarray, content.values())):
            path = tmp_path / f"{i}.safetensors"
            save_file({k: np.ascontiguousarray(a) for k, a in content.items()} | {"y": Y}, path)
            outcomes.add(outcome(path))
    assert outcomes == {"refused", "read"}


@pytest.mark.parametrize("layout", ["coo", "csr", "csc"])
def test_tensors_whose_positions_are_outside_are_refused(layout, tmp_path):
    rng, refused = random.Random(layout), 0
    for i in range(ROUNDS):
        tensor = getattr(torch.tensor(X), f"to_sparse_{layout}")()
        # in place, since torch checks what it makes; a file from elsewhere need not be checked
        index = {
            "coo": lambda t: t._indices(),
            "csr": lambda t: rng.choice([t.crow_indices(), t.col_indices()]),
            "csc": lambda t: rng.choice([t.ccol_indices(), t.row_indices()]),
        }[layout](tensor).view(-1)
        index[rng.randrange(len(index))] = rng.choice([-1, N + 1, 2**40, -(2**40)])
        path = tmp_path / f"{i}.pt"
        torch.save({LONE: tensor, "y": torch.tensor(Y)}, path)
        refused += outcome(path) == "refused"
    assert refused == ROUNDS
