"""Columns of a file: what each means, and reading them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from nullprobe._core.parameters import choice, known
from nullprobe._core.validation import complain, refuse_sparse
from nullprobe.cli import column_options, memory
from nullprobe.cli.concept_column import need_concept, need_features, need_use, usual_concept
from nullprobe.data import token_rows
from nullprobe.data.concept import concept
from nullprobe.data.files import Table, read
from nullprobe.data.formats import names, sites
from nullprobe.data.kinds import KINDS
from nullprobe.data.label_files import label_file, label_names
from nullprobe.data.manifest import MODEL, SITE, TEXT, TOKENS, WEIGHTS, manifest
from nullprobe.data.manifest import groups as groups_of
from nullprobe.data.row_streams import RowStream, stream
from nullprobe.data.samples import Sample, drawn

Read = TypeVar("Read", Table, RowStream)


@dataclass(frozen=True)
class Columns:
    """Which columns or arrays of a file mean what.

    Attributes
    ----------
    concept : str
        What to look for.
    groups : str or None
        Which rows belong together.
    leave_out : sequence of str
        What is neither of these and no feature, either.
    kind : {"labels", "numeric"} or None
        What the concept is; None for the rule.
    order : str or None
        Time or place of each row.
    confounds : sequence of str
        What may account for a reading.
    tasks : sequence of str
        What the rows are for.
    text : str or None
        The text of each row.
    missing : {"error", "drop"}
        Treatment of rows with missing values.
    rows : int or None
        Number of rows to draw at random; None for all.
    seed : int
        Of the draw.
    label_file : Path or None
        Another file that holds columns of the same rows, in the same order.
    """

    concept: str
    groups: str | None = None
    leave_out: Sequence[str] = ()
    kind: str | None = None
    order: str | None = None
    confounds: Sequence[str] = ()
    tasks: Sequence[str] = ()
    text: str | None = None
    missing: str = "error"
    rows: int | None = None
    seed: int = 0
    label_file: Path | None = None

    @property
    def sample(self) -> Sample | None:
        """The rows to draw, or None for all."""
        return None if self.rows is None else Sample(self.rows, self.seed, self.kind)

    @property
    def options(self) -> dict[str, list[str | None]]:
        """The columns that each option names."""
        return {
            "--concept": [self.concept],
            "--groups": [self.groups],
            "--order": [self.order],
            "--confounds": list(self.confounds),
            "--task": list(self.tasks),
            "--text": [self.text],
            "--leave-out": list(self.leave_out),
        }

    @property
    def further(self) -> list[str]:
        """Columns that are read in addition to concept and groups, and are not features."""
        return [
            *([self.order] if self.order else []),
            *self.confounds,
            *self.tasks,
            *([self.text] if self.text else []),
        ]


def columns_of(
    path: Path, concept: str | None, *, others: Sequence[str] = (), **more: Any
) -> Columns:
    """Return which columns mean what; a folder of captured states says so where nobody else does.

    Every label of such a folder is left out that is neither concept nor groups nor named in
    ``others``, those to be read as well.
    """
    folder = manifest(path)
    more["label_file"] = label_file(path)
    concept = concept or (folder or {}).get("concept") or usual_concept(path, more["label_file"])
    if concept is None:
        need_concept(path, label_names(more["label_file"]))
    need_use(more, [concept, *others])
    if folder is None:
        layers = sites(path)
        if not layers:
            return Columns(concept, **more)
        named = (concept, more.get("groups"), more.get("order"), *others, *layers)
        chosen = [name for name in more.pop("leave_out", ()) if name not in named]
        left = [name for name in names(path) if name not in (*named, *chosen)]
        return Columns(concept, leave_out=[*chosen, *left], **more)
    groups = more.pop("groups", None) or groups_of(folder)
    groups = None if groups == concept else groups
    named = (concept, groups, more.get("order"), *others)
    labels = [name for name in (*folder["labels"], TEXT) if name not in named]
    leave_out = [*labels, *(name for name in more.pop("leave_out", ()) if name not in labels)]
    return Columns(concept, groups, leave_out, **more)


def at_site(path: Path, columns: Columns, site: str | None) -> tuple[Columns, dict[str, str]]:
    """Return columns that leave out all sites but one, and what an eraser says of where it is for.

    In any other file the site is one of its arrays or columns, and the mapping is empty.
    """
    folder, each = manifest(path), sites(path)
    if not each:
        rule = token_rows.current().tokens
        where = {} if rule is None else {TOKENS: rule}
        return columns if site is None else _only(path, columns, site), where
    if site is None and len(each) > 1:
        complain(
            f"--site SITE must say which of {len(each)} sites is meant",
            "none was named",
            f"name one of {', '.join(each[:10])}",
        )
    chosen = each[0] if site is None else site
    known("site", chosen, each)
    if folder is None:
        where = {SITE: chosen, TOKENS: token_rows.current().tokens or "last"}
    else:
        model = folder["model"]
        where = {SITE: chosen, TOKENS: str(folder["tokens"]), MODEL: model["name"]}
        where[WEIGHTS] = model["weights"]
    others = [name for name in each if name != chosen]
    return replace(columns, leave_out=[*columns.leave_out, *others]), where


def _only(path: Path, columns: Columns, name: str) -> Columns:
    """Return columns that leave out all arrays or columns but one, and those with another role."""
    available = names(path)
    known("site", name, available)
    roles = {name, columns.concept, columns.groups, *columns.further, *columns.leave_out}
    others = [one for one in available if one not in roles and one != token_rows.MASK]
    return replace(columns, leave_out=[*columns.leave_out, *others])


def table(
    path: Path,
    columns: Columns,
    others: Sequence[str] = (),
    option: str = "--concept",
    *,
    sparse: bool = False,
) -> Table:
    """Read a file, what its concept is, and other columns, which are not features.

    ``option`` names columns in ``others`` that `Columns` does not hold; ``sparse`` allows a sparse
    matrix.
    """
    with _named(columns, others, option):
        reading = _reading(columns, others)
        if columns.sample is not None:
            data = stream(path, **reading)
            need_features(data.feature_names, path, columns.concept)
            return decided(drawn(data, columns.sample), columns)
        memory.need_rows(path, [columns.concept, columns.groups, *others, *columns.leave_out])
        data = read(path, **reading)
    if not sparse:
        refuse_sparse(data.X, repr(str(path)))
    need_features(data.feature_names, path, columns.concept)
    return decided(data, columns)


def row_stream(
    path: Path, columns: Columns, others: Sequence[str] = (), option: str = "--concept"
) -> RowStream:
    """Open a file whose rows are read block by block; else as `table`."""
    with _named(columns, others, option):
        data = stream(path, **_reading(columns, others))
    need_features(data.feature_names, path, columns.concept)
    return decided(data, columns)


@contextmanager
def _named(columns: Columns, others: Sequence[str], option: str) -> Iterator[None]:
    """Refuse columns with two roles; a refusal of a column names its option."""
    if columns.kind is not None:
        choice("--kind", columns.kind, KINDS)
    options = columns.options
    extra = [name for name in others if name not in columns.further]
    options[option] = [*options.get(option, ()), *extra]
    column_options.once_each(options, others)
    with column_options.named(options):
        yield


def _reading(columns: Columns, others: Sequence[str]) -> dict[str, Any]:
    return {
        "concept": columns.concept,
        "groups": columns.groups,
        "leave_out": columns.leave_out,
        "others": others,
        "missing": columns.missing,
        "label_file": columns.label_file,
    }


def decided(data: Read, columns: Columns) -> Read:
    """Return what was read with y as labels or as numbers, by the rule or as ``kind`` decides."""
    return replace(data, y=concept(data.y, name=repr(columns.concept), kind=columns.kind))


def dropped(data: Table) -> dict[str, int]:
    """Return how many rows were dropped since values are missing, and which were drawn."""
    return ({"rows_dropped": data.dropped} if data.dropped else {}) | dict(data.sample)


def origin(path: Path, columns: Columns) -> dict[str, Any]:
    """Return which file, and which columns of it, data came from."""
    source = {"file": str(path), "concept": columns.concept}
    if columns.groups is not None:
        source["groups"] = columns.groups
    if columns.label_file is not None:
        source["labels"] = str(columns.label_file)
    if columns.order is not None:
        source["order"] = columns.order
    if columns.confounds:
        source["confounds"] = ", ".join(columns.confounds)
    if columns.tasks:
        source["tasks"] = ", ".join(columns.tasks)
    if columns.text is not None:
        source["text"] = columns.text
    if columns.leave_out:
        source["left_out"] = ", ".join(columns.leave_out)
    return source
