"""Fitted eraser: a user's eraser, fitted to other rows, audited on held-out rows.

Rows are erased once and split into halves, which take turns as P (probe) and S (scores): no rows
are needed to fit an eraser. The audit reports readings before and after erasure, and the reading
that theory expects for an eraser fitted to so many rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe.claims import Evidence
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.row_sketch import RowSketch
from nullprobe.erasers.estimator import ROW_SKETCH
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.erasers.maps.labelled import LabelledMap
from nullprobe.measures.expected_auc import expected_auc, unbiased_gap
from nullprobe.moments import Moments

MOST_FITTED = 0.01  # largest share of the rows that the eraser may have been fitted to
ERASED = "erased"  # name of the erased rows among the representations
BEFORE = ("dependent", "readable")  # claims about the rows before erasure
CLAIMS = (*BEFORE, "erasure_holds", "no_halfspace", "gone")


@dataclass(frozen=True, eq=False)
class FittedEraser:
    """An eraser that a user fitted to other rows.

    Attributes
    ----------
    method : str
        Name of the method.
    map : object
        Has ``apply`` or ``transform``.
    n : int or None
        Number of rows that it was fitted to, if known.
    rank : int or None
        Number of directions that it removes, if known.
    """

    method: str
    map: Any
    n: int | None
    rank: int | None

    @classmethod
    def of(cls, eraser: Any) -> FittedEraser:
        """Wrap a fitted eraser of this package, a loaded map, or any fitted transformer."""
        map_ = getattr(eraser, "eraser_", eraser)
        if isinstance(map_, AffineEraser | LabelledMap):
            rows = map_.details.get("n", "")
            return cls(map_.method, map_, int(rows) if rows.isdigit() else None, map_.rank)
        if isinstance(map_, type) or not callable(getattr(map_, "transform", None)):
            validation.complain(
                "eraser must be a fitted eraser, a loaded one, or any fitted transformer",
                f"the class {map_.__name__} arrived"
                if isinstance(map_, type)
                else f"{type(eraser).__name__} arrived",
                "fit it first, to other rows",
            )
        return cls(type(map_).__name__, map_, None, None)

    @property
    def record(self) -> dict[str, Any]:
        """Entry in the provenance."""
        known = {"fitted_rows": self.n, "rank": self.rank}
        return {"method": self.method, **{k: v for k, v in known.items() if v is not None}}

    def rows(self, X: np.ndarray, z: Concept, names: Sequence[str] | None = None) -> np.ndarray:
        """Return rows X (n, d) with the concept erased, (n, d'); names order the features."""
        wanted = getattr(self.map, "feature_names", None)
        if wanted is not None and names is not None and tuple(wanted) != tuple(names):
            order = _places(wanted, names)
            return self.rows(X[:, order], z)[:, np.argsort(order)]
        if isinstance(self.map, LabelledMap):
            erased = self.map.apply(X, z.labels)
        elif isinstance(self.map, AffineEraser):
            erased = self.map.apply(X)
        else:
            erased = self.map.transform(X)
        erased = arrays.host_native(validation.finite(validation.representation(erased)))
        if len(erased) != len(X):
            validation.complain(
                f"the eraser must return as many rows as it receives, {len(X)}",
                f"it returned {len(erased)}",
            )
        return erased

    def share_fitted(self, X: np.ndarray, moments: Moments) -> float | None:
        """Return the share of rows X (n, d) that it was fitted to, or None if unknown.

        The share comes from the sketch of rows that the eraser keeps. It is unknown for erasers
        from moments and for other transformers. It is also unknown if rows have so few distinct
        values that new rows equal old ones.
        """
        details = getattr(self.map, "details", {})
        if details.get("data_hash") == moments.data_hash:
            return 1.0
        sketch = RowSketch.of_text(details.get(ROW_SKETCH, ""))
        return None if sketch is None else sketch.share_of(X)

    def expected(self, moments: Moments, z: Concept, n_parts: int) -> float | None:
        """Return the AUC that theory expects of a fresh probe after erasure, or None.

        Theory assumes Gaussian classes with one covariance, and the same class shares in the rows
        that the eraser was fitted to.
        """
        gap = unbiased_gap(moments)
        if gap is None or self.n is None or z.codes is None or not self.rank:
            return None
        shares = np.bincount(z.codes) / len(z)
        fitted, probe = shares * self.n, shares * len(z) / n_parts
        pair = (float(fitted[0]), float(fitted[1])), (float(probe[0]), float(probe[1]))
        return expected_auc(gap, moments.factor().rank, *pair)


def _places(wanted: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Return the position of each feature of the eraser among these names, or complain."""
    names = list(map(str, names))
    other = [name for name in wanted if name not in names] + [n for n in names if n not in wanted]
    if other or len(set(names)) < len(names):
        validation.complain(
            f"the eraser was fitted to the features {', '.join(map(repr, wanted[:5]))}"
            f"{', ...' if len(wanted) > 5 else ''}",
            f"only one of the eraser and X has {other[0]!r}" if other else "X has a name twice",
            "pass the same features, in any order",
        )
    return np.array([names.index(name) for name in wanted])


def with_eraser(dataset: Dataset, eraser: FittedEraser) -> tuple[Dataset, float | None]:
    """Return the data with the erased rows as a second representation, and the share fitted.

    Complains about an eraser that was fitted to some of these rows.
    """
    if dataset.pairs or len(dataset.representations) > 1:
        validation.complain(
            "an audit of an eraser needs one representation, as an array of rows",
            "contrast pairs arrived" if dataset.pairs else "several representations arrived",
            "pass the rows of the eraser's site",
        )
    ((name, X),) = dataset.representations.items()
    if name == ERASED:
        validation.complain(
            "an audit of an eraser calls the rows after erasure 'erased', so X needs another name",
            f"X is called {name!r}",
        )
    share = eraser.share_fitted(X, Moments.summed(X, dataset.z))
    if share is not None and share > MOST_FITTED:
        validation.complain(
            "an audit of an eraser needs rows that the eraser was not fitted to",
            f"it was fitted to {share:.0%} of these rows, where it leaves nothing by construction",
            "pass new rows, or leave eraser out: then erasers are fitted to a part of these rows",
        )
    both = {name: X, ERASED: eraser.rows(X, dataset.z, dataset.feature_names.get(name))}
    return replace(dataset, representations=both), share


def need_claims_of_erased(claims: Sequence[str] | None) -> list[str]:
    """Return the requested claims about a fitted eraser, or complain; by default all."""
    for name in claims or ():
        if name not in CLAIMS:
            validation.complain(
                f"with eraser=, claims must be among {', '.join(CLAIMS)}",
                f"{name!r} is about erasers that the audit fits",
                "leave the claim out, or the eraser",
            )
    return list(claims or CLAIMS)


def joined(before: Evidence, after: Evidence, expected: float | None) -> Evidence:
    """Return the evidence of rows before erasure and of the erased rows as one."""
    nulls = {name: dict(each) for name, each in after.nulls.items()}
    for name, each in before.nulls.items():
        nulls_of_name = nulls.setdefault(name, {})
        nulls_of_name.pop("raw", None)
        nulls_of_name |= {key: null for key, null in each.items() if key in ("raw", "association")}
    notes = {k: why for k, why in after.notes.items() if not k.endswith((" raw", " association"))}
    numbers = {"before_erasure": before.raw.value}
    if expected is not None:
        numbers["expected_of_eraser"] = expected
    return replace(
        after,
        raw=before.raw,
        nulls=nulls,
        notes={**notes, **{k: why for k, why in before.notes.items() if k.endswith(" raw")}},
        baselines=before.baselines,
        details={
            "readable": before.details.get("readable", {}),
            "erasure_holds": numbers,
            "gone": after.details.get("gone", {}),
        },
        association=before.association,
        sizes=before.sizes,
        confounded=before.confounded,
        contained=before.contained,
    )
