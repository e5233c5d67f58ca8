"""Nested values, such as those of JSON: tests of their kind that tell a type checker enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether a value is a mapping.

    Examples
    --------
    >>> is_mapping({"a": 1}), is_mapping([1])
    (True, False)
    """
    return isinstance(value, Mapping)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value that was read from JSON is an object.

    Examples
    --------
    >>> is_object({"a": 1}), is_object([1])
    (True, False)
    """
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is a list.

    Examples
    --------
    >>> is_list([1]), is_list((1,))
    (True, False)
    """
    return isinstance(value, list)


def is_sequence(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether a value is a list or a tuple.

    Examples
    --------
    >>> is_sequence([1]), is_sequence((1,)), is_sequence("1")
    (True, True, False)
    """
    return isinstance(value, list | tuple)
