"""Modelling: what the command line does with language models."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe import models
from nullprobe._core.parameters import choice
from nullprobe._core.validation import complain
from nullprobe.cli import streams
from nullprobe.cli.baking import Texts
from nullprobe.cli.edit_options import MOMENT_METHODS
from nullprobe.cli.eraser_choice import Choice
from nullprobe.cli.output import need_writable
from nullprobe.data.concept import Concept, concept
from nullprobe.data.kinds import KINDS
from nullprobe.data.manifest import MODEL, SITE, WEIGHTS
from nullprobe.erasers import ERASERS, AffineEraser
from nullprobe.models.embedding_models import is_embedder
from nullprobe.models.progress_bars import without_bars
from nullprobe.models.provenance import described
from nullprobe.models.site import EMBEDDING
from nullprobe.moments import Moments
from nullprobe.report.text.tables import aligned


@dataclass(frozen=True)
class Fit:
    """How an eraser is fitted to what passes a site.

    Attributes
    ----------
    method : str
    rank : int or None
    shrinkage : float, str or None
    kind : {"labels", "numeric"} or None
        What the concept is; None for the rule.
    """

    method: str
    rank: int | None
    shrinkage: float | str | None
    kind: str | None

    def check(self) -> None:
        """Refuse a method that is not fitted from moments, and what it does not take."""
        chosen = Choice(self.method, {"rank": self.rank, "shrinkage": self.shrinkage})
        chosen.check()
        choice("kind", self.kind, (None, *KINDS))
        if self.method not in MOMENT_METHODS:
            complain(
                f"--method must be {' or '.join(MOMENT_METHODS)} inside a model",
                f"it is {self.method}, which needs all rows, their labels or a task",
                "choose one of these, or capture the states and use `nullprobe fit`",
            )

    def __call__(self, moments: Moments) -> AffineEraser:
        """Return the eraser that is fitted from moments."""
        parameters = {"rank": self.rank, "shrinkage": self.shrinkage}
        passed = {name: value for name, value in parameters.items() if value is not None}
        kind: Any = ERASERS[self.method]
        return kind.from_moments(moments, **passed).eraser_

    def concept(self, labels: np.ndarray, column: str) -> Concept:
        """Return the concept that a column of labels is."""
        return concept(labels, name=repr(column), kind=self.kind)


def listed(name: str, layers: str | None, revision: str | None) -> list[str]:
    """Return a line for each site of a model."""
    each = models.sites(models.structure(name, revision), layers).values()
    rows = [(one.name, f"{one.side} of {one.path}", f"{one.width:,}") for one in each]
    if is_embedder(name, revision):
        rows.append((EMBEDDING, "one vector per text, as sentence-transformers returns it", ""))
    return list(aligned([("site", "what it is", "width"), *rows], left=2))


def loaded(name: str, loading: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return a model and its tokenizer; an adapter is merged where weights are not quantised."""
    return models.load(name, merge=loading.get("quantization") is None, **loading)


def bake(
    name: str,
    files: Sequence[str],
    out: Path,
    compared: Texts | None,
    settings: Mapping[str, Any],
    loading: Mapping[str, Any],
) -> str:
    """Bake erasers into a model, save it with its tokenizer, and report it in words."""
    need_new(out)
    erasers = erasers_of(files)
    model, tokenizer = loaded(name, loading)
    warn_of_origins(model, erasers)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        baked = models.bake(model, erasers, **settings)
    # Before anything is written: texts may be refused.
    left = [] if compared is None else compared.lines(model, baked, tokenizer, erasers)
    left = [*(f"Note: {note.message}" for note in notes), *left]
    with whole_folder(out) as temporary:
        with without_bars():
            baked.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
    removed = ", ".join(f"{one.rank} of {one.d} directions at {s}" for s, one in erasers.items())
    proof = "its logits are those of the model that is edited in its forward pass."
    lines = (f"Baked {removed}.", f"Compared on random tokens: {proof}", *left, f"Wrote {out}")
    return "\n".join(lines)


def need_new(out: Path) -> None:
    """Refuse a folder that is there, or that cannot be made."""
    if out.exists():
        complain(
            "--out must name a new folder", f"{str(out)!r} exists", "choose another, or remove it"
        )
    need_writable(out)


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes ``out`` if, and only if, the block succeeds."""
    parent = out.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".nullprobe-", dir=parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        temporary.replace(out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextmanager
def warning_in_words() -> Iterator[None]:
    """Print warnings within the block as we complain: where in the code they arose helps nobody."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: streams.warn(message)
        yield


def warn_of_origins(model: Any, erasers: Mapping[str, AffineEraser]) -> None:
    """Say which erasers were fitted elsewhere, or to what another model does there."""
    weights = described(model)["weights"]
    foreign: dict[str, list[str]] = {}  # model → sites
    with warning_in_words():
        for site, eraser in erasers.items():
            fitted = eraser.details.get(SITE, site)
            if fitted != site:
                warnings.warn(f"the eraser for {site} was fitted at {fitted}.", stacklevel=2)
            if eraser.details.get(WEIGHTS, weights) != weights:
                other = eraser.details.get(MODEL) or "a model without a name"
                foreign.setdefault(other, []).append(site)
        for other, sites in foreign.items():
            which = sites[0] if len(sites) == 1 else f"{len(sites)} sites, {sites[0]} first,"
            warnings.warn(
                f"the eraser for {which} was fitted to states of {other}, whose weights, or "
                "their dtype, are not those of the model that it edits.",
                stacklevel=2,
            )


def erasers_of(named: Sequence[str]) -> dict[str, AffineEraser]:
    """Return the eraser of each site that SITE=FILE, FILE, or a FOLDER of files names."""
    erasers: dict[str, AffineEraser] = {}
    for text in named:
        folder = Path(text)
        files = [str(one) for one in sorted(folder.glob("*.safetensors"))]
        if folder.is_dir() and not files:
            complain(
                f"the folder {text!r} must hold erasers",
                "it has no .safetensors files",
                "name a folder that `nullprobe scrub` wrote",
            )
        for site, eraser in map(_at_site, files or [text]):
            if site in erasers:
                complain("every site takes one eraser", f"{site} has two", "compose the two first")
            erasers[site] = eraser
    return erasers


def _at_site(text: str) -> tuple[str, AffineEraser]:
    """Return the site and the eraser that SITE=FILE or FILE names."""
    site, is_pair, file = text.rpartition("=")
    if is_pair and Path(text).exists():
        site, file = "", text  # a file with = in its name
    eraser = AffineEraser.load(file)
    site = site or eraser.details.get(SITE, "")
    if not site:
        complain(
            f"a site must be named for {file!r}",
            "its eraser was not fitted at one",
            f"write layers.3.mlp_input={file}, say",
        )
    return site, eraser
