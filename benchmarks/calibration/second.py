"""Cells of the second part: existence, confounds, own erasers, several attributes, layers."""

from __future__ import annotations

from typing import Any

import found_before as b
import numpy as np
import worlds
from cells import Cell, Truth, nothing, shifted
from scipy.special import expit
from worlds import HALF, Arguments, dealt

from nullprobe import LEACE

THERE = Truth("moments", 0.1, (("yes", None),))


def confounded(
    rng: np.random.Generator, *, n: int, d: int, kind: str, beyond: float, size: int = 1
) -> Arguments:
    """Return rows that hold their confounds: labels follow these, and the rows ``beyond`` them.

    ``kind`` is "words" (three of them, in two fifths of the texts), "numbers", or "squares" (one
    acts by its square). With ``size`` over 1, rows of a group share their confounds and half of
    their noise.
    """
    block = np.arange(n) // size
    shape = (block[-1] + 1, 3)
    W = (rng.random(shape) < 0.4).astype(float) if kind == "words" else rng.standard_normal(shape)
    W = W[block]
    odds = 2 * W[:, 0] - 1 + W[:, 1] if kind == "words" else 1.5 * W[:, 0]
    if kind == "squares":
        odds = odds + 0.8 * (W[:, 1] ** 2 - 1)
    y = (rng.random(n) < expit(odds)).astype(int)
    X = rng.standard_normal((n, d))
    if size > 1:
        X = np.sqrt(0.5) * (X + rng.standard_normal((block[-1] + 1, d))[block])
    X[:, :3] += 1.5 * W
    if kind == "squares":
        X[:, 3] += W[:, 1] ** 2
    X[:, 5] += beyond * y
    found: Arguments = {"X": X, "y": y, "confounds": {f"w{j}": W[:, j] for j in range(3)}}
    return found | ({"groups": block} if size > 1 else {})


def erased(
    rng: np.random.Generator, *, n: int, d: int, fitted: int, gap: float, of: str
) -> Arguments:
    """Return new rows, and an eraser that was fitted to other rows: of y, or of other labels."""
    old, new = (b.plain(rng, n=m, d=d, gap=gap) for m in (fitted, n))
    labels = dealt(HALF, fitted, rng) if of == "other labels" else old["y"]
    y = dealt(HALF, n, rng) if of == "nothing" else new["y"]
    return {"X": new["X"], "y": y, "eraser": LEACE().fit(old["X"], labels)}


def attributes(rng: np.random.Generator, *, n: int, d: int, gap: float) -> Arguments:
    """Return two attributes, one of three classes; their classes lie ``gap`` apart, or equal."""
    two, three = dealt(HALF, n, rng), dealt(np.full(3, 1 / 3), n, rng)
    X = rng.standard_normal((n, d))
    X[:, 0] += gap * two
    X[:, 1] += gap * (three == 1)
    X[:, 2] += gap * (three == 2)
    return {"X": X, "attributes": {"two": two, "three": three}}


def layers(rng: np.random.Generator, *, n: int, d: int, full: int, gap: float = 0.0) -> Arguments:
    """Return six layers, each half of the one before; the last ``full`` of them hold y."""
    y = dealt(HALF, n, rng)
    X, found = rng.standard_normal((n, d)), {}
    for k in range(6):
        X = np.sqrt(0.5) * (X + rng.standard_normal((n, d)))
        here = X.copy()
        here[:, 0] += gap * y * (k >= 6 - full)
        found[f"{'full' if k >= 6 - full else 'empty'} {k}"] = here
    return {"X": found, "y": y}


