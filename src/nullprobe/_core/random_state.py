"""Random states: an integer, a generator or None, and the generator or seed that they mean."""

from __future__ import annotations

import numbers
from typing import NoReturn, TypeAlias

import numpy as np

from nullprobe._core import validation

RandomState: TypeAlias = int | np.random.Generator | None
MOST = 2**32 - 1  # the largest seed that scikit-learn accepts


def generator(random_state: object) -> np.random.Generator:
    """Return the generator for an integer, a generator or None.

    Examples
    --------
    >>> generator(0).integers(10), generator(np.random.default_rng(0)).integers(10)
    (np.int64(8), np.int64(8))
    """
    if random_state is None or isinstance(random_state, np.random.Generator):
        return np.random.default_rng(random_state)
    whole = _whole(random_state)
    if whole is None:
        _complain("of at least 0, a NumPy Generator, or None", random_state)
    return np.random.default_rng(whole)


def integer_seed(random_state: object) -> int:
    """Return a seed that repeats a run: the integer itself, or one drawn from a generator.

    None draws a seed from the operating system's entropy.

    Examples
    --------
    >>> integer_seed(3), integer_seed(np.random.default_rng(0)) == integer_seed(None)
    (3, False)
    """
    if random_state is None or isinstance(random_state, np.random.Generator):
        return int(np.random.default_rng(random_state).integers(MOST + 1))
    whole = _whole(random_state)
    if whole is None or whole > MOST:
        _complain(f"from 0 to {MOST}, a NumPy Generator, or None", random_state)
    return whole


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < 0:
        return None
    return int(value)


def _complain(allowed: str, value: object) -> NoReturn:
    validation.complain(
        f"random_state must be a whole number {allowed}",
        f"{value!r} arrived",
        "an integer such as 0 gives the same result each time",
    )
