"""The column of the concept: the usual one, or a refusal that says which columns there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from nullprobe._core.validation import complain
from nullprobe.cli import streams
from nullprobe.data import token_rows
from nullprobe.data.formats import holds_one_array, names, siblings, sites
from nullprobe.data.label_files import OPTION as LABELS_OPTION
from nullprobe.data.label_files import label_names
from nullprobe.data.manifest import manifest
from nullprobe.data.usual_names import USUAL_LABELS, look_like_labels, usual_label


def need_use(more: Mapping[str, Any], named: Sequence[str]) -> None:
    """Refuse a file of labels if no option names a column of it."""
    inside = label_names(more["label_file"])
    roles = (more.get(key) for key in ("groups", "order", "text"))
    lists = (more.get(key) or () for key in ("confounds", "tasks"))
    named = [*named, *filter(None, roles), *(name for one in lists for name in one)]
    if inside and not set(inside) & set(named):
        complain(
            f"an option must name a column of {LABELS_OPTION} {str(more['label_file'])!r}",
            f"its columns are {', '.join(map(repr, inside[:10]))}",
            f"name one of these, or leave {LABELS_OPTION} out",
        )


def usual_concept(path: Path, label_file: Path | None) -> str | None:
    """Return the one column with a usual name of labels, such as "label"."""
    other = label_names(label_file)
    if len(other) == 1:
        return other[0]
    if not other and holds_one_array(path):
        return usual_label(siblings(path, USUAL_LABELS))
    return None if manifest(path) is not None and not other else usual_label(other or names(path))


def need_concept(path: Path, others: Sequence[str] = ()) -> NoReturn:
    """Complain that no concept was named, and say which there are."""
    folder = manifest(path)
    if folder is None and sites(path) and token_rows.current().labels is None:
        complain(
            "hidden states by request need a label for each request",
            f"{str(path)!r} holds none with a usual name, and --labels is missing",
            "pass --labels FILE, with a column of requests and one of labels; --concept names the "
            "labels if the folder holds them",
        )
    available = [*(names(path) if folder is None else folder["labels"]), *others]
    if not available:
        complain(
            "a folder of captured states must hold labels, and one must be the concept",
            f"{str(path)!r} was captured without any",
            "capture again with --concept COLUMN",
        )
    usual = [name for name in available if name in USUAL_LABELS]
    if len(usual) > 1:
        complain(
            "--concept COLUMN must say which labels are meant",
            f"{str(path)!r} holds {' and '.join(map(repr, usual))}",
            "name one of these, and leave the others out with --leave-out",
        )
    complain(
        "--concept COLUMN must say what to look for",
        f"none was named, and {str(path)!r} holds {', '.join(map(repr, available[:10]))}"
        f"{f' and {len(available) - 10} more' if len(available) > 10 else ''}",
        "name one of these",
    )


def need_features(features: Sequence[str] | None, path: Path, concept: str) -> None:
    """Refuse features with names of labels, and warn of those with names of identifiers."""
    labels, ids = look_like_labels(features or (), concept)
    if labels:
        complain(
            f"features in {str(path)!r} must not be labels",
            f"{', '.join(map(repr, labels))} would be a feature of each row",
            f"leave it out with --leave-out {labels[0]}, or rename it if it is a measurement",
        )
    if ids:
        streams.warn(
            f"{', '.join(map(repr, ids[:5]))}{', ...' if len(ids) > 5 else ''} "
            f"{'counts as a feature' if len(ids) == 1 else 'count as features'}; "
            f"leave out what is an identifier: --leave-out {ids[0]}"
        )
