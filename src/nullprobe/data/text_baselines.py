"""Text baselines: what a text says before any model has read it.

Problem. A word anywhere, a suffix, a comma, capitals, the length or the place of a word may give a
label away. Whatever is read from the states of a model is then in the inputs, and no knowledge.

Solution. Five representations of the texts themselves, to pass as ``baselines`` of an audit. None
of them sees a label: columns are chosen by how many texts they tell apart.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from nullprobe._core import validation

MOST = 400  # columns of words and of characters: those that most texts differ in
PAIRED = 24  # words whose pairs are looked at
PLACED = 60  # words whose place in the text is looked at
WORD = r"(?u)\b\w+\b"


def text_baselines(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Return representations of texts that need no model, by name.

    Parameters
    ----------
    texts : sequence of n str

    Returns
    -------
    dict of str to ndarray of shape (n, d'), float64
        "words" (how often each occurs), "characters" (sequences of one to three within words, with
        case and punctuation), "surface" (lengths, punctuation, capitals, digits, repetition),
        "places" (which words stand first and last, and where in the text a word stands), "word
        pairs" (which words occur together: exclusive or). Kinds without a column that varies are
        left out.

    Examples
    --------
    >>> found = text_baselines(["It is so.", "It is not so!", "So it is?", "It is so indeed."])
    >>> sorted(found)
    ['characters', 'places', 'surface', 'word pairs', 'words']
    """
    if isinstance(texts, str):
        validation.complain(
            "texts must be a sequence of strings, at least one", "one string arrived", "pass a list"
        )
    texts = list(texts)
    wrong = [type(text).__name__ for text in texts if not isinstance(text, str)]
    if wrong or not texts:
        validation.complain(
            "texts must be a sequence of strings, at least one",
            f"{wrong[0]} is among them" if wrong else "none arrived",
            "pass the column that holds the texts",
        )
    words = [re.findall(WORD, text.lower()) for text in texts]
    counts, names = _counts(texts, analyzer="word", token_pattern=WORD)
    there = (counts > 0).astype(np.float64)
    found = {
        "words": _telling(counts, MOST),
        "characters": _telling(
            _counts(texts, analyzer="char_wb", ngram_range=(1, 3), lowercase=False)[0], MOST
        ),
        "surface": _telling(np.array([_surface(t, w) for t, w in zip(texts, words, strict=True)])),
        "places": _telling(_places(words, there, names)),
        "word pairs": _telling(_pairs(there)),
    }
    found = {name: columns for name, columns in found.items() if columns.shape[1]}
    if not found:
        validation.complain(
            "texts must differ",
            f"all {len(texts)} are alike",
            "pass the texts that the rows were made from",
        )
    return found


def _counts(texts: Sequence[str], **options: Any) -> tuple[np.ndarray, list[str]]:
    """Return how often each sequence occurs in each text (n, m), and the sequences."""
    reader = CountVectorizer(**options)
    try:
        counts: Any = reader.fit_transform(texts)  # a sparse matrix
    except ValueError:  # no text holds a word
        return np.zeros((len(texts), 0)), []
    tells = np.asarray((counts > 0).sum(axis=0)).ravel()
    order = np.argsort(-np.minimum(tells, len(texts) - tells), kind="stable")[: 4 * MOST]
    return counts[:, order].toarray().astype(np.float64), [
        str(name) for name in reader.get_feature_names_out()[order]
    ]


def _telling(columns: np.ndarray, most: int | None = None) -> np.ndarray:
    """Return the columns (n, m) that vary, those first in which most texts differ, no two alike."""
    columns = columns[:, np.ptp(columns, axis=0) > 1e-9] if columns.size else columns
    if not columns.shape[1]:
        return columns
    centred = columns - columns.mean(axis=0)
    units = centred / np.linalg.norm(centred, axis=0)
    share = (columns > 0).mean(axis=0)
    order = np.argsort(-share * (1.0 - share), kind="stable")
    kept: list[int] = []
    for j in order:
        alike = kept and np.abs(units[:, kept].T @ units[:, j]).max() > 1.0 - 1e-9
        if not alike:
            kept.append(int(j))
        if len(kept) == most:
            break
    return columns[:, kept]


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
        float(any(a == b for a, b in zip(words, words[1:], strict=False))),
        text.count("\n"),
        text.count("  "),
        *(text.count(mark) for mark in string.punctuation),
        float(len(text.rstrip()) and text.rstrip()[-1] not in ".!?"),
    ]


def _places(words: Sequence[Sequence[str]], there: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return which of the words stand first, second and last, and where in the text they stand."""
    some = list(names[:PLACED])
    found = []
    for place in (0, 1, -2, -1):
        at = [own[place] if len(own) > 2 or (own and place in (0, -1)) else "" for own in words]
        common = sorted(set(at), key=lambda word, at=at: (-at.count(word), word))[:PLACED]
        found += [[float(word == one) for word in at] for one in common if one]
    for j, word in enumerate(some):
        where = [own.index(word) / max(1, len(own) - 1) if word in own else np.nan for own in words]
        known = there[:, j] > 0
        if known.any():
            where = np.where(known, where, np.nanmean(where))
            found.append(list(where))
    return np.array(found).T if found else np.zeros((len(words), 0))


def _pairs(there: np.ndarray) -> np.ndarray:
    """Return, for each pair of words, whether both or neither occur, less what each alone says."""
    centred = there[:, :PAIRED] - there[:, :PAIRED].mean(axis=0)
    i, j = np.triu_indices(centred.shape[1], 1)
    return centred[:, i] * centred[:, j]
