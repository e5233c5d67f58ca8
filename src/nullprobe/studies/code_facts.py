"""What code a measurement runs, so that a number is kept only for the code that gave it.

The facts of a file are its text and what is loaded of it: a file that was edited after it was
loaded has a new text and old functions, and is neither the old code nor the new one. Files count
that are loaded and not installed; what is installed is known by its version. Where the code is not
in a file, such as in a notebook or from standard input, nothing is known of it.
"""

from __future__ import annotations

import hashlib
import os
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

PACKAGE = Path(__file__).parents[1]  # of this library, which is known by its version
OF_LIBRARY = Path(__file__).parent  # but for its studies
INSTALLED = ("site-packages", "dist-packages")
PLACES = tuple(
    f"{place}{os.sep}"
    for place in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        site.getusersitepackages(),
    )
)
VALUES = ""  # key of what the function was made with
# A value of more items, levels or letters is not read, so that no large table is.
MOST_ITEMS, MOST_DEPTH, MOST_LETTERS = 10_000, 20, 1_000_000

Facts = dict[str, list[str]]  # of each file: its text, and what is loaded of it


class Code:
    """The code of a function as it is now.

    Parameters
    ----------
    function : callable
        What measures a cell.

    Attributes
    ----------
    is_known : bool
        Whether all of it is known: functions of files, made with plain values.

    Examples
    --------
    >>> namespace = {}
    >>> exec("def measure(cell, seed, budget): return {}", namespace)
    >>> Code(namespace["measure"]).is_known
    False
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._functions: list[FunctionType] = []
        self._values: list[str] = []
        known = self._collect(function)
        files = [Path(one.__code__.co_filename) for one in self._functions]
        self.is_known = known and all(file.is_file() for file in files)
        self._of_library = any(OF_LIBRARY in file.parents for file in files)
        self._base = files[0].resolve().parent if files else Path()
        self._listed: set[str] = set()
        codes = [f"{one.__qualname__} {_of_code(one)}" for one in self._functions]
        self._facts: Facts = {VALUES: [_digest([*self._values, *codes])]}
        self._needed = {VALUES, *map(self._name, files)}
        if self.is_known:
            for file, one in zip(files, self._functions, strict=True):
                self._add(file, one.__globals__)
            self._add_modules()

    def facts(self) -> Facts:
        """Return the facts of all files; of those that were loaded before, as they were then."""
        self._add_modules()
        return dict(self._facts)

    def is_same(self, facts: Mapping[str, Any]) -> bool:
        """Return whether these facts, which an earlier run recorded, are still true.

        A file that is not loaded now is known by its text alone.
        """
        return (
            self.is_known
            and self._needed <= set(facts)
            and all(
                recorded == self._facts[name]
                if name in self._facts
                else recorded[:1] == [_text_of(self._base / name)]
                for name, recorded in facts.items()
            )
        )

    def _collect(self, value: Any) -> bool:
        """Collect the functions that run, and the values they were made with; False if unknown."""
        if not isinstance(value, FunctionType):
            text = _plain(value)
            self._values.append(text or "")
            return text is not None
        if value in self._functions:
            return True
        self._functions.append(value)
        try:
            enclosed = [cell.cell_contents for cell in value.__closure__ or ()]
        except ValueError:  # a cell that is still empty
            return False
        defaults = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        return all(self._collect(one) for one in (*enclosed, *defaults))

    def _name(self, file: Path) -> str:
        """Return a file as seen from the study, so that both may move to another folder."""
        return os.path.relpath(file.resolve(), self._base)

    def _add(self, file: Path, namespace: Mapping[str, Any]) -> None:
        name = self._name(file)
        if name not in self._facts:
            self._facts[name] = [_text_of(file), _digest(list(_loaded(namespace)))]

    def _add_modules(self) -> None:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            # A script that only calls `run` may change.
            if not isinstance(file, str) or name == "__main__" or file in self._listed:
                continue
            self._listed.add(file)
            path = Path(file)
            if self._counts(path) and path.is_file():
                self._add(path, vars(module))

    def _counts(self, path: Path) -> bool:
        if PACKAGE in path.parents:
            return self._of_library and OF_LIBRARY in path.parents
        return not is_installed(path)


def is_installed(path: Path) -> bool:
    """Return whether a file is of an installed package, of Python, or of this library."""
    return (
        str(path).startswith(PLACES)
        or bool(set(INSTALLED) & set(path.parts))
        or PACKAGE in path.parents
    )


def _text_of(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:24]
    except OSError:
        return ""


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]


def _loaded(namespace: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is loaded of a module, as text: its functions, classes and plain values."""
    module = namespace.get("__name__")
    for name in sorted(name for name in namespace if not name.startswith("__")):
        value = namespace[name]
        if isinstance(value, FunctionType | type):
            if value.__module__ == module:
                yield f"{name} {_of_code(value)}"
        elif (text := _plain(value)) is not None:
            yield f"{name} {text}"


def _of_code(value: Any) -> str:
    """Return the code of a function or a class as text."""
    if isinstance(value, type):
        inside = [
            f"{name} {_of_code(one) if isinstance(one, FunctionType) else _plain(one)}"
            for name, one in sorted(vars(value).items())
            if not name.startswith("__") or isinstance(one, FunctionType)
        ]
        return " ".join(inside)
    code: CodeType = value.__code__ if isinstance(value, FunctionType) else value
    constants = [
        _of_code(one) if isinstance(one, CodeType) else _plain(one) for one in code.co_consts
    ]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"


def _plain(value: Any) -> str | None:
    """Return a value of numbers and words as text, the same in each process; None for others.

    None as well for a value of many items: of a module, the text of its file is known.
    """
    return _text_within(value, [MOST_ITEMS], MOST_DEPTH)


def _text_within(value: Any, room: list[int], depth: int) -> str | None:
    """Return `_plain` of a value of at most ``room[0]`` items, which are taken from it."""
    if value is None or value is ... or isinstance(value, bool | int | float | complex):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, str | bytes):
        return f"{type(value).__name__} {value!r}" if len(value) <= MOST_LETTERS else None
    if not isinstance(value, dict | set | frozenset | list | tuple) or not depth:
        return None
    room[0] -= len(value)
    if room[0] < 0:
        return None
    texts: list[str] = []
    for one in value.items() if isinstance(value, dict) else value:
        text = _text_within(one, room, depth - 1)
        if text is None:
            return None
        texts.append(text)
    if isinstance(value, set | frozenset):
        texts.sort()
    return f"{type(value).__name__} [{', '.join(texts)}]"
