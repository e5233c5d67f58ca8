"""Attributes: several concepts of the same rows, each alone, jointly, and after a joint eraser.

Problem. An embedding must lose sex *and* age. An eraser of sex alone leaves what age reveals about
sex. Several tests raise more false alarms than one. And the eraser that is used removes both.

Solution. Each attribute is audited alone. All of them are audited as one concept of several
numbers. Then a joint eraser is fitted to one half of the rows, and each attribute is audited on the
other half after erasure. The k audits of a kind share α: each is judged at α/k (Bonferroni), so the
probability of any false alarm in a kind is at most α.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from nullprobe._core import validation
from nullprobe._core.frames import kind_of
from nullprobe._core.nested import is_mapping
from nullprobe._core.printable import label_list
from nullprobe._core.progress import Progress
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.auditing.entry import audit
from nullprobe.auditing.fitted_eraser import BEFORE
from nullprobe.auditing.fitted_eraser import CLAIMS as OF_ERASED
from nullprobe.auditing.options import claim_names
from nullprobe.auditing.result import Audit
from nullprobe.auditing.showing import documents_of, lines_of, sizes, summarised, tabulated
from nullprobe.auditing.sources import without_baselines
from nullprobe.claims.tables import frame_of
from nullprobe.data.concept import Concept, concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.splits import split
from nullprobe.erasers import LEACE
from nullprobe.report.document import write_json
from nullprobe.report.notebook import counts
from nullprobe.report.pages.audits import write_html
from nullprobe.stats.dependence import with_copies

# Where an audit belongs, in its provenance: the part and the name of the attribute.
PLACE, PARTS = "attribute", ("alone", "jointly", "after_joint_eraser")
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


@dataclass(frozen=True, eq=False, repr=False)
class Attributes:
    """Verdicts on several attributes of a representation. Printed, it is their tables.

    Attributes
    ----------
    alone : dict of str to Audit
        The audit of each attribute alone, which fits erasers of that attribute.
    jointly : Audit
        The audit of all attributes as one concept of several numbers; classes are one-hot encoded.
    erased : dict of str to Audit
        The audit of each attribute on one half, after a joint eraser fitted to the other half.
        Empty if no claim about erased rows was asked for.
    eraser : LEACE or None
        The joint eraser, fitted to all rows: the one to use. None after ``from_json``: save the
        eraser itself, too.

    Examples
    --------
    >>> from nullprobe import audit_attributes, worlds
    >>> w = worlds.gaussian(n=60, d=2, gap=3.0, random_state=0)
    >>> labels = {"a": w.y, "b": w.X[:, 1] > 0}
    >>> result = audit_attributes(w.X, labels, claims=["readable"], draws=79, depth="quick")
    >>> [*result.alone], [*result.erased], len(result.audits)
    (['a', 'b'], [], 3)
    """

    alone: Mapping[str, Audit]
    jointly: Audit
    erased: Mapping[str, Audit]
    eraser: LEACE | None

    @property
    def audits(self) -> list[Audit]:
        """All audits: each attribute alone, jointly, and each after the joint eraser, if any."""
        return [*self.alone.values(), self.jointly, *self.erased.values()]

    def __repr__(self) -> str:
        """Return the attributes, rows, features and number of verdicts in one line."""
        claims = [claim for one in self.audits for claim in one]
        attributes = label_list(tuple(self.alone)).strip("()")
        return f"Attributes({attributes}, {sizes([self.jointly])}: {counts(claims)})"

    def _repr_html_(self) -> str:
        """Return the verdicts as one table, a row for each audit, for a notebook."""
        return tabulated("attributes", {one.heading: one for one in self.audits})

    def __str__(self) -> str:
        """Return a summary: a table of the verdicts, and a sentence for each claim."""
        return summarised(self.audits)

    def report(self) -> str:
        """Return all that a terminal can show about each audit, one after the other."""
        return "\n\n".join(one.report() for one in self.audits)

    def __eq__(self, other: object) -> bool:
        """Return whether both hold the same audits in the same order; erasers are not compared."""
        if not isinstance(other, Attributes):
            return NotImplemented
        return self.audits == other.audits

    @classmethod
    def of_audits(cls, audits: Sequence[Audit]) -> Self:
        """Return the result that audits from a file belong to, without the eraser.

        Raises
        ------
        InputError
            If they are not the audits that an `Attributes` writes.
        """
        parts: dict[str, dict[str, Audit]] = {name: {} for name in PARTS}
        for one in audits:
            place = one.provenance.get(PLACE)
            if is_mapping(place) and place.get("part") in parts:
                parts[place["part"]][str(place.get("attribute"))] = one
        alone, jointly, erased = parts.values()
        whole = len(jointly) == 1 and len(alone) + 1 + len(erased) == len(audits)
        if not whole or (erased and [*erased] != [*alone]):
            validation.complain(
                "Attributes.from_json needs audits of each attribute alone and jointly",
                f"the document has {len(audits)} audits, and not all of these",
                "use Layers.from_json or nullprobe.load_result",
            )
        return cls(alone, next(iter(jointly.values())), erased, None)

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the audits of a JSON text or file that ``to_json`` wrote, without the eraser.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of several attributes.
        """
        documents = documents_of(source, "Attributes")
        return cls.of_audits([Audit.from_document(one) for one in documents])

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write all audits as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [one.document() for one in self.audits])

    def to_html(self, path: str | Path) -> None:
        """Write all audits as one self-contained page, whole or not at all."""
        write_html(path, [one.document() for one in self.audits])

    def to_frame(self, of: str = "claims", *, kind: str | None = None) -> Any:
        """Return a table of all audits as one data frame, as `Audit.to_frame` does.

        The column ``title`` tells the audits apart.
        """
        return frame_of(lines_of(self.audits), of, kind, self.jointly.frame_kind)


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
