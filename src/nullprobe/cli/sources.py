"""Sources: files and worlds as subjects of an audit."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.nested import is_mapping
from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.cli import column_options, memory, streams
from nullprobe.cli.file_columns import Columns, decided, dropped, origin, table
from nullprobe.cli.subject import Subject
from nullprobe.data.files import Table, read_layers, read_matrix
from nullprobe.data.formats import names, sites
from nullprobe.data.layer_series import layer_series
from nullprobe.data.places import PIPE, address
from nullprobe.data.samples import drawn_layers
from nullprobe.data.text_baselines import text_baselines
from nullprobe.worlds import WORLDS

_PATTERN = re.compile(r"\[[^]]*\]|[*?\[\]]")
_TURNS = re.compile(r"(\d+)")


def file_subject(path: Path, columns: Columns, layers: Sequence[str] = ()) -> Subject:
    """Return what a file or folder holds as a subject.

    Where patterns of layers are given, each array that matches is a separate representation.
    """
    tables = _layers(path, columns, layers) if layers else {}
    data = (
        next(iter(tables.values()))
        if tables
        else table(path, columns, columns.further, sparse=True)
    )
    source = origin(path, columns)
    return Subject(
        title=f"{stem(path)}: {columns.concept}",
        X={name: one.X for name, one in tables.items()} if tables else data.X,
        y=data.y,
        source=source | ({"layers": ", ".join(tables)} if tables else {}) | dropped(data),
        groups=data.groups,
        order=places(data.others[columns.order], columns.order) if columns.order else None,
        baselines=_of_texts(data.others[columns.text]) if columns.text else {},
        confounds={name: data.others[name] for name in columns.confounds},
        tasks={name: data.others[name] for name in columns.tasks},
        feature_names=None if tables else data.feature_names,
    )


def _of_texts(column: np.ndarray) -> dict[str, np.ndarray]:
    """Return the baselines that a column of texts makes."""
    return text_baselines(column.tolist())


def places(column: np.ndarray, name: str) -> np.ndarray:
    """Return the times or places that a column holds: numbers, or dates as text.

    Examples
    --------
    >>> places(np.array(["2024-03-01", "2024-02-29"]), "day").argsort().tolist()
    [1, 0]
    """
    if column.dtype.kind not in "OU":
        return column
    try:
        return column.astype("datetime64")
    except ValueError:
        complain(
            f"--order {name} must hold numbers, or dates such as 2024-02-29",
            f"it holds {str(column[0])!r}",
            "name a column of times or places",
        )


def with_others(
    subject: Subject, columns: Columns, *, baselines: Sequence[str], untrained: Sequence[str]
) -> Subject:
    """Return a subject with the representations that files hold (NAME=FILE), and their names."""
    arrays, source = {}, dict(subject.source)
    for option, texts in (("baselines", baselines), ("untrained", untrained)):
        # A layer of an untrained network explains the same layer; a baseline may explain any.
        twins = option == "untrained"
        named = tuple(map(str, subject.X)) if twins and is_mapping(subject.X) else ()
        one = "--" + option.removesuffix("s")
        arrays[option], files = _others(one, texts, columns, named)
        source |= {option: files} if files else {}
    for name in subject.baselines:
        if name in arrays["baselines"]:
            complain(
                "each --baseline needs its own name",
                f"--text makes a baseline {name!r}, too",
                "rename the file's",
            )
    arrays["baselines"] = {**subject.baselines, **arrays["baselines"]}
    return replace(subject, source=source, **arrays)


def _others(
    option: str, texts: Sequence[str], columns: Columns, audited: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    arrays: dict[str, Any] = {}
    files: dict[str, str] = {}
    for text in texts:
        name, is_pair, file = text.partition("=")
        if not (name and is_pair and file):
            complain(
                f"{option} takes NAME=FILE, such as words=bag-of-words.npz",
                f"{text!r} arrived",
                "name the representation and its file",
            )
        if name in arrays:
            complain(f"each {option} needs its own name", f"{name!r} came twice", "rename one")
        arrays |= _baseline(name, Path(file), columns, audited)
        files[name] = file
    return arrays, files


def layers_in(path: Path, columns: Columns) -> list[str]:
    """Return the arrays of a file that are audited as layers where no option names any.

    These are all of one series, such as "layer 0", "layer 1"; a note on stderr says so.
    """
    roles = (columns.concept, columns.groups, *columns.further, *columns.leave_out)
    series = layer_series(path, [name for name in roles if name])
    if len(series) > 1:
        complain(
            "--layers must say which arrays are audited",
            f"{str(path)!r} holds {len(series)} series of layers: "
            f"{', '.join(map(repr, list(series)[:20]))}{', ...' if len(series) > 20 else ''}",
            "name one of these, or several",
        )
    for pattern, layers in series.items():
        streams.warn(f"{len(layers)} layers {pattern!r} are audited; --layers chooses others")
        return layers
    return []


def _layers(path: Path, columns: Columns, patterns: Sequence[str]) -> dict[str, Table]:
    """Read every array whose name matches a pattern, numbers in names in their order."""
    available = names(path)
    excluded = {columns.concept, columns.groups, *columns.further, *columns.leave_out}
    matching = {n for p in patterns for n in available if fnmatchcase(n, p) and n not in excluded}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in matching):
            complain(
                "--layers must name arrays of the file, or a pattern such as 'layer.*'",
                f"{pattern!r} matches none of {', '.join(map(repr, available[:10]))}",
                "name one of these",
            )
    inner = sorted(matching, key=lambda n: [int(t) if t.isdigit() else t for t in _TURNS.split(n)])
    roles = {
        "concept": columns.concept,
        "groups": columns.groups,
        "others": columns.further,
        "label_file": columns.label_file,
    }
    with column_options.named(columns.options):
        if columns.sample is not None:
            tables = drawn_layers(path, inner, columns.sample, **roles)
        else:
            memory.need_rows(path, [n for n in available if n not in inner[:1]], times=len(inner))
            tables = read_layers(path, inner, **roles, missing=columns.missing)
    return {name: decided(one, columns) for name, one in tables.items()}


def stem(path: Path) -> str:
    """Return the name that results of this file or folder start with.

    Examples
    --------
    >>> stem(Path("layers/block.11.npz")), stem(Path("shards.v2/")).startswith("shards")
    ('block.11', True)
    >>> stem(Path("-")), stem(Path("part-*.npz")), stem(Path("s3://bucket/rows.npz"))
    ('stdin', 'part', 'rows')
    """
    if str(path) == PIPE:
        return "stdin"
    if address(str(path)) is not None or not path.exists():
        return _PATTERN.sub("", path.stem).strip("-_.") or "rows"
    whole = path.resolve()
    return whole.name if whole.is_dir() else whole.stem


def _baseline(name: str, path: Path, columns: Columns, audited: Sequence[str]) -> dict[str, Any]:
    """Read another representation; its file may repeat columns that are not features.

    From a folder of captured states, each site becomes a representation. If it has all sites that
    are audited, each of these is compared with its own.
    """
    others = (columns.concept, columns.groups, *columns.further, *columns.leave_out)
    available, layers = names(path), sites(path)
    if not layers:
        X, _ = read_matrix(path, leave_out=[column for column in others if column in available])
        return {name: X}
    arrays: dict[str, Any] = {}
    is_twin = audited and {*audited} <= {*layers}
    for site in audited if is_twin else layers:
        X, _ = read_matrix(path, leave_out=[column for column in available if column != site])
        arrays[site if is_twin else name if len(layers) == 1 else f"{name}, {site}"] = X
    return {name: arrays} if is_twin else arrays


def world_subject(name: str, options: Sequence[str], seed: int) -> Subject:
    """Draw a world; ``options`` (NAME=VALUE) are arguments of the function that draws it.

    Examples
    --------
    >>> world_subject("xor", ["n=40", "d=3"], seed=0).X.shape
    (40, 3)
    """
    known("world", name, list(WORLDS))
    takes = list(inspect.signature(WORLDS[name]).parameters)
    arguments: dict[str, object] = {"random_state": seed}
    for text in options:
        option, is_pair, value = text.partition("=")
        if not is_pair:
            complain(
                "--world-option takes NAME=VALUE, such as d=64",
                f"{text!r} arrived",
                f"name one of {', '.join(takes)} and its value",
            )
        known(f"parameter of the world {name!r}", option, takes)
        arguments[option] = _value(value)
    world = WORLDS[name](**arguments)
    claims = {key: value for key, value in world.truth.items() if isinstance(value, str)}
    return Subject(
        title=f"World {name!r}",
        X=world.X,
        y=world.y,
        groups=world.groups,
        source={"world": world.description, "truth": claims},
        truth=claims,
    )


def _value(text: str) -> object:
    """Return a number or truth value as such, and anything else as the text that it is."""
    try:
        return json.loads(text.lower())
    except json.JSONDecodeError:
        return text
