"""Audit: split, read, erase, read back, compare with nulls, and say what each result is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe import _array, _check, _record
from nullprobe.claims import CLAIMS, Claim
from nullprobe.concepts import Concept, rows
from nullprobe.evidence import Progress, Run
from nullprobe.measures.three_way import Scores
from nullprobe.report.document import document, write_json
from nullprobe.report.page import write_html
from nullprobe.report.portrait import Portrait, portrait
from nullprobe.splits import group_codes, split

N_PARTS = 3
LEAST_DRAWS = 39  # with fewer no two-sided p-value, 2 / (m + 1), could reach 5 %


@dataclass(frozen=True, eq=False)
class Audit:
    """The verdicts on one representation and concept, and all that is needed to show them.

    Attributes
    ----------
    claims : tuple of Claim
    title : str
        Name of the data set on the page.
    labels : ndarray of shape (n,)
        The concept.
    scores : Scores
        Held-out scores of each row.
    portrait : Portrait
        What the scatter plots show.
    provenance : mapping
        Seed, versions, fingerprint, splits.
    """

    claims: tuple[Claim, ...]
    title: str
    labels: np.ndarray = field(repr=False)
    scores: Scores = field(repr=False)
    portrait: Portrait = field(repr=False)
    provenance: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Claim:
        """Return the claim of this name."""
        _check.choice("claim", name, [claim.name for claim in self.claims])
        return next(claim for claim in self.claims if claim.name == name)

    def document(self) -> dict[str, Any]:
        """Return the audit as plain values, as ``to_json`` writes them."""
        scores = {"raw": self.scores.raw[:, 0], "erased": self.scores.erased[:, 0]}
        return document(
            self.title, self.claims, self.portrait, scores, self.labels, self.provenance
        )

    def to_json(self, path: str | Path) -> None:
        """Write the audit as JSON, whole or not at all."""
        write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the audit as one self-contained page, whole or not at all."""
        write_html(path, [self.document()])


def audit(
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    baselines: Mapping[str, Any] | None = None,
    claims: Sequence[str] | None = None,
    n_permutations: int = 999,
    n_surrogates: int = 99,
    random_state: int = 0,
    title: str = "data",
    progress: Progress | None = None,
) -> Audit:
    """Audit what a representation says about a concept, and what that is a fact about.

    Parameters
    ----------
    X : array of shape (n, d)
        Representation.
    y : array-like of shape (n,) or (n, k)
        Concept: class labels (n,), or numbers; columns (n, k) are numbers of any type.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other; they stay in one part of the split.
    baselines : mapping of str to array of shape (n, d'), optional
        Other representations of the same rows: an untrained model, a bag of words.
    claims : sequence of str, optional
        Names of claims; by default all that apply.
    n_permutations, n_surrogates : int
        Draws of each null, at least 39.
    random_state : int
        Same seed, same verdicts.
    title : str
        Name of the data set on the page.
    progress : callable, optional
        Called with the stage, how much of it is done, and of how much.

    Returns
    -------
    Audit
        ``.claims``, each with ``.holds``, ``.fact_about`` and what they rest on.

    Raises
    ------
    InputError
        If the input is not finite, of lengths that differ, of one class, or too small to split.

    Notes
    -----
    Rows are split into three stratified parts that take turns as F (eraser), P (probe) and S
    (scores). Intervals are conditional on the fitted erasers and probes.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.two_features(random_state=0)
    >>> result = audit(w.X, w.y, n_permutations=99, n_surrogates=39)
    >>> str(result["one_direction"].holds), str(result["one_direction"].fact_about)
    ('yes', 'linear_algebra')
    """
    X, z, _ = rows(X, y, None)
    X = _array.host_native(_check.finite(X))
    z.need_two_classes()
    names = _claim_names(claims, z)
    n_permutations = _check.whole_number("n_permutations", n_permutations, least=LEAST_DRAWS)
    n_surrogates = _check.whole_number("n_surrogates", n_surrogates, least=LEAST_DRAWS)
    seed = _check.whole_number("random_state", random_state, least=0)
    codes = group_codes(groups, len(z))
    parts = split(z, groups=codes, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    run = Run(X, z, parts, seed, n_permutations, n_surrogates, progress or (lambda *_: None))
    evidence = run.evidence(names, _baselines(baselines, len(z)))
    return Audit(
        tuple(CLAIMS[name](evidence) for name in names),
        title,
        _array.host_labels(y) if z.codes is None else np.array(z.classes)[z.codes],
        run.scores,
        portrait(X, z, random_state=seed),
        {
            **_record.data(X, z, parts),
            "baselines": list(baselines or ()),
            "random_state": seed,
            "permutations": n_permutations,
            "surrogates": n_surrogates,
            "versions": _record.versions(),
        },
    )


def _claim_names(claims: Sequence[str] | None, z: Concept) -> list[str]:
    apply = [name for name in CLAIMS if z.is_classes or name != "no_halfspace"]
    if claims is None:
        return apply
    for name in claims:
        _check.choice("claim", name, apply)
    return list(claims)


def _baselines(baselines: Mapping[str, Any] | None, n: int) -> dict[str, np.ndarray]:
    found = {}
    for name, B in (baselines or {}).items():
        found[name] = _array.host_native(
            _check.finite(_check.representation(B, name=f"baseline {name!r}"))
        )
        if len(found[name]) != n:
            _check.complain(
                f"baseline {name!r} must have the {n} rows of X",
                f"it has {len(found[name])}",
                "compute it for the same inputs, in the same order",
            )
    return found
