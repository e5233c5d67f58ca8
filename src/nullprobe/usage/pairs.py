"""Pairs of texts that differ in the concept: minimal pairs of the user, or the nearest texts.

Problem. An interchange needs a partner for each text: as similar as possible, with another label
and another answer. The same test with a partner of the same label is its placebo.

Solution. Pairs are passed, or matched one to one by the words of the texts, within groups. Each
pair is used in both directions. The match is part of the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from nullprobe._core import validation
from nullprobe._core.frames import Table
from nullprobe.data.concept import Concept

MATCH = "match"
MOST_WORDS = 1024  # the most frequent ones are counted
FAR, NEAR = 1.0, 0.1  # standard deviations between different numbers, and between equal ones
LEAST_PAIRS = 6  # with five, random signs give p-values of 1/32 at least


@dataclass(frozen=True, eq=False, repr=False)
class TextPairs:
    """Directed pairs of texts: each first text gets what the second text has.

    Attributes
    ----------
    first, second : ndarray of shape (m,)
        Numbers of the texts a and b, which differ in label and answer.
    same_label : ndarray of shape (m,)
        Number of a text with the label of a: the placebo. -1 where no text qualifies.
    pair : ndarray of shape (m,)
        Number of the pair; the two directions of a pair have the same.
    distance : ndarray of shape (m,)
        Number of words in which a and b differ.
    is_matched : bool
        Whether pairs were matched here; False for pairs that were passed.
    texts : tuple of str
        All texts, to show pairs.
    """

    first: np.ndarray
    second: np.ndarray
    same_label: np.ndarray
    pair: np.ndarray
    distance: np.ndarray
    is_matched: bool
    texts: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the number of pairs and their mean distance in one line."""
        source = "matched" if self.is_matched else "passed"
        pairs = len(np.unique(self.pair))
        return f"TextPairs({pairs} pairs, {source}, {self.distance.mean():.1f} words apart)"

    def __len__(self) -> int:
        """Return the number m of directed pairs."""
        return len(self.first)

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each directed pair: the two texts, and the placebo.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return PAIRS.frame([self], kind)


PAIRS = Table(
    {
        "pair": int,
        **dict.fromkeys(("first", "second", "same_label"), int),
        "distance": float,
        **dict.fromkeys(("first_text", "second_text"), str),
    },
    lambda one: [
        {
            "pair": int(p), "first": int(a), "second": int(b), "same_label": int(c),
            "distance": float(words), "first_text": one.texts[a], "second_text": one.texts[b],
        }
        for p, a, b, c, words in zip(
            one.pair, one.first, one.second, one.same_label, one.distance, strict=True
        )
    ],
)  # fmt: skip


def pair_names(pairs: Any, n: int) -> np.ndarray | None:
    """Return the pair of each text as a code (n,), -1 for texts without one; None for "match".

    Parameters
    ----------
    pairs : "match", array of shape (m, 2), or array of shape (n,)
        Two numbers of texts for each pair, or the name of each text's pair; None or "" for a text
        without a pair.
    n : int

    Raises
    ------
    InputError
        If a text is in two pairs, or a pair has not exactly two texts.

    Examples
    --------
    >>> pair_names([[0, 2]], 4).tolist(), pair_names(["p", "p", None, ""], 4).tolist()
    ([0, -1, 0, -1], [0, 0, -1, -1])
    """
    if isinstance(pairs, str):
        if pairs != MATCH:
            validation.complain(f"pairs must be {MATCH!r} or arrays", f"{pairs!r} arrived")
        return None
    two = np.asarray(pairs, dtype=object)
    codes = np.full(n, -1)
    if two.ndim == 2 and two.shape[1] == 2:
        rows = two.astype(np.int64)
        if rows.size and (rows.min() < 0 or rows.max() >= n):
            validation.complain(
                f"pairs must hold numbers of texts from 0 to {n - 1}", f"{rows.max()} arrived"
            )
        if len(np.unique(rows)) < rows.size:
            validation.complain("a text can be in one pair only", "one text is in two")
        codes[rows] = np.arange(len(rows))[:, None]
        return codes
    if two.shape != (n,):
        validation.complain(
            f"pairs must have shape (m, 2), or the name of the pair of each of {n} texts",
            f"shape {two.shape} arrived",
        )
    named = np.array([name is not None and name == name and str(name) != "" for name in two])
    _, codes[named], counts = np.unique(
        np.array([str(name) for name in two[named]]), return_inverse=True, return_counts=True
    )
    if (counts != 2).any():
        validation.complain(
            "every pair must have two texts", f"one has {int(counts[counts != 2][0])}"
        )
    return codes


