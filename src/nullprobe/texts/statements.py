"""Statements: check a file of texts before any capture.

Problem. A probe that reads "truth" may read the word "not", the length of the text or the name of a
city. A file shows that before a model has read a single text of it.

Solution. Every word, ending, sign, length and template is tested against the label. Entities and
copies are listed, and so is what to name as groups. Where one exists, the largest subset of the
rows is returned in which nothing of this goes with the label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nullprobe._core.printable import printable, shortened
from nullprobe._core.validation import counted
from nullprobe.data.concept import Concept
from nullprobe.data.splits import group_codes
from nullprobe.texts import balancing
from nullprobe.texts.balancing import Condition
from nullprobe.texts.cards import card, two_labels
from nullprobe.texts.copied_texts import CopiedTexts, copied_texts
from nullprobe.texts.findings import CARD, Finding, TextCard
from nullprobe.texts.grouping import Grouping, suggested_groups
from nullprobe.texts.templates import Templates, sizes, templates
from nullprobe.texts.words import plain_texts

ROUNDS = 6  # of choosing rows, and of checking what these rows give away
BINS = 10  # of a length
MOST_TEMPLATES = 6  # that are printed


@dataclass(frozen=True, eq=False)
class Statements:
    """What a file of texts gives away, as returned by :func:`check_statements`.

    Attributes
    ----------
    card : TextCard
        What gives the label away, with rows.
    templates : Templates
        Templates of the texts and the entities that fill them.
    copies : CopiedTexts
        Texts that occur more than once.
    grouping : Grouping
        Sizes of the groups, and what to name as groups.
    balanced : ndarray of int
        Rows of the largest subset in which each word that gives the label away, each template and
        each entity has as many rows of each label; empty if there is no such subset.
    why_not : str
        Why there is no such subset, or what the subset still gives away; empty if neither.

    Examples
    --------
    >>> from nullprobe import check_statements
    >>> names = "Rome Lyon Oslo Bonn Turin Kiel Lille Pisa Bari Nice".split()
    >>> result = check_statements([f"{name} is old." for name in names], [0, 1] * 5)
    >>> print(result.card)
    What gives the label away in 'text': nothing among 97 words, endings, lengths and forms.
    """

    card: TextCard
    templates: Templates
    copies: CopiedTexts
    grouping: Grouping
    balanced: np.ndarray = field(repr=False)
    why_not: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What gives the label away, the best first."""
        return self.card.findings

    @property
    def suggestions(self) -> tuple[str, ...]:
        """What to do next, in sentences."""
        n, rows = sum(self.card.counts), len(self.balanced)
        balanced = (
            f"{self.why_not[:1].upper()}{self.why_not[1:]}."
            if not rows
            else "The file is balanced: all rows can stay."
            if rows == n
            else f"A balanced subset of {rows} of {n} rows exists (`.balanced`)."
            + (f" It still gives the label away: {self.why_not}." if self.why_not else "")
        )
        return (*self.grouping.sentences, *self.copies.sentences, balanced)

    def __str__(self) -> str:
        """Return the verdict, what was checked, and suggestions."""
        lines = [str(self.card), "", *self._forms(), "Suggestions:"]
        return printable("\n".join([*lines, *(f"- {one}" for one in self.suggestions)]))

    def _forms(self) -> list[str]:
        """Return lines on the templates and entities; none without templates."""
        if not self.templates.any:
            return []
        every = sizes(self.templates.template)
        shown = [f"- {number} x {shortened(form, 90)}" for form, number in every[:MOST_TEMPLATES]]
        more = len(every) - MOST_TEMPLATES
        slots = [
            f"{len(slot)} entities such as {shortened(', '.join(slot[:4]), 60)}"
            for slot in self.templates.slots[:MOST_TEMPLATES]
        ]
        heads = [f"{counted(len(every), 'template', 'templates')}, filled with {'; '.join(slots)}:"]
        return [*heads, *shown, *([f"- and {more} more"] if more > 0 else []), ""]

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each finding.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return CARD.frame([self.card], kind)


