"""Columns of text where numbers are needed: what is wrong with them, and what to do."""

from __future__ import annotations

import pyarrow as pa

from nullprobe._core.validation import complain


def need_numbers(table: pa.Table, names: list[str], source: str) -> None:
    """Refuse a column of text in which most values are numbers; name the first that is not one."""
    for name in names:
        if not pa.types.is_string(table.column(name).type):
            continue
        cells = table.column(name).to_pylist()
        odd = [row for row, cell in enumerate(cells) if not _is_number(cell)]
        if odd and 2 * len(odd) < len(cells):
            others = f", and {len(odd) - 1} more values are not" if len(odd) > 1 else ""
            complain(
                f"every value of a feature in {source!r} must be a number",
                f"row {odd[0]} (counted from 0), column {name!r} is {cells[odd[0]]!r}{others}",
                "correct these values or drop these rows",
            )


def refuse_lists_as_text(table: pa.Table, names: list[str], source: str) -> None:
    """Refuse a column of vectors that were written as text, as pandas does in a .csv."""
    for name in names:
        first = next(iter(table.column(name).to_pylist()), None)
        if isinstance(first, str) and _is_list(first):
            complain(
                f"{name!r} in {source!r} must hold lists of numbers",
                f"it holds text, such as {first[:40]!r}",
                "save the table as .parquet or .jsonl, which keep lists",
            )


def _is_number(cell: str | None) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True


def _is_list(cell: str) -> bool:
    """Return whether text is a list of numbers, with commas or, as NumPy prints it, without."""
    first = cell.strip("[] ").replace(",", " ").partition(" ")[0]
    return cell.startswith("[") and bool(first) and _is_number(first)
