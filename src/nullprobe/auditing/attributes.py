"""Attributes: several concepts of the same rows, each alone, jointly, and after a joint eraser.

Problem. An embedding must lose sex *and* age. An eraser of sex alone leaves what age reveals about
sex. Several tests raise more false alarms than one. And the eraser that is used removes both.

Solution. Each attribute is audited alone. All of them are audited as one concept of several
numbers. Then a joint eraser is fitted to one half of the rows, and each attribute is audited on the
other half after erasure. The k audits of a kind share α: each is judged at α/k (Bonferroni), so the
probability of any false alarm in a kind is at most α.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe._core.frames import kind_of
from nullprobe._core.progress import Progress
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.auditing.attributes_result import PARTS, PLACE, Attributes
from nullprobe.auditing.entry import audit
from nullprobe.auditing.fitted_eraser import BEFORE
from nullprobe.auditing.fitted_eraser import CLAIMS as OF_ERASED
from nullprobe.auditing.options import claim_names
from nullprobe.auditing.result import Audit
from nullprobe.auditing.sources import without_baselines
from nullprobe.data.concept import Concept, concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.splits import split
from nullprobe.erasers import LEACE
from nullprobe.stats.dependence import with_copies

CLAIMS = ("dependent", "readable", "erasure_holds", "gone")
NO_BASELINES = "an audit of several attributes takes no baselines"
OF_ONE_AUDIT = {
    "order",
    "others",
    "baselines",
    "untrained",
    "confounds",
    "eraser",
    "feature_names",
    "kind",
}


def audit_attributes(
    X: Any,
    attributes: Mapping[str, Any],
    *,
    groups: Any = None,
    alpha: float = 0.05,
    duplicates: str = "group",
    random_state: RandomState = 0,
    title: str = "data",
    progress: Progress = False,
    **options: Any,
) -> Attributes:
    """Audit several attributes of the same rows: each alone, jointly, and after a joint eraser.

    Parameters
    ----------
    X : array of shape (n, d)
    attributes : mapping of str to array-like of shape (n,) or (n, k)
        At least two, by name: labels or numbers. A data frame will do.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other.
    alpha : float
        Significance level over the k attributes together: each is judged at α/k.
    duplicates : {"group", "drop", "keep"}
        As `audit` takes it.
    random_state : int, Generator or None
    title : str
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total),
        for one audit after the other.
    **options
        As `audit` takes them: ``claims`` (by default `dependent`, `readable`, `erasure_holds` and
        `gone`), ``min_effect``, ``draws``, ... After the joint eraser, `dependent` and `readable`
        are not judged again.

    Returns
    -------
    found : ``Attributes``
        With ``.alone``, ``.jointly`` and ``.erased``, each with verdicts, and ``.eraser``.

    Raises
    ------
    InputError
        If there are fewer than two attributes, or one cannot be audited on half of the rows.
        If a claim has no meaning after an eraser that is given.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import worlds
    >>> w = worlds.gaussian(n=400, d=6, gap=2.0, random_state=0)
    >>> other = np.where(w.X[:, 3] > 0, "old", "young")
    >>> found = audit_attributes(w.X, {"sex": w.y, "age": other}, claims=["readable"], draws=79)
    >>> [str(one["readable"].holds) for one in found.alone.values()]
    ['yes', 'yes']
    >>> found.eraser.eraser_.rank
    2
    """
    named = _named(attributes)
    for option in sorted(OF_ONE_AUDIT & {*options}):
        validation.complain(
            "audit_attributes takes no options that belong to one audit of all rows",
            f"{option}= arrived",
            "leave it out, or audit each attribute by itself",
        )
    claims = _claims(options.pop("claims", None))
    frames = kind_of(X, attributes, *named.values())
    seed = integer_seed(random_state)
    datasets = {name: _dataset(X, y, name, groups) for name, y in named.items()}
    first = next(iter(datasets.values()))
    rows, unit, _ = with_copies(first, duplicates, seed)
    # Copies are grouped or dropped here, so that no copy lies in both halves.
    rest = {"claims": claims} | options
    rule = "keep" if duplicates == "keep" else "group"
    rest |= {"duplicates": rule, "groups": unit, "random_state": seed, "progress": progress}
    X = first.X[rows]
    concepts = {name: one.z.take(rows) for name, one in datasets.items()}
    joint = np.column_stack([_columns(z) for z in concepts.values()])
    each = rest | {"alpha": alpha / len(concepts)}
    alone = {
        name: _one(X, z, frames, title=f"{title}: {name}", **each) for name, z in concepts.items()
    }
    both = " and ".join(concepts)
    jointly = _one(
        X, concept(joint, kind="numeric"), frames, alpha=alpha, title=f"{title}: {both}", **rest
    )
    fitted, scored = _halves(next(iter(concepts.values())), unit, seed)
    eraser = LEACE(kind="numeric").fit(X[fitted], joint[fitted])
    # Claims about the rows before erasure were judged above, on all rows.
    left = [name for name in claims if name not in BEFORE]
    of_half = each | {"groups": None if unit is None else unit[scored], "claims": left}
    erased = {
        name: _one(
            X[scored], z.take(scored), frames, title=f"{title}: {name}, after one eraser of {both}",
            eraser=eraser, **of_half,
        )
        for name, z in concepts.items()
        if left
    }  # fmt: skip
    placed = [
        {name: _placed(one, part, name) for name, one in audits.items()}
        for part, audits in zip(PARTS, (alone, {both: jointly}, erased), strict=True)
    ]
    alone, (jointly,), erased = placed[0], placed[1].values(), placed[2]
    return Attributes(alone, jointly, erased, LEACE(kind="numeric").fit(X, joint))


def _placed(one: Audit, part: str, name: str) -> Audit:
    """Return an audit that records which part of the result it is."""
    place = {"part": part, "attribute": name}
    return replace(one, provenance={**one.provenance, PLACE: place})


def _dataset(X: Any, y: Any, name: str, groups: Any) -> Dataset:
    try:
        return Dataset.of(X, y, groups=groups)
    except InputError as error:
        required = f"attribute {name!r}: {error.required}"
        raise type(error)(required, error.received, error.hint) from error


def _claims(names: Any) -> list[str]:
    """Return the requested claims, by default all that hold of attributes, or complain."""
    if names is None:
        return list(CLAIMS)
    checked = claim_names(names, "full") or []
    for name in checked:
        if name not in OF_ERASED:
            validation.complain(
                f"claims about several attributes must be among {', '.join(OF_ERASED)}",
                f"{name!r} is about erasers that an audit of one attribute fits",
                "leave it out, or audit each attribute by itself",
            )
    return checked


def _named(attributes: Any) -> dict[str, Any]:
    if not isinstance(attributes, Mapping) and not hasattr(attributes, "columns"):
        validation.complain(
            "attributes must be a mapping of names to columns, or a data frame",
            f"{type(attributes).__name__} arrived",
            "pass a mapping such as {'sex': sex, 'age': age}",
        )
    columns = getattr(attributes, "columns", None)
    names = list(attributes) if columns is None else list(columns)
    if len(names) < 2:
        validation.complain(
            "audit_attributes needs at least two attributes",
            f"{len(names)} arrived",
            "use audit for one attribute",
        )
    return {str(name): attributes[name] for name in names}


def _columns(z: Concept) -> np.ndarray:
    """Return the columns (n, k) that an attribute adds to the joint concept."""
    return z.matrix[:, 1:] if z.n_columns == 2 and z.is_classes else z.matrix


def _one(X: np.ndarray, z: Concept, frames: str | None, /, **options: Any) -> Audit:
    y = z.labels if z.is_classes else z.data
    result = audit(X, y, kind="labels" if z.is_classes else "numeric", **options)
    assert isinstance(result, Audit), "one representation has one audit"
    return replace(without_baselines(result, NO_BASELINES), frame_kind=frames)


def _halves(z: Concept, groups: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 20])
    parts = split(z, groups=groups, n_parts=2, rng=rng)
    return parts.rows(0), parts.rows(1)
