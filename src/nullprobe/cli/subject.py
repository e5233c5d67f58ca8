"""Subject: what the command line audits, where it came from, and how to audit it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nullprobe._core.parameters import known
from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain
from nullprobe.auditing.entry import audit
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.projection import Portrait, portrait
from nullprobe.auditing.result import Audit
from nullprobe.data.concept import concept
from nullprobe.data.pairs import ContrastPairs

MOST_DRAWN = 3  # columns that a scatter plot has room for


@dataclass(frozen=True, eq=False)
class Subject:
    """A representation and a concept, ready to be audited.

    Attributes
    ----------
    title : str
        Name on the page.
    X : ndarray of shape (n, d), ContrastPairs, or mapping of str to arrays
        Representation, contrast pairs, or several representations of the same rows.
    y : ndarray of shape (n,) or (n, k)
        Concept.
    source : mapping
        Where it came from, for the provenance.
    groups : ndarray of shape (n,) or None
    feature_names : tuple of d str, or None
    order : ndarray of shape (n,) or None
        Time or place of each row, where rows are a series.
    baselines, untrained : mapping of str to ndarray of shape (n, d')
        Other representations of the same rows, and those in untrained networks; or a mapping of
        these by the name of the representation that is compared with it.
    confounds : mapping of str to ndarray of shape (n,)
        What else is known of the rows.
    tasks : mapping of str to ndarray of shape (n,)
        What the rows are for, where an eraser is passed.
    others : mapping of str to ndarray of shape (n,)
        Other labels of contrast pairs.
    truth : mapping of str to str
        What is known to be true of it, claim by claim.
    """

    title: str
    X: np.ndarray | ContrastPairs | Mapping[str, np.ndarray]
    y: np.ndarray
    source: Mapping[str, Any]
    groups: np.ndarray | None = None
    feature_names: tuple[str, ...] | None = None
    order: np.ndarray | None = None
    baselines: Mapping[str, Any] = field(default_factory=dict)
    untrained: Mapping[str, Any] = field(default_factory=dict)
    confounds: Mapping[str, np.ndarray] = field(default_factory=dict)
    tasks: Mapping[str, np.ndarray] = field(default_factory=dict)
    others: Mapping[str, np.ndarray | None] = field(default_factory=dict)
    truth: Mapping[str, str] = field(default_factory=dict)

    @property
    def matrix(self) -> np.ndarray | None:
        """The one representation (n, d) whose columns can be drawn; None of several."""
        if isinstance(self.X, ContrastPairs):
            return self.X.positive - self.X.negative
        return None if isinstance(self.X, Mapping) else self.X


@dataclass(frozen=True)
class Settings:
    """How to audit.

    Attributes
    ----------
    draws : int
        Draws of each null at most.
    seed : int
    command : str
        The command line that does it again.
    claims : sequence of str or None
        Names of claims; None for all that apply.
    columns : sequence of str
        Names or numbers of the columns to draw; by default the audit chooses.
    alpha, min_effect, n_splits, depth, duplicates, independent
        As `audit` takes them.
    old : mapping of str to int
        Old names of ``draws`` that were used, as `audit` takes them.
    eraser : fitted eraser, optional
        That the rows are erased by.
    title : str or None
        Title of the page; None for the title of the subject.
    n_features : int
        As `audit` takes it.
    """

    draws: int
    seed: int
    command: str
    claims: Sequence[str] | None = None
    columns: Sequence[str] = ()
    alpha: float = 0.05
    min_effect: float = 0.05
    n_splits: int = 4
    depth: str = "full"
    duplicates: str = "group"
    independent: bool = False
    old: Mapping[str, Any] = field(default_factory=dict)
    eraser: Any = None
    title: str | None = None
    n_features: int = 8

    @property
    def options(self) -> dict[str, Any]:
        """How to audit, as `audit` and `audit_attributes` take it."""
        return {
            **({} if self.claims is None else {"claims": self.claims}),
            "alpha": self.alpha,
            "min_effect": self.min_effect,
            "draws": self.draws,
            "n_splits": self.n_splits,
            "depth": self.depth,
            "duplicates": self.duplicates,
            "independent": self.independent,
            **({} if self.n_features == 8 else {"n_features": self.n_features}),
            **self.old,
            "random_state": self.seed,
        }


def run(subject: Subject, settings: Settings) -> list[Audit]:
    """Audit with a progress bar on stderr, and write down how to do it again.

    One audit, or one for each of several representations.
    """
    columns = _positions(settings.columns, subject)
    with Bars(subject.title) as bars:
        result = audit(
            subject.X,
            None if isinstance(subject.X, ContrastPairs) else subject.y,
            groups=subject.groups,
            order=subject.order,
            feature_names=subject.feature_names,
            others=subject.others,
            baselines=subject.baselines,
            untrained=subject.untrained,
            confounds=subject.confounds or None,
            eraser=settings.eraser,
            task=subject.tasks or None,
            **settings.options,
            title=settings.title or subject.title,
            progress=bars,
        )
    origin = {"command": settings.command, "source": dict(subject.source)}
    audits = list(result.audits.values()) if isinstance(result, Layers) else [result]
    return [
        replace(
            one,
            portrait=_drawn(subject, one, columns, settings.seed),
            provenance={**origin, **one.provenance},
        )
        for one in audits
    ]


def _drawn(
    subject: Subject, result: Audit, columns: list[int] | None, seed: int
) -> Portrait | None:
    """Return the portrait of chosen columns, with their names, or the one that the audit chose."""
    X = subject.matrix
    if X is None or result.labels is None or columns is None:
        return result.portrait
    return portrait(
        X,
        concept(subject.y),
        columns=columns,
        feature_names=subject.feature_names,
        random_state=seed,
    )


def _positions(columns: Sequence[str], subject: Subject) -> list[int] | None:
    """Return the positions of columns given by name, or by number counted from 0."""
    if not columns:
        return None
    X = subject.matrix
    if X is None:
        complain(
            "columns to draw are those of one representation",
            f"--layers names {len(subject.X)}",
            "leave out --columns",
        )
    d, names = X.shape[1], list(subject.feature_names or ())
    if len(columns) > MOST_DRAWN:
        complain(
            f"a scatter plot has room for at most {MOST_DRAWN} columns",
            f"{len(columns)} were named",
            "name fewer",
        )
    positions = []
    for column in columns:
        if column in names:
            positions.append(names.index(column))
        elif column.isdecimal() and int(column) < d:
            positions.append(int(column))
        elif names and not column.isdecimal():
            known("feature", column, names)
        else:
            complain(
                f"a column to draw is given by its name or its number from 0 to {d - 1}",
                f"{column!r} arrived",
            )
    return positions
