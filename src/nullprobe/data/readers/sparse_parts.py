"""Sparse matrices in a file of arrays, such as `scipy.sparse.save_npz` writes.

A matrix is several arrays: ``data``, ``indices``, ``indptr`` and ``shape`` (CSR), or the parts of
another format, which the array ``format`` names. If their names start with another name, as in
``acts.indices``, this is the name of the matrix; otherwise it is X.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from nullprobe._core.sparse_rows import csr

LONE = "X"  # name of a matrix whose parts have no common name
# _is_array: whether SciPy wrote a sparse array or a sparse matrix.
_ROLE = re.compile(r"(?:(.+)[./_])?(data|indices|indptr|shape|format|row|col|offsets|_is_array)")
# Parts by format, besides data and shape.
_PARTS = {
    "csr": ("indices", "indptr"), "csc": ("indices", "indptr"), "bsr": ("indices", "indptr"),
    "coo": ("row", "col"), "dia": ("offsets",),
}  # fmt: skip


def matrices(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the names of the parts, by role, of each sparse matrix among arrays of these names.

    Examples
    --------
    >>> matrices(["acts.data", "acts.indices", "acts.indptr", "acts.shape", "y"])["acts"]["data"]
    'acts.data'
    >>> matrices(["data", "y"])
    {}
    """
    parts: dict[str, dict[str, str]] = {}
    for name in names:
        match = _ROLE.fullmatch(name)
        if match:
            parts.setdefault(match[1] or LONE, {})[match[2]] = name
    return {
        name: roles
        for name, roles in parts.items()
        if {"data", "shape"} <= {*roles}
        and any({*others} <= {*roles} for others in _PARTS.values())
        and name not in names
    }


def joined_names(names: Sequence[str]) -> list[str]:
    """Return the names, with one name for the parts of each sparse matrix, in their order."""
    of = {part: name for name, roles in matrices(names).items() for part in roles.values()}
    return list(dict.fromkeys(of.get(name, name) for name in names))


def to_read(names: Sequence[str], only: Sequence[str] | None) -> list[str]:
    """Return the names of the arrays to read for the requested ones, with parts of matrices."""
    if only is None:
        return list(names)
    parts = {p for n, roles in matrices(names).items() if n in only for p in roles.values()}
    return [name for name in names if name in only or name in parts]


def with_matrices(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the arrays with each sparse matrix in place of its parts, as CSR.

    Raises
    ------
    ValueError, TypeError
        If parts do not fit together.
    """
    every = matrices(list(arrays))
    joined: dict[str, Any] = {
        name: _matrix({role: arrays[part] for role, part in roles.items()}, name)
        for name, roles in every.items()
    }
    parts = {part for roles in every.values() for part in roles.values()}
    return {name: a for name, a in arrays.items() if name not in parts} | joined


def _matrix(parts: dict[str, np.ndarray], name: str) -> Any:
    form = parts["format"].item() if "format" in parts else "csr"
    form = form.decode("ascii") if isinstance(form, bytes) else str(form)
    if form not in _PARTS:
        raise ValueError(f"the format of the sparse matrix {name!r} is {form[:20]!r}")
    shape = tuple(int(size) for size in parts["shape"].ravel())
    data, others = parts["data"], [parts[role] for role in _PARTS[form]]
    made: Any = getattr(sparse, f"{form}_array")
    if form == "coo":
        return csr(made((data, tuple(others)), shape=shape), name=name)
    matrix = made((data, *others), shape=shape)
    if form != "dia":
        matrix.check_format(full_check=True)  # products do not check positions
    return csr(matrix, name=name)
