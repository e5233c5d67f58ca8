"""The one file that depends on the array library, the device and the dtype.

The other rooms call these functions, or NumPy on their results. Totals are float64. Products
are formed in the dtype of the data (float32 for anything narrower), because they take most of
the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import array_api_compat as compat
import numpy as np

from nullprobe._core import parallel

Array = Any  # a NumPy array or a torch tensor; data frames are converted on entry

# A block of at most 160 MiB in float32. It is long enough that adding a product to the (d, d)
# total in float64 costs little compared with the product; at d = 4096 it is about as large as the
# total.
BLOCK_ELEMENTS = 5 << 23
LEAST_BLOCK_ROWS = 1024
# The same for narrow rows: a float32 sum over more rows loses digits.
MOST_BLOCK_ROWS = 1 << 16
CACHE_ELEMENTS = 1 << 18
OUTER_ELEMENTS = 1 << 14  # of an outer product that is added to a total, 128 KiB in float64
SMALLEST = float(np.finfo(np.float32).tiny)  # the smallest float32 with full precision
# With fewer features, torch sums float32 products row by row and loses a digit.
NARROW = 16
# Number of float32 rows that are summed in float32.
FEW_ROWS = 64
# Larger float32 blocks, 4 MiB, are summed by class in float32, a few rows at a time: converting
# them to float64 would take as long as a quarter of their product.
MANY_ELEMENTS = 1 << 20


def is_torch(X: Array) -> bool:
    """Whether ``X`` is a torch tensor."""
    return compat.is_torch_array(X)


def is_dask(X: Array) -> bool:
    """Whether ``X`` is a dask array."""
    return compat.is_dask_array(X)


def is_floating(X: Array) -> bool:
    """Whether ``X`` holds real floating-point numbers."""
    if is_torch(X):
        return bool(X.is_floating_point())
    return X.dtype.kind == "f"


def working_dtype(X: Array) -> Any:
    """Return the dtype in which products over ``X`` are formed: float32 or float64."""
    xp = compat.array_namespace(X)
    return xp.float64 if _itemsize(X) >= 8 else xp.float32


def precision(X: Array) -> float:
    """Return the machine epsilon of the products over ``X``."""
    return float(np.finfo(np.float64 if _itemsize(X) >= 8 else np.float32).eps)


def _itemsize(X: Array) -> int:
    if not is_floating(X):
        return 8  # integers and booleans become float64
    return int(X.dtype.itemsize)


def row_blocks(X: Array) -> Iterator[tuple[slice, Array]]:
    """Yield ``(rows, block)`` in order: blocks of bounded size, in the dtype of ``X``.

    A dask array is computed block by block, so it is never entirely in memory.
    """
    if is_dask(X):
        start = 0
        for i in range(X.numblocks[0]):
            part = np.asarray(X.blocks[i].compute())
            for rows, block in row_blocks(part):
                yield slice(start + rows.start, start + rows.stop), block
            start += part.shape[0]
        return
    n, d = X.shape
    most = min(MOST_BLOCK_ROWS, max(LEAST_BLOCK_ROWS, BLOCK_ELEMENTS // max(d, 1)))
    step = -(-n // max(1, -(-n // most))) or 1  # blocks of equal length, rounded up
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        yield rows, X[rows]


def cache_blocks(X: Array) -> Iterator[tuple[slice, Array]]:
    """Yield ``(rows, block)`` with blocks that fit into the processor's cache."""
    elsewhere = is_torch(X) and X.device.type != "cpu"
    step = X.shape[0] if elsewhere else max(16, CACHE_ELEMENTS // X.shape[1])
    for start in range(0, X.shape[0], step):
        rows = slice(start, min(start + step, X.shape[0]))
        yield rows, X[rows]


def on_cache_blocks(function: Callable[[slice, Array], None], X: Array) -> None:
    """Call ``function(rows, block)`` for all cache blocks of ``X``, on all cores."""
    on_cores(function, list(cache_blocks(X)), X)


def on_cores(function: Callable[..., None], pieces: Sequence[tuple], X: Array) -> None:
    """Call ``function(*piece)`` for all pieces of work on ``X``; on all cores except for torch."""
    parallel.on_cores(function, pieces, most=1 if is_torch(X) else None)


def working(block: Array) -> Array:
    """Return ``block`` in its working dtype, without a copy if it already has this dtype."""
    xp = compat.array_namespace(block)
    return xp.astype(block, working_dtype(block), copy=False)


def host(a: Array) -> np.ndarray:
    """Return ``a`` as a float64 NumPy array."""
    if is_torch(a):
        a = a.detach()
        a = (a.cpu() if a.device.type == "mps" else a).double().cpu().numpy()
    return np.asarray(a, dtype=np.float64)


def stacked(X: Any) -> Any:
    """Return a list of torch tensors, such as rows, as one tensor; anything else unchanged."""
    rows = X if isinstance(X, list | tuple) else ()
    if rows and all(map(is_torch, rows)) and len({row.shape for row in rows}) == 1:
        return compat.array_namespace(rows[0]).stack([row.detach() for row in rows])
    return X


def host_labels(y: Array) -> np.ndarray:
    """Return labels of any library as a NumPy array, with the same dtype if NumPy has it."""
    if is_torch(y):
        y = y.detach().cpu()
        return y.float().numpy() if y.is_floating_point() and y.dtype.itemsize < 4 else y.numpy()
    return np.asarray(y)


def host_native(X: Array) -> np.ndarray:
    """Return a representation as a NumPy array: float32 stays, narrower floats become float32."""
    if is_torch(X):
        return host_labels(X)
    X = np.asarray(X)
    return X.astype(np.float32) if X.dtype == np.float16 else X


def like(a: np.ndarray, X: Array) -> Array:
    """Return the host array ``a`` in the library, device and working dtype of ``X``."""
    if is_torch(X):
        return compat.array_namespace(X).asarray(
            a, dtype=working_dtype(X), device=X.device, copy=True
        )
    return np.asarray(a, dtype=working_dtype(X))


def empty_like(X: Array) -> Array:
    """Return an uninitialised array of the shape, library, device and dtype that X' will have."""
    if is_torch(X):
        xp = compat.array_namespace(X)
        dtype = X.dtype if X.is_floating_point() else xp.float64
        return xp.empty(X.shape, dtype=dtype, device=X.device)
    return np.empty(X.shape, dtype=X.dtype if X.dtype.kind == "f" else np.float64)


def float64_square(d: int, X: Array) -> Array:
    """Return a (d, d) float64 total of zeros, on the device of ``X`` if it supports float64."""
    if is_torch(X) and X.device.type != "mps":
        xp = compat.array_namespace(X)
        return xp.zeros((d, d), dtype=xp.float64, device=X.device)
    return np.zeros((d, d))


def add_gram(total: Array, block: Array) -> None:
    """Add ``block.T @ block`` (n, d) to the (d, d) float64 ``total``, in place.

    The product is formed in float64 if squares overflow or vanish in float32.
    """
    if is_torch(block) and block.shape[1] < NARROW:
        block = wide(block)
    product = block.T @ block
    largest = float(product.diagonal().max())
    if precision(block) > np.finfo(np.float64).eps and not SMALLEST <= largest < np.inf:
        block = host(block)
        product = block.T @ block
    if is_torch(total) or is_torch(product):
        add_total(total, product)
    else:
        total += product


def map_rows(function: Any, X: Array) -> Array:
    """Return a dask array: ``function`` applied to each block of rows of ``X``."""
    dtype = X.dtype if is_floating(X) else np.float64
    return X.rechunk({1: -1}).map_blocks(function, dtype=dtype, meta=np.empty((0, 0), dtype))


def take(X: Array, rows: np.ndarray) -> Array:
    """Return the rows of ``X`` at the positions ``rows`` (m,)."""
    if is_torch(X):
        return X[compat.array_namespace(X).asarray(rows, device=X.device)]
    return X[rows]


def put(X: Array, rows: np.ndarray, values: Array) -> None:
    """Write ``values`` (m, d) into the rows of ``X`` at the positions ``rows`` (m,)."""
    if is_torch(X):
        xp = compat.array_namespace(X)
        X[xp.asarray(rows, device=X.device)] = xp.astype(values, X.dtype, copy=False)
    else:
        X[rows] = values


def add_total(total: Array, other: Array) -> None:
    """Add one (d, d) total to another in place; they may be on different devices."""
    if is_torch(total):
        xp = compat.array_namespace(total)
        other = other if is_torch(other) else xp.asarray(other)
        total += other.to(total.device)
    else:
        total += host(other)


def add_outer(total: Array, v: np.ndarray, scale: float) -> None:
    """Add ``scale * outer(v, v)`` to the (d, d) float64 ``total``, in place."""
    if is_torch(total):
        xp = compat.array_namespace(total)
        u = xp.asarray(v, dtype=xp.float64, device=total.device)
        total.addr_(u, u, alpha=scale)
        return
    # Not with SciPy's BLAS: its idle threads would occupy the cores that NumPy's threads need next.
    # As u uᵀ, because it is symmetric to the last bit.
    u = np.sqrt(abs(scale)) * v
    add = np.add if scale > 0 else np.subtract
    step = max(1, OUTER_ELEMENTS // len(u))
    outer = np.empty((step, len(u)))
    for start in range(0, len(u), step):
        block = total[start : start + step]
        add(
            block, np.multiply.outer(u[start : start + step], u, out=outer[: len(block)]), out=block
        )


def columns_sum(block: Array, weights: np.ndarray) -> np.ndarray:
    """Return ``weights.T @ block``: (n, m) host weights times an (n, d) block, as (m, d) float64.

    Everything is in float64, one cache block at a time. A class mean from a float32 sum over
    many rows has a larger error than an eraser may leave in the data.
    """
    sums = np.zeros((weights.shape[1], block.shape[1]))
    for rows, part in cache_blocks(block):
        part = wide(part)
        sums += host(like(weights[rows], part).T @ part)
    return sums


def centred(X: Array, rows: np.ndarray, centre: Array, out: Array) -> Array:
    """Return rows (m,) of X minus a centre (d,), in the memory of ``out`` where possible."""
    if is_torch(X):
        return working(take(X, rows)) - centre
    deviation = out[: len(rows)]
    _gather(X, rows, deviation)
    deviation -= centre
    return deviation


def _gather(X: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    if X.dtype == out.dtype:
        # The positions are valid. Mode "raise" would allocate a buffer.
        np.take(X, rows, axis=0, out=out, mode="clip")
    else:
        out[...] = X[rows]


def rows_sum(block: Array) -> np.ndarray:
    """Return the sum of the rows of a block (n, d) in float64, (d,).

    Float32 rows are summed in float32 a few at a time: the rounding error of these sums is smaller
    than the rounding error of the rows.
    """
    if is_torch(block) or block.dtype == np.float64:
        return columns_sum(block, np.ones((len(block), 1)))[0]
    whole = len(block) // FEW_ROWS * FEW_ROWS
    sums = block[:whole].reshape(-1, FEW_ROWS, block.shape[1]).sum(axis=1)
    return sums.sum(axis=0, dtype=np.float64) + block[whole:].sum(axis=0, dtype=np.float64)


def are_many_singles(block: Array) -> bool:
    """Return whether a block (n, d) is a NumPy array of many float32 values."""
    return not is_torch(block) and block.dtype == np.float32 and block.size >= MANY_ELEMENTS


def few_rows_by_code(block: np.ndarray, codes: np.ndarray, n_codes: int) -> np.ndarray:
    """Sum the float32 rows of an (n, d) block that share a code; (n_codes, d) float64.

    A few rows at a time are summed in float32, as in `rows_sum`: the error of a class mean is
    usually smaller than the rounding error of one row. The cost grows with ``n_codes``.
    """
    whole, d = len(block) // FEW_ROWS * FEW_ROWS, block.shape[1]
    member = np.equal.outer(np.arange(n_codes), codes).astype(np.float32)
    each = member[:, :whole].reshape(n_codes, -1, FEW_ROWS).swapaxes(0, 1)
    sums = (each @ block[:whole].reshape(-1, FEW_ROWS, d)).sum(axis=0, dtype=np.float64)
    return sums + member[:, whole:] @ block[whole:]


def sum_by_code(block: Array, codes: np.ndarray, weights: np.ndarray, n_codes: int) -> np.ndarray:
    """Sum the weighted rows of an (n, d) block that share a code; (n_codes, d) float64.

    The cost does not grow with ``n_codes``, unlike a product with a one-hot matrix.
    """
    if is_torch(block):
        return _torch_sum_by_code(block, codes, weights, n_codes)
    sums = np.zeros((n_codes, block.shape[1]))
    for rows, part in cache_blocks(block):
        order = np.argsort(codes[rows], kind="stable")
        present, starts = np.unique(codes[rows][order], return_index=True)
        sums[present] += np.add.reduceat(part[order] * weights[rows][order, None], starts, axis=0)
    return sums


def _torch_sum_by_code(
    block: Array, codes: np.ndarray, weights: np.ndarray, n_codes: int
) -> np.ndarray:
    xp = compat.array_namespace(block)
    sums = xp.zeros((n_codes, block.shape[1]), dtype=wide(block[:1]).dtype, device=block.device)
    index = xp.asarray(codes, dtype=xp.int64, device=block.device)
    for rows, part in cache_blocks(block):
        part = wide(part)
        sums.index_add_(0, index[rows], part * like(weights[rows, None], part))
    return host(sums)


def wide(block: Array) -> Array:
    """Return ``block`` as float64 if its device supports it."""
    if is_torch(block) and block.device.type == "mps":
        return working(block)
    xp = compat.array_namespace(block)
    return xp.astype(block, xp.float64, copy=False)


def transport_rows(
    out: Array,
    X: Array,
    rows: np.ndarray,
    maps: tuple[Array, Array, Array],
    memory: parallel.Workspace,
) -> None:
    """Write ``x + (x - mean) @ move + shift`` into ``out`` for the rows x (m,) of X."""
    mean, move, shift = maps
    if is_torch(X):
        part = working(take(X, rows))
        moved = (part - mean) @ move
    else:
        part, moved = memory.take((len(rows), X.shape[1]), working_dtype(X))
        _gather(X, rows, part)
        part -= mean
        np.matmul(part, move, out=moved)
        # Not part + mean: that would round the features that do not change.
        _gather(X, rows, part)
    moved += shift
    moved += part
    put(out, rows, moved)