def joined_groups(groups: np.ndarray | None, names: np.ndarray | None) -> np.ndarray | None:
    """Return groups (n,) that keep the two texts of a pair together, and whole groups."""
    if names is None:
        return groups
    n = len(names)
    codes = np.arange(n) if groups is None else groups
    rows = np.flatnonzero(names >= 0)
    # Texts and pairs are the nodes of a graph; its components are the groups.
    left = np.concatenate([np.arange(n), rows])
    right = np.concatenate([n + codes, 2 * n + names[rows]])
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(3 * n, 3 * n))
    component = connected_components(graph, directed=False)[1][:n]
    return np.unique(component, return_inverse=True)[1]


def directed_pairs(
    texts: Sequence[Any],
    z: Concept,
    answers: Sequence[Any],
    rows: np.ndarray,
    names: np.ndarray | None,
    groups: np.ndarray | None,
) -> TextPairs:
    """Return the pairs among some texts, in both directions, each with its placebo.

    Parameters
    ----------
    texts, z, answers : n texts, their concept, and their answers or metrics
    rows : ndarray of shape (k,)
        Numbers of the texts that may be paired: those on which the model is scored.
    names : ndarray of shape (n,) or None
        Pair of each text; None to match.
    groups : ndarray of shape (n,) or None
        Texts are matched within their group.

    Raises
    ------
    InputError
        If fewer than six pairs differ in label and answer.
    """
    spoken = np.array(answers, dtype=object)[rows]
    distances = _distances([_words(texts[i]) for i in map(int, rows)])
    differs, same = _compared(z.take(rows), is_matched=names is None)
    other = spoken[:, None] != spoken
    of = None if groups is None else groups[rows]
    if names is None:
        allowed = differs & other & (True if of is None else of[:, None] == of)
        pairs = _matched(np.where(allowed, distances, np.inf))
    else:
        named = names[rows]
        together = (named[:, None] == named) & (named >= 0) & differs & other
        pairs = np.argwhere(np.triu(together | together.T))
    if len(pairs) < LEAST_PAIRS:
        validation.complain(
            f"at least {LEAST_PAIRS} pairs of scored texts must differ in label and answer",
            f"{len(pairs)} do",
            "pass more texts, or pairs whose answers differ: where both answers are the same, no "
            "interchange can move one to the other; matched numbers differ by a standard deviation",
        )
    first, second = np.concatenate([pairs, pairs[:, ::-1]]).T
    placebo = _placebos(first, second, distances, same, spoken)
    return TextPairs(
        rows[first],
        rows[second],
        np.where(placebo < 0, -1, rows[placebo]),
        np.tile(np.arange(len(pairs)), 2),
        distances[first, second],
        names is None,
        tuple(map(str, texts)),
    )


def _compared(z: Concept, *, is_matched: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return which texts differ in the concept (k, k), and which have the same value.

    Numbers that are matched here differ by a standard deviation at least. The same number is one
    within a tenth of it.
    """
    if z.is_classes:
        differs = z.data[:, None] != z.data
        return differs, ~differs
    sd = z.data.std(axis=0)
    gaps = cdist(z.data / np.where(sd > 0, sd, 1.0), z.data / np.where(sd > 0, sd, 1.0))
    return gaps >= FAR if is_matched else gaps > 0, gaps <= NEAR


def _placebos(
    first: np.ndarray,
    second: np.ndarray,
    distances: np.ndarray,
    same: np.ndarray,
    spoken: np.ndarray,
) -> np.ndarray:
    """Return the nearest text with the label of each first text (m,), or -1.

    One with the answer of the second text comes first: then it differs from the second text in its
    label alone, if the label does not determine the answer.
    """
    far = 2.0 * (1.0 + distances.max(initial=0.0))
    cost = distances[first] + far * (spoken[None, :] != spoken[second][:, None])
    cost = np.where(same[first], cost, np.inf)
    cost[np.arange(len(first)), first] = np.inf
    nearest = cost.argmin(axis=1)
    return np.where(np.isfinite(cost[np.arange(len(first)), nearest]), nearest, -1)


def _matched(cost: np.ndarray) -> np.ndarray:
    """Return pairs (p, 2), each text in one at most: the nearest two first, ties by number."""
    upper = np.argwhere(np.triu(np.isfinite(cost), 1))
    order = np.argsort(cost[upper[:, 0], upper[:, 1]], kind="stable")
    free, pairs = np.ones(len(cost), dtype=bool), []
    for i, j in upper[order]:
        if free[i] and free[j]:
            free[[i, j]] = False
            pairs.append((i, j))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _words(text: Any) -> Counter[str]:
    return Counter(str(text).split())


def _distances(counts: Sequence[Counter[str]]) -> np.ndarray:
    """Return in how many words each two texts differ (k, k), repeated words included."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    index = {word: i for i, (word, _) in enumerate(total.most_common(MOST_WORDS))}
    table = np.zeros((len(counts), max(1, len(index))))
    for row, one in zip(table, counts, strict=True):
        for word, count in one.items():
            if word in index:
                row[index[word]] = count
    return cdist(table, table, "cityblock")
