"""Data frames: tables of results in the kind of frame that a caller uses, through narwhals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from nullprobe._core import parameters
from nullprobe._core.validation import complain

KINDS = ("pandas", "polars", "pyarrow")
Line = Mapping[str, Any]
# Names of pyarrow. Libraries of frames are imported when a frame is made: a plan needs none.
_TYPES: dict[type, str] = {str: "string", float: "float64", int: "int64", bool: "bool_"}


@dataclass(frozen=True)
class Table:
    """Columns of a table and how its rows are made from a result.

    Attributes
    ----------
    columns : mapping of str to type
        Type of each column: str, float, int or bool.
    lines : callable
        Function from a result to the rows, as mappings with these keys.

    Examples
    --------
    >>> squares = Table({"n": int, "square": float}, lambda n: [{"n": n, "square": n**2}])
    >>> squares.frame([2, 3], "polars").rows()
    [(2, 4.0), (3, 9.0)]
    """

    columns: Mapping[str, type]
    lines: Callable[[Any], Iterable[Line]]

    def frame(self, parts: Iterable[Any], kind: str | None, default: str | None = None) -> Any:
        """Return the rows of several results, one after the other, as one data frame."""
        lines = [line for part in parts for line in self.lines(part)]
        return frame(self.columns, lines, kind, default)


def table_of(tables: Mapping[str, Table], of: str) -> Table:
    """Return the table of this name, or complain."""
    parameters.choice("of", of, list(tables))
    return tables[of]


def frame(
    columns: Mapping[str, type],
    lines: Iterable[Line],
    kind: str | None = None,
    default: str | None = None,
) -> Any:
    """Return lines as a data frame.

    Parameters
    ----------
    columns : mapping of str to type
        Type of each column. Missing values may be None or NaN.
    lines : iterable of mappings
        Rows, with a value for each column.
    kind : {"pandas", "polars", "pyarrow"}, optional
        Kind of the frame.
    default : str, optional
        Kind without ``kind``, if it is installed. Otherwise it is the first that is installed.

    Raises
    ------
    InputError
        If the kind is unknown or not installed.

    Examples
    --------
    >>> frame({"claim": str, "p_value": float}, [{"claim": "gone", "p_value": None}], "pyarrow")
    pyarrow.Table
    claim: string
    p_value: double
    ----
    claim: [["gone"]]
    p_value: [[null]]
    """
    nw, pa = import_module("narwhals"), import_module("pyarrow")
    listed = list(lines)
    arrays = {
        name: pa.array([_plain(line[name], of) for line in listed], getattr(pa, _TYPES[of])())
        for name, of in columns.items()
    }
    return nw.from_arrow(pa.table(arrays), backend=_backend(kind, default)).to_native()


def kind_of(*data: Any) -> str | None:
    """Return the kind of the first data frame or series among data, or in mappings among them.

    Examples
    --------
    >>> import polars
    >>> kind_of(None, {"layer 0": polars.DataFrame({"a": [1]})}), kind_of([1, 2])
    ('polars', None)
    """
    nw = import_module("narwhals")
    for one in data:
        native = nw.from_native(one, pass_through=True, eager_only=True, allow_series=True)
        if isinstance(native, (nw.DataFrame, nw.Series)):
            kind = native.implementation.value
            return kind if kind in KINDS else None
        inner = kind_of(*one.values()) if isinstance(one, Mapping) else None
        if inner is not None:
            return inner
    return None


def _backend(kind: str | None, default: str | None) -> Any:
    if kind is None:
        every = KINDS if default is None else (default, *KINDS)
        return next(name for name in every if _installed(name))
    parameters.choice("kind", kind, KINDS)
    if not _installed(kind):
        complain(
            f"to_frame(kind={kind!r}) needs {kind}",
            "it is not installed",
            f"run `pip install {kind}`, or leave out kind",
        )
    return kind


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _plain(value: Any, of: type) -> Any:
    """Return a value of a column's type; None for a missing one."""
    return None if value is None or value != value else of(value)
