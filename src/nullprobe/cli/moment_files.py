"""Moments: gathered from a file of rows, and added up to fit an eraser."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nullprobe._core.parameters import choice
from nullprobe._core.validation import complain, counted
from nullprobe.cli.eraser_choice import Choice
from nullprobe.cli.eraser_files import (
    CONCEPT,
    NOT_FEATURES,
    Eraser,
    Pieces,
    need_eraser_path,
)
from nullprobe.data.manifest import MODEL, SITE, TOKENS, WEIGHTS
from nullprobe.data.row_sketch import RowSketch
from nullprobe.data.row_streams import RowStream
from nullprobe.erasers import ERASERS
from nullprobe.erasers.estimator import ROW_SKETCH, MomentEraser
from nullprobe.moments import ClassMoments, Moments, TaskMoments, streams
from nullprobe.moments.loading import load_moments

# Methods that are fitted from the moments of all rows, and from those of each class.
METHODS = tuple(
    name for name, kind in ERASERS.items() if issubclass(kind, MomentEraser) and name != "splince"
)
# What all files must agree on, and what it is called.
SHARED = {
    CONCEPT: "concept",
    SITE: "site",
    TOKENS: "token rule",
    MODEL: "model",
    WEIGHTS: "weights",
}

AnyMoments = Moments | ClassMoments


def need_moments_path(path: Path) -> None:
    """Refuse a path that no moments should be written to."""
    need_eraser_path(path, "moments are")


def gather(
    data: RowStream, others: Sequence[str], where: Mapping[str, str], *, per_class: bool
) -> AnyMoments:
    """Return the moments of rows, with what an eraser file says of the fitting rows.

    Parameters
    ----------
    data : RowStream
    others : sequence of str
        Columns that are not features: the concept first.
    where : mapping of str to str
        Site, model and token rule of captured states.
    per_class : bool
        Whether each class has its own covariance.
    """
    rows = Pieces(data, data.y)
    gathered = streams.gathered(ClassMoments if per_class else Moments, rows)
    assert not isinstance(gathered, TaskMoments), "a task is not gathered"
    if data.feature_names is not None:
        gathered = gathered.named(data.feature_names)
    gathered.details = {
        CONCEPT: others[0],
        NOT_FEATURES: json.dumps(list(others)),
        ROW_SKETCH: rows.sketch,
        **where,
    }
    return gathered


def described(moments: AnyMoments) -> str:
    """Return in words which moments were gathered."""
    rows, features = counted(moments.n, "row", "rows"), counted(moments.d, "feature", "features")
    column = repr(moments.details[CONCEPT])
    if moments.classes is None:
        return f"Moments of {rows} and {features}, with {column} as numbers."
    classes = counted(len(moments.classes), "class", "classes")
    each = ", and the covariance of each class" if isinstance(moments, ClassMoments) else ""
    return f"Moments of {rows} and {features}, with {classes} of {column}{each}."


def fit(paths: Sequence[Path], chosen: Choice, out: Path) -> tuple[Eraser, int, bool]:
    """Return the eraser of the rows of all files, their number, and if the concept is constant."""
    _need_moment_method(chosen)
    need_eraser_path(out)
    moments = _total(paths, chosen.method if _needs_classes(chosen) else None)
    unfitted = chosen.unfitted(moments)
    parameters = unfitted.get_params(deep=False)
    eraser = type(unfitted).from_moments(moments, **parameters).eraser_
    return (
        replace(eraser, details={**eraser.details, **moments.details}),
        moments.n,
        _still(moments),
    )


def _need_moment_method(chosen: Choice) -> None:
    """Refuse a method that needs rows, and parameters that a method does not take."""
    choice("method", chosen.method, list(ERASERS))
    if chosen.method not in METHODS:
        reason = "a task" if chosen.method == "splince" else "all rows at once"
        complain(
            f"with --moments, --method must be {', '.join(METHODS[:-1])} or {METHODS[-1]}",
            f"it is {chosen.method}, which needs {reason}",
            "choose another method, or fit from a file of rows without --moments",
        )
    chosen.check()


def _needs_classes(chosen: Choice) -> bool:
    """Return whether the method needs the covariance of each class."""
    match = chosen.parameters.get("match")
    return chosen.method == "quadratic_leace" or (
        chosen.method == "mimic" and match in (None, "covariance")
    )


def _total(paths: Sequence[Path], per_class: str | None) -> AnyMoments:
    """Return the moments of all rows, with the details of their eraser.

    ``per_class`` is the method that needs the covariance of each class, if it does.
    """
    for i, path in enumerate(paths):
        if path.resolve() in [one.resolve() for one in paths[:i]]:
            complain("each file of moments counts once", f"{str(path)!r} was named twice")
    total: AnyMoments | None = None
    details: dict[str, str] = {}
    for path in paths:
        moments = load_moments(path)
        if isinstance(moments, TaskMoments):
            moments = moments.concept
        if isinstance(moments, ClassMoments) and per_class is None:
            moments = moments.pooled()
        if per_class is not None and isinstance(moments, Moments):
            complain(
                f"--method {per_class} needs the covariance of each class",
                f"{str(path)!r} has the moments of all rows together",
                "write the moments with `nullprobe moments --per-class`, or choose another method",
            )
        if total is None:
            total, details = moments, dict(moments.details)
            continue
        details = _joint(details, moments.details, path, paths[0])
        if moments.d != total.d:
            complain(
                "all files of moments must be of the same features",
                f"{str(paths[0])!r} is of {total.d}, and {str(path)!r} is of {moments.d}",
                "name columns that are not features with --leave-out",
            )
        total = total + moments  # type: ignore[operator]
    assert total is not None, "the command takes at least one file"
    total.details = details
    return total


def _joint(
    ours: Mapping[str, str], theirs: Mapping[str, str], path: Path, first: Path
) -> dict[str, str]:
    """Return the details of an eraser of both; complain about rows of something else."""
    for key, name in SHARED.items():
        if ours.get(key) != theirs.get(key):
            complain(
                f"all files of moments must be of the same {name}",
                f"{str(first)!r} has {_quoted(ours, key)}, and {str(path)!r} has "
                f"{_quoted(theirs, key)}",
                "add up moments of the same concept in the same representation",
            )
    joint = dict(ours)
    others = [json.loads(each.get(NOT_FEATURES, "[]")) for each in (ours, theirs)]
    joint[NOT_FEATURES] = json.dumps(list(dict.fromkeys([*others[0], *others[1]])))
    sketches = [RowSketch.of_text(each.get(ROW_SKETCH, "")) for each in (ours, theirs)]
    if sketches[0] is None or sketches[1] is None:
        joint.pop(ROW_SKETCH, None)
    else:
        if sketches[0].has_rows_of(sketches[1]):
            warnings.warn(
                f"{str(path)!r} has rows that an earlier file has, too: they count twice",
                UserWarning,
                stacklevel=2,
            )
        joint[ROW_SKETCH] = (sketches[0] + sketches[1]).text
    return joint


def _quoted(details: Mapping[str, str], key: str) -> str:
    return repr(details[key]) if key in details else "no record of it"


def _still(moments: AnyMoments) -> bool:
    """Return whether the concept is the same in all rows."""
    if isinstance(moments, ClassMoments):
        return len(moments.classes) < 2
    if moments.classes is not None:
        return int((moments.concept_mean > 0).sum()) < 2
    return not moments.concept_covariance.any()
