"""Checks of parameters: names, numbers and words; they raise the errors of `validation`."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from nullprobe._core.validation import complain


def by_name(kind: str, named: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a mapping with its names as text, or complain if two names are the same as text."""
    by_text: dict[str, Any] = {}
    for name, one in named.items():
        if str(name) in by_text:
            complain(
                f"every {kind} needs a different name",
                f"{str(name)!r} occurs twice once the names are text",
            )
        by_text[str(name)] = one
    return by_text


def choice(name: str, value: object, allowed: Sequence[str | None]) -> None:
    """Refuse a ``value`` that is not one of the ``allowed`` words, and point to similar ones.

    Examples
    --------
    >>> choice("depth", "quik", ["full", "quick"])
    Traceback (most recent call last):
    nullprobe.InputError: depth must be one of 'full', 'quick', but 'quik' arrived; did you mean
    'quick'?
    """
    if value not in allowed:
        complain(
            f"{name} must be one of {', '.join(map(repr, allowed))}",
            f"{value!r} arrived",
            similar(value, allowed),
        )


def similar(value: object, allowed: Sequence[str | None]) -> str:
    """Return a question that names the words most similar to ``value``; "" if there are none.

    Examples
    --------
    >>> similar("Reed-able", ["readable", "gone"]), similar("x", ["readable"])
    ("did you mean 'readable'?", '')
    """
    words = {_plain(word): word for word in allowed if word}
    close = difflib.get_close_matches(_plain(value), words) if isinstance(value, str) else []
    return f"did you mean {' or '.join(repr(words[word]) for word in close)}?" if close else ""


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")


def whole_number(name: str, value: object, *, least: int) -> int:
    """Return ``value`` as an ``int`` of at least ``least``, or complain."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < least:
        complain(
            f"{name} must be a whole number of at least {least}",
            f"{value!r} arrived",
        )
    return int(value)


def jobs(n_jobs: object) -> int | None:
    """Return a number of jobs, as joblib counts them, or complain: None, or any number but 0."""
    if n_jobs is None:
        return None
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, numbers.Integral) or n_jobs == 0:
        complain(
            "n_jobs must be None or a whole number other than 0 (-1: all cores)",
            f"{n_jobs!r} arrived",
        )
    return int(n_jobs)


def instance(kind: str, name: str, value: object) -> None:
    """Refuse a class where an estimator is needed."""
    if isinstance(value, type):
        article = "an" if kind[0] in "aeiou" else "a"
        complain(
            f"{article} {kind} must be an instance of an estimator",
            f"{name!r} is the class {value.__name__}",
            f"pass {value.__name__}()",
        )


def share(name: str, value: object, *, words: Sequence[str] = ()) -> float:
    """Return ``value`` as a float in [0, 1], or complain; the message lists ``words``, too."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
        required = " or ".join([f"{name} must be a number from 0 to 1", *map(repr, words)])
        complain(required, f"{value!r} arrived")
    return float(value)


def shrinkage(value: object, *words: str) -> float | str:
    """Return a shrinkage: a float in [0, 1], or one of the words that a method offers.

    Examples
    --------
    >>> shrinkage("oas", "oas"), shrinkage(1, "oas")
    ('oas', 1.0)
    >>> shrinkage(None, "minimal")
    Traceback (most recent call last):
    nullprobe.InputError: shrinkage must be a number from 0 to 1 or 'minimal', but None arrived.
    """
    known_word = isinstance(value, str) and value in words
    return str(value) if known_word else share("shrinkage", value, words=words)


def known(kind: str, name: str, available: Sequence[str], *, listed: str = "") -> None:
    """Refuse a ``name`` that is not ``available``, and point to the names that resemble it.

    Parameters
    ----------
    kind : str
        Kind of object that has such names, for example ``"column"``.
    name : str
        The name to check.
    available : sequence of str
        The names that exist.
    listed : str
        Text that lists the available names in the message; by default, at most ten of them.

    Examples
    --------
    >>> known("column", "gendr", ["age", "gender"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    nullprobe.InputError: 'gendr' must name a column, but there are only 'age', 'gender';...
    """
    if name in available:
        return
    more = f" and {len(available) - 10} more" if len(available) > 10 else ""
    names = listed or (", ".join(map(repr, available[:10])) or "none") + more
    article = "an" if kind[0] in "aeiou" else "a"
    complain(
        f"{name!r} must name {article} {kind}", f"there are only {names}", similar(name, available)
    )


def real_number(
    name: str, value: object, *, least: float = -math.inf, most: float = math.inf
) -> float:
    """Return ``value`` as a finite ``float`` from ``least`` to ``most``, or complain."""
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Real)
        or not math.isfinite(value)
        or not least <= float(value) <= most
    ):
        complain(
            f"{name} must be a finite number from {least} to {most}",
            f"{value!r} arrived",
        )
    return float(value)
