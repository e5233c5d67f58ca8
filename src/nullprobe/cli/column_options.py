"""Column options: names of columns as they are typed, and refusals that name the option.

The rooms that read files know columns alone. Whoever typed a command needs the option.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nullprobe._core.parameters import known
from nullprobe._core.validation import InputError, complain
from nullprobe.cli import arguments
from nullprobe.data import places
from nullprobe.data.formats import holds_one_array, names

Options = Mapping[str, Sequence[str | None]]  # names of columns of each option
REPEATED = ("--leave-out", "--keep", "--other")
WITH_COMMAS = ("--concept", "--confounds", "--task")


def names_in(path: Path, text: str | None) -> list[str]:
    """Return the columns that a list with commas names; a column of exactly that name is one.

    Examples
    --------
    >>> names_in(Path("people.csv"), "source, length")
    ['source', 'length']
    """
    if text is not None and "," in text and places.is_local(path) and text in names(path):
        return [text]
    return arguments.names(text) or []


def need(path: Path, option: str, columns: Sequence[str]) -> None:
    """Refuse the names of one option that are not columns of a file."""
    if holds_one_array(path):
        return  # its columns are other files
    with named({option: columns}):
        for column in columns:
            known("column", column, names(path))


def once_each(options: Options, others: Sequence[str]) -> None:
    """Refuse the names of others that an option, or another of them, names as well."""
    for position, name in enumerate(others):
        holders = [option for option, each in options.items() for one in each if one == name]
        if len(holders) > 1 or name in others[:position]:
            first, *rest = dict.fromkeys(holders)
            complain(
                "every label must have its own column",
                f"{' and '.join([first, *rest])} name {name!r}"
                if rest
                else f"{first} has {name!r} twice",
                "name each column once",
            )


@contextmanager
def named(options: Options) -> Iterator[None]:
    """Add the option to the refusal of a name that is not a column."""
    try:
        yield
    except InputError as error:
        for option, columns in options.items():
            for column in columns:
                if column and error.required == f"{column!r} must name a column":
                    hint = _hint(option, column, columns, error.hint)
                    raise InputError(f"{option} {error.required}", error.received, hint) from error
        raise


def _hint(option: str, column: str, columns: Sequence[str | None], hint: str) -> str:
    if option in REPEATED and "," in column:
        return f"repeat {option} for several columns"
    if option in WITH_COMMAS and len(columns) > 1 and not hint:
        return "commas separate names; put a name that holds a comma in double quotes"
    return hint
