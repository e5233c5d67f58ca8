"""Rows of texts with their labels, groups and confounds; this needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe._core import parameters
from nullprobe._core.caller_warnings import warn
from nullprobe.data.concept import Concept
from nullprobe.data.concept import concept as concept_of
from nullprobe.data.splits import named_groups
from nullprobe.texts.copied_texts import codes_of_copies


@dataclass(frozen=True, eq=False)
class TextRows:
    """Texts and what is known of them.

    Attributes
    ----------
    texts : list of n texts
    z : Concept
    groups : ndarray of shape (n,) or None
        Code of each text's group. If no groups are named and some texts are copies, each set of
        copies is a group.
    confounds : dict of str to ndarray of shape (n,)
    """

    texts: list[Any]
    z: Concept
    groups: np.ndarray | None
    confounds: dict[str, Any]

    @classmethod
    def of(
        cls,
        frame: Any,
        named: Mapping[str, str | None],
        kind: str | None,
        confounds: Sequence[str],
    ) -> TextRows:
        """Return the rows of a frame; ``named`` has the columns "text", "concept" and "groups"."""
        if isinstance(confounds, str):
            confounds = [confounds]
        names = list(getattr(frame, "column_names", None) or getattr(frame, "columns", frame))
        for name in (*filter(None, named.values()), *confounds):
            parameters.known("column", name, list(map(str, names)))
        texts, concept = _column(frame, str(named["text"])), str(named["concept"])
        z = concept_of(np.asarray(_column(frame, concept)), name=repr(concept), kind=kind)
        z.need_two_classes()
        groups = named["groups"]
        codes = None if groups is None else named_groups(_column(frame, groups), len(texts))[0]
        known = {name: np.asarray(_column(frame, name)) for name in confounds}
        rows = cls(texts, z, codes, known)
        return replace(rows, groups=rows.with_copies())

    def with_copies(self) -> np.ndarray | None:
        """Return groups that keep copies together, if none are named; warn about copies.

        As in `audit`, named groups do not change.
        """
        words = self.words()
        each = list(map(str, self.texts)) if words is None else words
        exact = np.unique(each, return_inverse=True)[1]
        near = exact if words is None else codes_of_copies(words)
        is_exact, is_copy = (np.bincount(codes)[codes] > 1 for codes in (exact, near))
        if self.groups is not None:
            _warn_across(near, self.groups, is_exact)
            return self.groups
        if not is_copy.any():
            return None
        warn(
            f"{is_copy.sum()} texts are copies of others ({is_exact.sum()} exact, "
            f"{(is_copy & ~is_exact).sum()} but for capitals, signs or spaces): each set of copies "
            "is kept together, as a group; if texts form groups, such as entities, name them"
        )
        return near

    def words(self) -> list[str] | None:
        """Return the texts as strings, or None if they are token ids."""
        if all(isinstance(one, str) for one in self.texts):
            return self.texts
        chats = [one for one in self.texts if isinstance(one, list) and one]
        if len(chats) < len(self.texts) or not all(
            isinstance(message, Mapping) for chat in chats for message in chat
        ):
            return None
        return ["\n".join(str(message.get("content")) for message in chat) for chat in chats]


def _warn_across(near: np.ndarray, groups: np.ndarray, is_exact: np.ndarray) -> None:
    """Warn about texts that differ little from texts of other groups; `audit` sees exact copies."""
    pairs = np.unique(np.stack([near, groups]), axis=1)
    shared = np.flatnonzero(np.bincount(pairs[0]) > 1)
    count = int((np.isin(near, shared) & ~is_exact).sum())
    if count:
        warn(
            f"{count} texts differ from texts of other groups in capitals, signs or spaces alone: "
            "the groups do not change; drop copies, or give them one group"
        )


def _column(frame: Any, name: str) -> list[Any]:
    values = frame[name]
    return values.to_pylist() if hasattr(values, "to_pylist") else list(values)
