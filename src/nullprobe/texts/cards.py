"""Cards: what gives the label away in each column of texts, and in which rows.

Every property of the surface (`surface.py`) is tested against the label. If all rows of a group
have one label, the group counts once, since its rows are not independent; without groups, copies of
a text count once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe._core.validation import complain
from nullprobe.data.concept import Concept, concept
from nullprobe.data.splits import group_codes
from nullprobe.stats.metrics import auc
from nullprobe.texts import exact_tests, surface
from nullprobe.texts.findings import Finding, TextCard
from nullprobe.texts.surface import Property
from nullprobe.texts.templates import Templates, templates
from nullprobe.texts.words import plain_texts

ALPHA = exact_tests.ALPHA
# The plainer kind comes first where two separate the labels equally well.
KINDS = (
    "word", "sign", "first word", "last word", "template", "two words", "order", "ending",
    "letters", "case", "parity", "length", "entities",
)  # fmt: skip
FAMILIES = 2  # properties; lengths and entities
BETTER = 0.02  # AUC by which two words must be better than each of them


def text_cards(texts: Any, y: Any, groups: Any = None) -> tuple[TextCard, ...]:
    """Return a card for each column of texts: what gives the label away, and in which rows.

    Parameters
    ----------
    texts : sequence of n texts, or mapping of str to such
        Columns by name. A text is a string, a chat, or a pair of strings.
    y : array-like of shape (n,)
        Labels of two classes.
    groups : array-like of shape (n,), optional
        Rows that belong together.

    Returns
    -------
    tuple of TextCard

    Raises
    ------
    InputError
        If texts are not words, or y does not have two classes.

    Notes
    -----
    p-values hold for rows that are independent. They are adjusted over all properties of a column
    by Holm's method, not over columns.

    Examples
    --------
    >>> from nullprobe import text_cards
    >>> texts = [f"{name} is {word}" for name in "ABCDEFGH" for word in ("here", "not here")]
    >>> (card,) = text_cards(texts, [1, 0] * 8)
    >>> card.findings[0].name, card.findings[0].shares, card.findings[0].rows[:3].tolist()
    ("the word 'not'", (1.0, 0.0), [1, 3, 5])
    """
    columns = texts if isinstance(texts, Mapping) else {"text": texts}
    plain = {str(name): plain_texts(each, str(name)) for name, each in columns.items()}
    z = two_labels(y, len(next(iter(plain.values()))))
    codes = group_codes(groups, len(z))
    return tuple(card(each, z, codes, templates(each), name) for name, each in plain.items())


def two_labels(y: Any, n: int) -> Concept:
    """Return labels of two classes, or complain."""
    z = concept(y, n=n)
    z.need_two_classes()
    if z.classes is None or len(z.classes) != 2:
        complain(
            "texts are checked against labels of two classes",
            "y has numbers" if z.classes is None else f"y has {len(z.classes)} classes",
            "check one class against the rest, or cut numbers into two",
        )
    return z


def card(
    texts: Sequence[str], z: Concept, groups: np.ndarray | None, forms: Templates, column: str
) -> TextCard:
    """Return the card of one column of n texts, for a concept of two classes."""
    y = z.data == 1
    codes = groups if groups is not None else np.unique(list(texts), return_inverse=True)[1]
    units = Units.of(y, codes)
    labels = tuple(map(str, z.classes or ()))
    every = [*surface.properties(texts), *_forms(forms), *surface.pairs(texts)]
    others = _other_findings(texts, forms, y, units)
    listed = [one for one in [*_significant(every, y, units), *others] if one.p_value <= ALPHA]
    return TextCard(
        column,
        (labels[0], labels[1]),
        (int((~y).sum()), int(y.sum())),
        tuple(sorted(listed, key=lambda one: (-round(one.auc, 6), KINDS.index(one.kind)))),
        n_tested=len(every) + len(others),
        by_group=groups is not None and len(units.y) < len(y),
    )


@dataclass(frozen=True, eq=False)
class Units:
    """Rows that count once each, or groups of rows with one label, which count once together.

    Attributes
    ----------
    codes : ndarray of shape (n,)
        Unit of each row.
    y : ndarray of shape (u,), bool
        Label of each unit.
    """

    codes: np.ndarray
    y: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, groups: np.ndarray) -> Units:
        """Return the units of labels y (n,) and group codes (n,)."""
        sizes, positives = np.bincount(groups), np.bincount(groups, y)
        pure = (positives == 0) | (positives == sizes)
        codes = np.where(pure[groups], groups, len(sizes) + np.arange(len(y)))
        _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
        return cls(codes, y[first])

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of values (n,) over each unit (u,)."""
        return np.bincount(self.codes, values) / np.bincount(self.codes)


