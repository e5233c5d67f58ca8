"""Modelling: what the command line does with language models."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from nullprobe import models
from nullprobe._core.parameters import known
from nullprobe._core.validation import complain, counted
from nullprobe.cli.subject import Bars
from nullprobe.data.columns import array
from nullprobe.data.formats import load
from nullprobe.data.manifest import MODEL, SITE, WEIGHTS
from nullprobe.erasers import AffineEraser
from nullprobe.models.capturing.folder import described
from nullprobe.models.loading import without_bars
from nullprobe.report.text.tables import aligned


@dataclass(frozen=True)
class Told:
    """Which columns of a file of texts mean what.

    Attributes
    ----------
    text : str
    concept, groups : str or None
    labels : sequence of str
        What else is kept.
    """

    text: str
    concept: str | None
    groups: str | None
    labels: Sequence[str]

    @property
    def kept(self) -> list[str]:
        """Names of all labels, each once."""
        named = [name for name in (self.concept, self.groups, *self.labels) if name is not None]
        return list(dict.fromkeys(named))


def listed(name: str, layers: str | None) -> list[str]:
    """Return a line for each site of a model."""
    found = models.sites(models.structure(name), layers).values()
    rows = [(one.name, f"{one.side} of {one.path}", f"{one.width:,}") for one in found]
    return list(aligned([("site", "what it is", "width"), *rows], left=2))


def rule(text: str) -> str | int:
    """Return a token rule: a position as a number."""
    return int(text) if text.lstrip("-").isdecimal() else text


def read(file: Path, told: Told) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the texts of a file and its labels by name: the one place where texts are read."""
    content = load(file)
    available = list(content) if isinstance(content, dict) else content.column_names
    for column in (told.text, *told.kept):
        known("column", column, available)
    texts = array(content, told.text)
    if texts.dtype.kind != "U":
        complain(
            f"{told.text!r} in {str(file)!r} must hold texts",
            f"its dtype is {texts.dtype}",
            "name another column",
        )
    return texts.tolist(), {column: array(content, column) for column in told.kept}


def capture(
    name: str,
    file: Path,
    told: Told,
    sites: Sequence[str],
    out: Path,
    settings: Mapping[str, Any],
    *,
    dtype: str,
    device: str | None,
) -> str:
    """Capture to a folder, and say what is there."""
    texts, labels = read(file, told)
    model, tokenizer = models.load(name, dtype=dtype, device=device)
    with _warning_in_words(), Bars(str(file)) as bars:
        models.capture_to(
            out,
            model,
            tokenizer,
            texts,
            list(sites),
            labels=labels,
            concept=told.concept,
            groups=told.groups,
            progress=bars,
            **settings,
        )
    said = f"Captured {counted(len(texts), 'text', 'texts')} in {out}"
    return f"{said}\nAudit them: nullprobe audit {out}" if told.concept else said


def bake(name: str, files: Sequence[str], out: Path, *, dtype: str, layers: str | None) -> str:
    """Bake erasers into a model, save it beside its tokenizer, and say what was done."""
    if out.exists():
        complain(
            "--out must name a new folder", f"{str(out)!r} exists", "choose another, or remove it"
        )
    erasers = dict(_at_site(text) for text in files)
    if len(erasers) < len(files):
        complain("every site takes one eraser", "one is named twice", "compose the two first")
    model, tokenizer = models.load(name, dtype=dtype)
    _warn_of_origins(model, erasers)
    baked = models.bake(model, erasers, layers=layers)
    parent = out.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    # A folder appears whole or not at all, too.
    temporary = Path(tempfile.mkdtemp(prefix=".nullprobe-", dir=parent))
    try:
        with without_bars():
            baked.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        temporary.chmod(0o755)
        os.replace(temporary, out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    removed = ", ".join(f"{one.rank} of {one.d} directions at {s}" for s, one in erasers.items())
    return (
        f"Baked {removed}.\nCompared on random tokens: its logits are those of the model that is "
        f"edited in its forward pass.\nWrote {out}"
    )


@contextmanager
def _warning_in_words() -> Iterator[None]:
    """Print warnings within the block as we complain: where in the code they arose helps nobody."""
    with warnings.catch_warnings():
        # Above the bar, if there is one.
        warnings.showwarning = lambda said, *_: tqdm.write(f"nullprobe: {said}", file=sys.stderr)
        yield


def _warn_of_origins(model: Any, erasers: Mapping[str, AffineEraser]) -> None:
    """Say which erasers were fitted elsewhere, or to what another model does there."""
    with _warning_in_words():
        for site, eraser in erasers.items():
            fitted = eraser.details.get(SITE, site)
            if fitted != site:
                warnings.warn(f"the eraser for {site} was fitted at {fitted}.", stacklevel=2)
            weights = eraser.details.get(WEIGHTS)
            if weights is not None and weights != described(model)["weights"]:
                other = eraser.details.get(MODEL) or "a model without a name"
                warnings.warn(
                    f"the eraser for {site} was fitted to states of {other}, whose weights, or "
                    "their dtype, are not those of the model that it is baked into.",
                    stacklevel=2,
                )


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