def check_statements(
    texts: Any,
    y: Any,
    groups: Any = None,
    *,
    columns: Mapping[str, Any] | None = None,
    name: str = "text",
) -> Statements:
    """Check texts and their labels: what gives the label away before any model reads the texts.

    Parameters
    ----------
    texts : sequence of n texts
        Strings, chats, or pairs of strings.
    y : array-like of shape (n,)
        Labels of two classes.
    groups : array-like of shape (n,), optional
        Rows that belong together.
    columns : mapping of str to array-like of shape (n,), optional
        Other columns of the file, which may be groups.
    name : str
        Name of the column of texts.

    Returns
    -------
    Statements
        Findings with rows, templates, copies, groups, and a balanced subset where one exists.

    Raises
    ------
    InputError
        If texts are not words, or y does not have two classes.

    Notes
    -----
    What is not found may be there: meaning, topics, and any combination of more than two words are
    not searched. The baselines of an audit read the texts as a whole. The search for the subset is
    limited; the largest one is found in files of usual statements.

    Examples
    --------
    >>> from nullprobe import check_statements
    >>> names = "Rome Lyon Oslo Bonn Turin Kiel Lille Pisa Bari Nice Metz Ulm".split()
    >>> texts = [f"{name} is {word}old." for name in names for word in ("", "not ")]
    >>> result = check_statements(texts, ["true", "false"] * 12)
    >>> result.findings[0].name, len(result.templates.slots[0]), len(result.balanced)
    ("the word 'not'", 12, 0)
    >>> print(result.why_not)
    no balanced subset exists: if the templates must be balanced, 0 of 24 rows remain
    """
    plain = plain_texts(texts, name)
    z = two_labels(y, len(plain))
    codes = group_codes(groups, len(plain))
    forms = templates(plain)
    first = card(plain, z, codes, forms, name)
    balanced, why_not = _balanced(plain, z, codes, forms, first)
    return Statements(
        first,
        forms,
        copied_texts(plain, z.data == 1),
        suggested_groups(z.data == 1, codes, forms, columns or {}),
        balanced,
        why_not,
    )


def _balanced(
    texts: Sequence[str], z: Concept, codes: np.ndarray | None, forms: Templates, first: TextCard
) -> tuple[np.ndarray, str]:
    """Return a balanced subset, and why there is not one or what it still gives away."""
    y = z.data == 1
    conditions = [*_of_forms(forms), *(_of_finding(one, len(y)) for one in first.findings)]
    for _ in range(ROUNDS):
        rows = balancing.balanced_rows(y, conditions)
        if len(rows) < 2 * balancing.LEAST:
            return rows[:0], balancing.reason(y, conditions, first.labels)
        if len(rows) == len(y):
            return rows, ""  # they have been checked, and each finding is balanced
        # Among the chosen rows, something else may go with the label.
        left = [texts[int(i)] for i in rows]
        groups = None if codes is None else codes[rows]
        again = card(left, z.take(rows), groups, forms.take(rows), first.column)
        if not again.findings:
            return rows, ""
        conditions += [_of_finding(one, len(y), rows) for one in again.findings]
    return rows, again.findings[0].name


def _of_forms(forms: Templates) -> list[Condition]:
    """Return the conditions that each template, and each entity that repeats, is balanced."""
    conditions = []
    if len(set(forms.template)) > 1:
        codes = np.unique(np.array(forms.template), return_inverse=True)[1]
        conditions.append(Condition("the templates", codes))
    for slot, fillers in zip(forms.slots, forms.fillers, strict=True):
        names, codes = np.unique(np.array(fillers), return_inverse=True)
        filled = names[codes] != ""
        if filled.sum() >= 2 * len(slot):
            named = f"the entities ({', '.join(slot[:3])}, ...)"
            conditions.append(Condition(named, np.where(filled, codes, -1)))
    return conditions


def _of_finding(finding: Finding, n: int, rows: np.ndarray | None = None) -> Condition:
    """Return the condition that a finding is balanced; ``rows`` are those that it counts."""
    every = np.arange(n) if rows is None else rows
    codes = np.full(n, -1)
    if finding.values is None:
        codes[every[finding.rows]] = 0
    else:
        cuts = np.unique(np.quantile(finding.values, np.arange(1, BINS) / BINS))
        codes[every] = np.digitize(finding.values, cuts)
    return Condition(finding.name, codes)