def _forms(forms: Templates) -> list[Property]:
    """Return the templates as properties; none if all texts have the same."""
    if len(set(forms.template)) < 2:
        return []
    template = np.array(forms.template)
    return [
        Property("template", f"the form {one!r}", np.flatnonzero(template == one))
        for one in sorted(set(forms.template))
    ]


def _significant(every: Sequence[Property], y: np.ndarray, units: Units) -> list[Finding]:
    """Return the properties that go with the label, each set of rows once."""
    if not every:
        return []
    members = [np.unique(units.codes[one.rows]) for one in every]
    positives = np.array([int(units.y[each].sum()) for each in members])
    p = exact_tests.fisher(np.array([len(each) for each in members]), positives, units.y)
    p = np.minimum(FAMILIES * p, 1.0)
    listed: dict[bytes, list[Finding]] = defaultdict(list)
    alone: dict[str, float] = {}
    for i in np.flatnonzero(p <= ALPHA).tolist():
        one = every[i]
        area = _separation(np.isin(np.arange(len(units.y)), members[i]), units.y)
        if len(one.words) == 1:
            alone[one.words[0]] = max(area, alone.get(one.words[0], 0.0))
        if any(area < alone.get(word, 0.0) + BETTER for word in one.words[:2]) and one.words[1:]:
            continue  # one of the two words says as much
        has = np.zeros(len(y), dtype=bool)
        has[one.rows] = True
        key = np.packbits(has ^ has[0]).tobytes()
        shares = (float(has[~y].mean()), float(has[y].mean()))
        listed[key].append(Finding(one.kind, one.name, shares, area, float(p[i]), one.rows))
    return [_merged(equal) for equal in listed.values()]


def _merged(equal: list[Finding]) -> Finding:
    """Return findings of the same rows, or of all others, as the one of the plainest kind."""
    first, *others = sorted(equal, key=lambda one: KINDS.index(one.kind))
    return replace(first, also=tuple(one.name for one in others))


def _other_findings(
    texts: Sequence[str], forms: Templates, y: np.ndarray, units: Units
) -> list[Finding]:
    """Return lengths and entities with adjusted p-values, significant or not."""
    tested: list[Finding] = []
    for one in surface.measures(texts):
        mean = units.mean(one.values)
        means = (float(one.values[~y].mean()), float(one.values[y].mean()))
        rows = np.flatnonzero(one.values > _best_cut(one.values, y))
        p = exact_tests.rank_sum(mean, units.y)
        area = _separation(mean, units.y)
        tested.append(Finding("length", one.name, means, area, p, rows, values=one.values))
    for slot, fillers in zip(forms.slots, forms.fillers, strict=True):
        one = _entities(slot, fillers, y, units)
        tested += [one] if one is not None else []
    adjusted = exact_tests.holm(np.array([one.p_value for one in tested]))
    return [
        replace(one, p_value=float(min(1.0, FAMILIES * p)))
        for one, p in zip(tested, adjusted, strict=True)
    ]


def _entities(
    slot: Sequence[str], fillers: Sequence[str], y: np.ndarray, units: Units
) -> Finding | None:
    """Return whether entities of a slot occur with one label only; None if they do not repeat."""
    names, codes = np.unique(np.array(fillers), return_inverse=True)
    codes = np.where(names[codes] == "", -1, codes)
    each = np.unique(np.column_stack([units.codes, codes]), axis=0)
    each = each[each[:, 1] >= 0]
    if len(each) == len(np.unique(each[:, 1])):
        return None  # a name that does not repeat helps nobody
    p = exact_tests.purity(each[:, 1], units.y[each[:, 0]])[1]
    pure = np.zeros(len(y), dtype=bool)
    for code in np.unique(codes[codes >= 0]):
        rows = codes == code
        pure |= rows & (rows.sum() > 1) & (y[rows].all() | ~y[rows].any())
    name = f"{len(slot)} entities ({', '.join(slot[:3])}, ...)"
    shares = (float(pure[~y].mean()), float(pure[y].mean()))
    return Finding(
        "entities", name, shares, 0.5 + 0.5 * float(pure.mean()), p, np.flatnonzero(pure)
    )


def _separation(scores: np.ndarray, y: np.ndarray) -> float:
    """Return the AUC of scores (n,) in the better direction."""
    area = float(auc(scores[None].astype(float), y[None])[0])
    return max(area, 1.0 - area)


def _best_cut(values: np.ndarray, y: np.ndarray) -> float:
    """Return the cut of values (n,) that separates the labels best."""
    cuts = np.unique(values)[:-1]
    gaps = [abs((values[y] > cut).mean() - (values[~y] > cut).mean()) for cut in cuts]
    return float(cuts[int(np.argmax(gaps))])