def _existence() -> list[Cell]:
    """`dependent` in worlds of the design; where nothing is there, and where something is."""
    rows = [
        # noise, dependence, concept, share of the rarest class, n, d, gap, rows of a group
        ("gaussian", "independent", "two", "balanced", 100, 200, 0.0, 1),
        ("t3", "independent", "two", "balanced", 200, 400, 0.0, 1),
        ("wild", "independent", "two", "5%", 300, 90, 0.0, 1),
        ("onehot", "independent", "five", "balanced", 300, 90, 0.0, 1),
        ("lognormal", "independent", "numeric", "balanced", 300, 6, 0.0, 1),
        ("t3", "constant", "two", "balanced", 400, 120, 0.0, 10),
        ("laplace", "mixed", "two", "balanced", 400, 8, 0.0, 10),
        ("gaussian", "series", "two", "balanced", 480, 10, 0.0, 1),
        ("relu", "copies", "two", "balanced", 400, 120, 0.0, 1),
        ("lognormal", "unnamed", "two", "balanced", 400, 8, 0.0, 10),
        ("t3", "independent", "five", "balanced", 300, 90, 1.5, 1),
        ("gaussian", "constant", "numeric", "balanced", 400, 8, 0.7, 10),
    ]
    found = []
    for noise, dependence, concept, balance, n, d, gap, size in rows:
        settings: dict[str, Any] = {
            "noise": noise,
            "dependence": dependence,
            "concept": concept,
            "balance": balance,
            "n": n,
            "d": d,
            "gap": gap,
            "size": size,
        }
        truth = {"dependent": THERE if gap else nothing("dependent")}
        name = f"{noise}, {dependence}, {concept}, d/n {d / n:.2g}{', shift' if gap else ''}"
        found.append(_cell(f"existence/{name}", worlds.drawn, settings, truth))
    return found


def _confounds() -> list[Cell]:
    follows = {"readable": Truth("moments", 0.1, (("yes", None),), "inputs")}
    beyond = {"readable": Truth("moments", 0.1, (("yes", None),), "unknown")}
    shape = {"n": 600, "d": 20}
    found = []
    for kind in ("words", "numbers", "squares"):
        for more, truth in ((0.0, follows), (0.7, beyond)):
            settings = {**shape, "kind": kind, "beyond": more}
            name = f"confounds/{kind}{', and beyond' if more else ''}"
            found.append(_cell(name, confounded, settings, truth))
    grouped = {**shape, "kind": "words", "beyond": 0.0, "size": 5}
    return [*found, _cell("confounds/words, groups of 5", confounded, grouped, follows)]


def _others() -> list[Cell]:
    left = Truth("moments", 0.2, (("no", None),))
    fit = {"n": 600, "d": 20, "fitted": 4000, "gap": 1.5}
    alone, jointly, after = "readable: alone", "readable: jointly", "erasure_holds: erased"
    both = {"n": 400, "d": 8}
    layer = {"n": 240, "d": 16}
    return [
        _cell("eraser/of y", erased, {**fit, "of": "y"},
              {"erasure_holds": shifted("erasure_holds", "gaussian")}),
        _cell("eraser/of other labels", erased, {**fit, "of": "other labels"},
              {"erasure_holds": left}),
        _cell("eraser/nothing", erased, {**fit, "of": "nothing"},
              {"erasure_holds": nothing("erasure_holds")}),
        _cell("attributes/nothing", attributes, {**both, "gap": 0.0},
              {alone: nothing("readable"), jointly: nothing("readable"),
               after: nothing("erasure_holds")}),
        _cell("attributes/both", attributes, {**both, "gap": 1.5},
              {alone: THERE, jointly: THERE, after: shifted("erasure_holds", "gaussian")}),
        _cell("layers/nothing", layers, {**layer, "full": 0},
              {"readable: empty": nothing("readable"),
               "erasure_holds: empty": nothing("erasure_holds")}),
        _cell("layers/two of six", layers, {**layer, "full": 2, "gap": 1.5},
              {"readable: empty": nothing("readable"), "readable: full": THERE,
               "erasure_holds: empty": nothing("erasure_holds")}),
    ]  # fmt: skip


def _cell(name: str, draw: Any, settings: dict[str, Any], truth: dict[str, Truth]) -> Cell:
    return Cell(f"second/{name}", "second", draw, settings, truth)


SECOND = [*_existence(), *_confounds(), *_others()]
