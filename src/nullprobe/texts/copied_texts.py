"""Copied texts: texts that occur more than once, with one label or with both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nullprobe._core.validation import counted
from nullprobe.texts.words import is_word, tokens


@dataclass(frozen=True, eq=False)
class CopiedTexts:
    """Texts that occur more than once, exactly or but for capital letters, signs and spaces.

    Attributes
    ----------
    n_exact : int
        Rows whose text occurs more than once.
    n_near : int
        Further rows with the same words in the same order.
    contradictory : ndarray of int
        Rows whose words occur with both labels.
    """

    n_exact: int
    n_near: int
    contradictory: np.ndarray = field(repr=False)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What to do about copies, in sentences; none without copies."""
        lines = []
        if len(self.contradictory):
            first = ", ".join(map(str, self.contradictory[:5]))
            lines.append(
                f"{counted(len(self.contradictory), 'row has', 'rows have')} a text that also "
                f"occurs with the other label (rows {first}): check these labels, or drop them."
            )
        if self.n_exact + self.n_near:
            lines.append(
                f"{self.n_exact} rows are copies of a text and {self.n_near} more differ only in "
                "capitals, signs or spaces: keep copies in one group, or drop them."
            )
        return tuple(lines)


def copied_texts(texts: Sequence[str], y: np.ndarray) -> CopiedTexts:
    """Return which of n texts are copies, for labels y (n,), bool.

    Examples
    --------
    >>> import numpy as np
    >>> result = copied_texts(["a b", "a b", "A b!", "c"], np.array([True, True, False, True]))
    >>> result.n_exact, result.n_near, result.contradictory.tolist()
    (2, 1, [0, 1, 2])
    """
    exact = np.unique(list(texts), return_inverse=True)[1]
    near = codes_of_copies(texts)
    is_exact = np.bincount(exact)[exact] > 1
    sizes, positives = np.bincount(near), np.bincount(near, y)
    both = (positives > 0) & (positives < sizes)
    is_near = (sizes[near] > 1) & ~is_exact
    return CopiedTexts(int(is_exact.sum()), int(is_near.sum()), np.flatnonzero(both[near]))


def codes_of_copies(texts: Sequence[str]) -> np.ndarray:
    """Return a code (n,) of each text; texts with the same words in the same order share it.

    Examples
    --------
    >>> codes_of_copies(["It rains.", "it rains", "It snows."]).tolist()
    [0, 0, 1]
    """
    # Texts of signs alone have no words to compare.
    same = [" ".join(filter(is_word, tokens(text))) or text for text in texts]
    return np.unique(same, return_inverse=True)[1]
