"""Files of sparse matrices, written by SciPy, NumPy, safetensors and torch."""

import numpy as np
import torch
from safetensors.numpy import save_file
from scipy import sparse

RNG = np.random.default_rng(0)
N, D = 90, 24
Y = np.arange(N) % 2
X = RNG.exponential(size=(N, D)) * (RNG.random((N, D)) < 0.2)
X[:, 0] += Y


def parts(prefix=""):
    S = sparse.csr_array(X)
    return {
        f"{prefix}data": S.data, f"{prefix}indices": S.indices, f"{prefix}indptr": S.indptr,
        f"{prefix}shape": np.array(S.shape),
    }  # fmt: skip


def scipy_npz(form, kind="array"):
    def write(path):
        make = getattr(sparse, f"coo_{kind}")
        sparse.save_npz(path / "X.npz", make(X).asformat(form))
        np.save(path / "y.npy", Y)
        return path / "X.npz"

    return write


def npz(prefix):
    def write(path):
        np.savez(path / "rows.npz", **parts(prefix), y=Y)
        return path / "rows.npz"

    return write


def safetensors(prefix):
    def write(path):
        save_file({**parts(prefix), "y": Y}, path / "rows.safetensors")
        return path / "rows.safetensors"

    return write


def tensors(layout):
    def write(path):
        S = getattr(torch.tensor(X), layout)()
        torch.save({"acts": S, "y": torch.tensor(Y)}, path / "rows.pt")
        return path / "rows.pt"

    return write


WRITERS = {
    **{f"save_npz, {form}": scipy_npz(form) for form in ("csr", "csc", "bsr", "coo", "dia")},
    "save_npz, matrix": scipy_npz("csr", "matrix"),
    **{f"npz, {prefix!r}": npz(prefix) for prefix in ("", "X_", "acts.", "acts/")},
    **{f"safetensors, {prefix!r}": safetensors(prefix) for prefix in ("", "features.")},
    **{f"torch, {one}": tensors(f"to_sparse_{one}") for one in ("coo", "csr", "csc")},
}
