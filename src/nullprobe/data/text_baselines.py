"""Text baselines: representations of texts without a model.

Problem. A word, a suffix, a comma, capitals, the length of a text or the position of a word may
reveal a label. A probe of a model's states may then use only this information from the inputs.

Solution. Five representations of the texts, to pass as ``baselines`` of an audit. They do not
use labels: columns are selected by the number of texts that they distinguish.
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from nullprobe._core import estimators, validation

MOST = 400  # columns of words and of characters: those in which most texts differ
PAIRED = 24  # words whose pairs are columns
PLACED = 60  # words whose position in the text is a column
WORD = r"(?u)\b\w+\b"


def text_baselines(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Return representations of texts, by name; they need no model.

    Parameters
    ----------
    texts : sequence of n str

    Returns
    -------
    dict of str to ndarray of shape (n, d'), float64
        "words" (how often each occurs), "characters" (sequences of one to three within words, with
        case and punctuation), "surface" (lengths, punctuation, capitals, digits, repetition),
        "places" (the first and last words, and the position of words in the text), "word pairs"
        (words that occur together: exclusive or). Representations without a column that varies
        are left out.

    Examples
    --------
    >>> baselines = text_baselines(["It is so.", "It is not so!", "So it is?", "It is so indeed."])
    >>> sorted(baselines)
    ['characters', 'places', 'surface', 'word pairs', 'words']
    """
    if isinstance(texts, str):
        validation.complain(
            "texts must be a sequence of strings, at least one", "one string arrived", "pass a list"
        )
    texts = list(texts)
    entries = cast("list[object]", texts)
    wrong = [type(text).__name__ for text in entries if not isinstance(text, str)]
    if wrong or not texts:
        validation.complain(
            "texts must be a sequence of strings, at least one",
            f"a {wrong[0]} is among them" if wrong else "0 texts arrived",
            "pass the column that holds the texts",
        )
    words = [re.findall(WORD, text.lower()) for text in texts]
    counts, names = _counts(texts, analyzer="word", token_pattern=WORD)
    occurs = (counts > 0).astype(np.float64)
    baselines = {
        "words": _distinct(counts, MOST),
        "characters": _distinct(
            _counts(texts, analyzer="char_wb", ngram_range=(1, 3), lowercase=False)[0], MOST
        ),
        "surface": _distinct(np.array([_surface(t, w) for t, w in zip(texts, words, strict=True)])),
        "places": _distinct(_places(words, occurs, names)),
        "word pairs": _distinct(_pairs(occurs)),
    }
    baselines = {name: columns for name, columns in baselines.items() if columns.shape[1]}
    if not baselines:
        validation.complain(
            "texts must differ",
            f"all {len(texts)} have the same words and characters",
            "pass the text of each row",
        )
    return baselines


def _counts(texts: Sequence[str], **options: Any) -> tuple[np.ndarray, list[str]]:
    """Return the counts of each sequence in each text (n, m), and the sequences."""
    try:
        counts, terms = estimators.counts_of_terms(texts, **options)
    except ValueError:  # the texts hold no words
        return np.zeros((len(texts), 0)), []
    n_texts = np.asarray((counts > 0).sum(axis=0)).ravel()
    order = np.argsort(-np.minimum(n_texts, len(texts) - n_texts), kind="stable")[: 4 * MOST]
    chosen = counts[:, order].toarray().astype(np.float64)
    return chosen, [str(name) for name in terms[order]]


def _distinct(columns: np.ndarray, most: int | None = None) -> np.ndarray:
    """Return columns (n, m) that vary and differ from each other, the most informative first."""
    columns = columns[:, np.ptp(columns, axis=0) > 1e-9] if columns.size else columns
    if not columns.shape[1]:
        return columns
    centred = columns - columns.mean(axis=0)
    units = centred / np.linalg.norm(centred, axis=0)
    share = (columns > 0).mean(axis=0)
    order = np.argsort(-share * (1.0 - share), kind="stable")
    selected: list[int] = []
    for j in order:
        alike = selected and np.abs(units[:, selected].T @ units[:, j]).max() > 1.0 - 1e-9
        if not alike:
            selected.append(int(j))
        if len(selected) == most:
            break
    return columns[:, selected]


def _surface(text: str, words: Sequence[str]) -> list[float]:
    letters = sum(map(str.isalpha, text))
    return [
        len(text),
        len(words),
        letters / max(1, len(words)),
        sum(map(str.isupper, text)),
        sum(map(str.isdigit, text)),
        float(text[:1].isupper()),
        sum(word.isupper() and len(word) > 1 for word in text.split()),
        len(words) - len(set(words)),
        float(any(a == b for a, b in itertools.pairwise(words))),
        text.count("\n"),
        text.count("  "),
        *(text.count(mark) for mark in string.punctuation),
        float(len(text.rstrip()) and text.rstrip()[-1] not in ".!?"),
    ]


def _places(words: Sequence[Sequence[str]], occurs: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return indicators of the first, second and last words, and the positions of words."""
    columns: list[list[float]] = []
    for place in (0, 1, -2, -1):
        at = [text[place] if len(text) > 2 or (text and place in (0, -1)) else "" for text in words]
        common = sorted(set(at), key=lambda word, at=at: (-at.count(word), word))[:PLACED]
        columns += [[float(word == one) for word in at] for one in common if one]
    for j, word in enumerate(names[:PLACED]):
        where = [
            text.index(word) / max(1, len(text) - 1) if word in text else np.nan for text in words
        ]
        known = occurs[:, j] > 0
        if known.any():
            where = np.where(known, where, np.nanmean(where))
            columns.append(list(where))
    return np.array(columns).T if columns else np.zeros((len(words), 0))


def _pairs(occurs: np.ndarray) -> np.ndarray:
    """Return for each pair of words the product of their centred indicators."""
    centred = occurs[:, :PAIRED] - occurs[:, :PAIRED].mean(axis=0)
    i, j = np.triu_indices(centred.shape[1], 1)
    return centred[:, i] * centred[:, j]
