"""Files of torch.save, from and to NumPy arrays by name; nothing but tensors is unpickled."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core import sparse_rows
from nullprobe._core.validation import complain

_GLOBAL = re.compile(r"(?:GLOBAL|global) (\S+\.\S+)")
LONE = "X"  # name of a tensor, or of rows, that the file holds without a name


def read(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file: of a tensor, of a list of tensors, or of nested dicts of these.

    Sparse tensors are CSR matrices.
    Tensors are mapped into memory if the file is an archive, as torch has written since 1.6.

    Raises
    ------
    InputError
        If torch is not installed, or the file holds anything else than tensors, numbers and text.
    """
    try:
        torch: Any = import_module("torch")
    except ImportError:
        complain(
            f"reading {str(path)!r} needs torch",
            "it is not installed",
            "pip install torch, or save the arrays with numpy.savez",
        )
    with path.open("rb") as file:
        is_archive = file.read(2) == b"PK"
    try:
        with torch.sparse.check_sparse_tensor_invariants():
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except Exception as error:
        _refuse(path, error)
    arrays: dict[str, np.ndarray] = {}
    _gather(torch, path, "", content, arrays)
    if not arrays:
        complain(f"{str(path)!r} must hold tensors", f"it holds a {type(content).__name__}")
    return arrays


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as a dict of tensors, and arrays of text as lists, for ``weights_only=True``.

    Raises
    ------
    InputError
        If torch is not installed, or has no type for an array.
    """
    try:
        torch: Any = import_module("torch")
    except ImportError:
        complain(f"writing {str(path)!r} needs torch", "it is not installed", "pip install torch")
    content: dict[str, Any] = {}
    with warnings.catch_warnings():
        # Arrays may be read-only maps of files; nothing writes to the tensors.
        warnings.filterwarnings("ignore", message=".*not writable", category=UserWarning)
        for name, array in arrays.items():
            if array.dtype.kind == "U":
                content[name] = array.tolist()
                continue
            try:
                # Of this machine's byte order, without negative strides.
                native = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
                content[name] = torch.from_numpy(native.reshape(array.shape))
            except TypeError:
                complain(
                    f"{name!r} must have a type of torch to be written to {str(path)!r}",
                    f"its dtype is {array.dtype}",
                    "write .npz or .parquet instead",
                )
    torch.save(content, path)


def _refuse(path: Path, error: Exception) -> None:
    """Complain about a file that was not read, without the advice of torch to trust it."""
    text = " ".join(str(error).split())
    foreign = _GLOBAL.search(text)
    if foreign:
        name = foreign.group(1).rstrip(".,")
        how = "torch.save(dict(cache.cache_dict), path)"
        if not name.endswith("ActivationCache"):
            how = "torch.save({'X': X, 'y': y}, path) with tensors X and y"
        complain(
            f"{str(path)!r} must hold tensors, numbers and text, in dicts or lists",
            f"it holds a {name}, and objects of other types can run code when they are read",
            f"save the tensors: {how}",
        )
    complain(
        f"{str(path)!r} must be a complete file of torch.save",
        f"reading it failed with {type(error).__name__}: {text.split('. ')[0][:200]}",
        "check that it was written completely; other pickles are not read, since they can run code",
    )


def _gather(torch: Any, path: Path, name: str, value: Any, arrays: dict[str, np.ndarray]) -> None:
    """Collect the arrays of a value; names of nested dicts and lists are joined with dots."""
    if isinstance(value, dict):
        for key, one in value.items():
            _gather(torch, path, f"{name}.{key}" if name else str(key), one, arrays)
    elif isinstance(value, torch.Tensor):
        arrays[name or LONE] = _array(torch, path, name or LONE, value)
    elif isinstance(value, list | tuple) and value:
        tensors = all(isinstance(one, torch.Tensor) for one in value)
        if tensors and len({one.shape for one in value}) == 1 and value[0].layout == torch.strided:
            stacked = torch.stack([one.detach() for one in value])
            arrays[name or LONE] = _array(torch, path, name, stacked)
        elif all(isinstance(one, str | bool | int | float) for one in value):
            arrays[name or LONE] = np.array(value)
        else:
            for i, one in enumerate(value):
                _gather(torch, path, f"{name}.{i}" if name else str(i), one, arrays)
    elif isinstance(value, str | bool | int | float) and name:
        arrays[name] = np.array(value)


def _array(torch: Any, path: Path, name: str, tensor: Any) -> Any:
    if tensor.is_quantized or tensor.is_meta:
        complain(
            f"{name!r} in {str(path)!r} must hold its values as numbers",
            f"its layout is {tensor.layout} and its dtype {tensor.dtype}",
            "save tensor.dequantize()",
        )
    if tensor.layout != torch.strided:
        with torch.sparse.check_sparse_tensor_invariants():
            return sparse_rows.csr(tensor, name=repr(name))
    tensor = tensor.detach().resolve_conj().resolve_neg()
    # NumPy has none of the narrow floats, and all of them are exact in float32.
    narrow = tensor.dtype.is_floating_point and tensor.dtype not in (torch.float64, torch.float16)
    return (tensor.float() if narrow else tensor).numpy()
