"""Modelling: what the command line does with language models."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from nullprobe import models
from nullprobe._core.validation import complain, counted
from nullprobe.cli import texts
from nullprobe.cli.baking import Asked
from nullprobe.cli.subject import Bars
from nullprobe.data.manifest import MODEL, SITE, WEIGHTS, manifest
from nullprobe.erasers import AffineEraser
from nullprobe.models.bars import without_bars
from nullprobe.models.provenance import described
from nullprobe.report.text.tables import aligned

MOST_NAMES = 6  # of sites, in a line


def listed(name: str, layers: str | None, revision: str | None) -> list[str]:
    """Return a line for each site of a model."""
    found = models.sites(models.structure(name, revision), layers).values()
    rows = [(one.name, f"{one.side} of {one.path}", f"{one.width:,}") for one in found]
    return list(aligned([("site", "what it is", "width"), *rows], left=2))


def capture(
    name: str,
    file: Path,
    told: texts.Told,
    sites: Sequence[str],
    out: Path,
    settings: Mapping[str, Any],
    loading: Mapping[str, Any],
    *,
    tokens: str,
) -> str:
    """Capture to a folder, and return in words what it holds."""
    found = texts.read(file, told, tokens)
    model, tokenizer = models.load(name, **loading)
    before = _written(out)
    with _warning_in_words(), Bars(str(file)) as bars:
        models.capture_to(
            out,
            model,
            tokenizer,
            found.texts,
            list(sites),
            labels=found.labels,
            tokens=found.tokens,
            concept=told.concept,
            groups=told.groups,
            progress=bars,
            **settings,
        )
    lines = list(contents(out, nothing_new=before == _written(out)))
    return "\n".join([*lines, f"Audit them: nullprobe audit {out}"] if told.concept else lines)


def contents(folder: Path, *, nothing_new: bool) -> Iterator[str]:
    """Yield in words what a folder of captured states holds: rows, sites, and their widths."""
    about = manifest(folder)
    assert about is not None, "a capture has just ended"
    texts = counted(about["texts"], "text", "texts")
    rows = counted(sum(one["rows"] for one in about["shards"]), "row", "rows")
    places = counted(len(about["sites"]), "site", "sites")
    done = "Already complete, nothing was to do" if nothing_new else "Captured"
    yield f"{done}: {texts} in {folder}, {rows} at {places}"
    by_width: dict[int, list[str]] = {}
    for site, width in about["sites"].items():
        by_width.setdefault(width, []).append(site)
    for width, names in by_width.items():
        few = [*names[:2], "...", names[-1]] if len(names) > MOST_NAMES else names
        yield f"  {width:,} wide: {', '.join(few)}"


def _written(folder: Path) -> dict[str, int]:
    """Return when each shard of a folder was written."""
    return {shard.name: shard.stat().st_mtime_ns for shard in folder.glob("*.safetensors")}


def bake(
    name: str,
    files: Sequence[str],
    out: Path,
    asked: Asked | None,
    loading: Mapping[str, Any],
    *,
    layers: str | None,
    tol: float | None,
) -> str:
    """Bake erasers into a model, save it beside its tokenizer, and say what was done."""
    if out.exists():
        complain(
            "--out must name a new folder", f"{str(out)!r} exists", "choose another, or remove it"
        )
    erasers = dict(_at_site(text) for text in files)
    if len(erasers) < len(files):
        complain("every site takes one eraser", "one is named twice", "compose the two first")
    model, tokenizer = models.load(name, **loading)
    _warn_of_origins(model, erasers)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        baked = models.bake(model, erasers, layers=layers, tol=tol)
    # Before anything is written: texts may be refused.
    left = [] if asked is None else asked.lines(model, baked, tokenizer, erasers)
    left = [*(f"Note: {note.message}" for note in notes), *left]
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
    compared = "its logits are those of the model that is edited in its forward pass."
    lines = (f"Baked {removed}.", f"Compared on random tokens: {compared}", *left, f"Wrote {out}")
    return "\n".join(lines)


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
