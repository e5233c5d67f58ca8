"""Pictures: every figure with input made by hand, plain or hostile, on axes of a sheet."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
from support import comparisons, documents, saved_results

from nullprobe.report.document import plain
from nullprobe.report.figures import (
    erasers,
    groups,
    ladder,
    layers,
    nulls,
    pairs,
    planes,
    removals,
    scores,
    sheet,
)

AUC = {"name": "AUC", "chance": 0.5, "kind": "reading", "better": "higher"}
R_SQUARED = {**AUC, "name": "R²", "chance": 0.0}
NAMES = [
    "$x$ and $\\frac{1", "</text><script>alert(1)</script>", "100 % of {x} %{y}", "back\\slash \\n",
    "long " * 40, "smile 😀 and 🏳️‍🌈", "שלום עולם", "مرحبا", "_hidden", "a\x00b\x1b[2J\ud800", "",
    "&amp; \"quoted\" 'twice'", "two\nlines", "]]>",
]  # fmt: skip


def one(**changes):
    """Return a statistic of a claim with two nulls and a simpler reader."""
    rng = np.random.default_rng(0)
    made = {
        "metric": AUC, "observed": 0.8, "interval": [0.75, 0.85],
        "nulls": [
            {"rung": "chance", "values": rng.normal(0.5, 0.03, 99).tolist()},
            {"rung": "moments", "values": rng.normal(0.7, 0.02, 39).tolist()},
        ],
        "beside": [{"rung": "inputs", "name": "lengths", "value": 0.6, "interval": [0.5, 0.7]}],
    }  # fmt: skip
    return made | changes


def null(values, rung="chance"):
    return {"rung": rung, "values": list(values)}


def curve(**changes):
    return plain(documents.curve()) | changes


def portrait(labels, raw, erased=None):
    """Return a portrait of rows (n, a) before and after erasure."""
    raw = np.asarray(raw, dtype=object)
    erased = raw if erased is None else np.asarray(erased, dtype=object)
    axes = [f"column {i}" for i in range(raw.shape[1])]
    views = {"raw": raw.tolist(), "erased": erased.tolist()}
    views |= {f"{key}_standardised": rows for key, rows in views.items()}
    return {"axes": axes, "labels": list(labels), **views}


def audits(n, claims=None):
    """Return documents of n representations whose names have parts in common."""
    first = documents.sample("a model", claims=claims or documents.all_claims())
    return [first | {"representation": f"layers.{i}.output"} for i in range(n)]


def compared(values, names=("leace", "none"), interval=(0.4, 0.6)):
    """Return rows and columns of a comparison in which each eraser leaves a value."""
    row = {"erases": True, "needs_labels": True, "reason": ""}
    rows = [
        row | {
            "eraser": name, "damage": {"ratio": value, "moved": value},
            "read_back": {"probe": {"value": value, "interval": interval}},
        }
        for name, value in zip(names, values, strict=True)
    ]  # fmt: skip
    return rows, [{"name": "probe", "metric": AUC, "probe": ""}]


def drawn(kind, *arguments, width=640, height=320, **more):
    """Draw a picture; return its figure, its axes and its notes."""
    figure, axes = sheet.new(width, height, columns=2 if kind == "planes" else 1)
    notes = FIGURES[kind](*arguments, axes if kind == "planes" else axes[0], **more)
    return figure, axes, notes


FIGURES = {
    "nulls": nulls.nulls, "scores": scores.scores, "scores_numeric": scores.scores_numeric,
    "removals": removals.removals, "matrix": groups.matrix, "layers": layers.layers,
    "verdicts": ladder.verdicts, "readings": erasers.readings, "damage": erasers.damage,
    "pairs": pairs.agreements, "planes": planes.before_and_after,
}  # fmt: skip


def texts(svg):
    """Return the texts of a picture, each with its size in pixels."""
    root = ElementTree.fromstring(svg)
    (group,) = root
    scale = float(re.fullmatch(r"scale\(([\d.]+)\)", group.get("transform"))[1])
    found = []
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        size = re.search(r"font-size: ([\d.]+)px", element.get("style"))
        found.append(("".join(element.itertext()), float(size[1]) * scale))
    return found


def usual():
    """Return a plain input of every figure."""
    document = documents.sample(claims=documents.all_claims())
    rng = np.random.default_rng(1)
    labels = ["no", "yes"] * 50
    pair_document = saved_results.pairs()
    comparison = comparisons.sample().document().plain()
    matrices = plain(documents.matrices("abc"))
    return {
        "nulls": (one(),),
        "scores": (rng.normal(size=100), labels, ["no", "yes"]),
        "scores_numeric": (rng.normal(size=100), np.linspace(0, 1, 100)),
        "removals": (curve(),),
        "matrix": (matrices["groups"], matrices["read"], AUC, "fitted"),
        "layers": (audits(6), "consistent"),
        "verdicts": ([document],),
        "readings": (comparison["rows"], comparison["probes"], "read_back"),
        "damage": (comparison["rows"],),
        "pairs": (pair_document,),
        "planes": (document["portrait"], False),
    }


def _named(name):
    """Return an input of every figure in which all strings of a user are a name."""
    document = documents.hostile(name if name.isprintable() and name else "x")
    for claim in document["claims"]:
        for beside in claim["beside"]:
            beside["name"] = name
    document |= {"title": name, "representation": name}
    comparison = comparisons.sample().document().plain()
    columns = [column | {"name": name} for column in comparison["probes"][:1]]
    rows = [
        row | {"eraser": name, "read_back": {name: row["read_back"].get("linear")}}
        for row in comparison["rows"]
    ]
    found = saved_results.pairs()
    renamed = {
        **found, "labels": [name], "random": {name: found["random"]["truth"]},
        "rows": [r | {"name": name, "agreements": {name: r["agreements"]["truth"]}}
                 for r in found["rows"]],
    }  # fmt: skip
    beside = [{"rung": "inputs", "name": name, "value": 0.6, "interval": None}]
    sample = document["portrait"] | {"axes": [name, name], "labels": [name, "b"] * 10}
    return {
        "nulls": (one(beside=beside, metric={**AUC, "name": name}),),
        "scores": ([0.0, 1.0] * 20, [name, "b"] * 20, [name, "b"]),
        "scores_numeric": ([0.0, 1.0], [0.0, 1.0]),
        "removals": (curve(metric={**AUC, "name": name}),),
        "matrix": ([name, "b"], [[0.5, 1.0], [0.7, None]], {**AUC, "name": name}, "fitted"),
        "layers": ([document, document | {"representation": "b"}], "readable"),
        "verdicts": ([document, document],),
        "readings": (rows, columns, "read_back"),
        "damage": (rows,),
        "pairs": (renamed,),
        "planes": (sample, False),
    }


def nasty():
    """Yield (name, figure, input) of pictures that went wrong elsewhere, or might."""
    for position, name in enumerate(NAMES):
        for kind, given in _named(name).items():
            yield f"{kind}: name {position}", kind, given
    many = np.random.default_rng(2).normal(size=1_000_000)
    two = (0.0, 1.0)
    for what, values in {
        "outliers": [*np.linspace(0.4, 0.6, 99), 200.0, -1e300, 1e300],
        "constants": [0.5] * 99, "zeros": [0.0] * 9, "ties": [0.4, 0.5, 0.6] * 30,
        "two": [0.4, 0.6], "one": [0.5], "nothing": [], "None alone": [None] * 5,
        "gaps": [0.5, None, 0.7, 0.6],
        "a million": many, "tiny": [1e-300, 2e-300] * 9, "rounding": [0.1 + 0.2, 0.3] * 9,
    }.items():  # fmt: skip
        n = len(values)
        labels = np.arange(n) % 2
        wide = list(values)[:80]
        claims = [
            replace(documents.claims()[0], observed=np.nan if v is None else v, interval=None)
            for v in wide
        ]
        for metric in (AUC, {**AUC, "kind": "residual", "chance": 0.0}, R_SQUARED):
            given = one(nulls=[null(values), null(values, "moments")], metric=metric)
            yield f"nulls: {what}, {metric['name']} {metric['kind']}", "nulls", (given,)
        given = one(nulls=[null(values)], observed=values[-1] if n else None, interval=None)
        yield f"nulls: {what}, observed", "nulls", (given,)
        given = one(beside=[
            {"rung": "moments", "name": str(i), "value": v, "interval": [v, None]}
            for i, v in enumerate(wide[:12])
        ])  # fmt: skip
        yield f"nulls: {what}, simpler readers", "nulls", (given,)
        yield f"scores: {what}", "scores", (values, labels, [0, 1])
        yield f"scores: {what}, 40 classes", "scores", (values, np.arange(n) % 40, list(range(40)))
        yield f"scores_numeric: {what}", "scores_numeric", (values, values)
        pair = [[v, v] for v in wide]
        given = curve(values=wide, low=wide, middle=wide, high=wide, intervals=pair)
        yield from [(f"removals: {what}", "removals", (given,))] if wide else []
        side = int(len(wide) ** 0.5)
        square = [wide[i * side : (i + 1) * side] for i in range(side)]
        given = ([f"g{i}" for i in range(side)], square, R_SQUARED, "erased")
        yield from [(f"matrix: {what}", "matrix", given)] if side else []
        sets = [
            documents.sample("t", claims=[claim], representation=f"layer {i}", n=6)
            for i, claim in enumerate(claims)
        ]
        yield from [(f"layers: {what}", "layers", (sets, "readable"))] if sets else []
        yield from [(f"verdicts: {what}", "verdicts", (sets,))] if sets else []
        named = [str(i) for i in range(len(wide))]
        found, columns = compared(wide, named)
        yield f"readings: {what}", "readings", (found, columns, "read_back")
        yield f"damage: {what}", "damage", (found,)
        if n:
            few, sides = values[:10_000], labels[:10_000]  # rows are lists: they take long to make
            rows = [[value, value] for value in few]
            yield f"planes: {what}", "planes", (portrait(sides, rows), False)
            yield f"planes: {what}, numbers", "planes", (portrait(few, rows), True)
            strip = portrait(sides, [[v] for v in few])
            yield f"planes: {what}, one axis", "planes", (strip, False)
            yield (
                f"planes: {what}, one axis, numbers",
                "planes",
                (portrait(few, strip["raw"]), True),
            )
    forty = [f"class {i}" for i in range(40)]
    rng = np.random.default_rng(3)
    yield "scores: 40 classes", "scores", (rng.normal(size=4000), forty * 100, forty)
    yield "matrix: 40 groups", "matrix", (forty, rng.uniform(0.4, 1, (40, 40)), AUC, "fitted")
    yield "planes: 40 classes", "planes", (portrait(forty * 20, rng.normal(size=(800, 2))), False)
    yield "layers: 80", "layers", (audits(80), "consistent")
    yield "layers: a claim that is absent", "layers", (audits(3), "used")
    yield "layers: one", "layers", (audits(1), "readable")
    yield "verdicts: 80", "verdicts", (audits(80),)
    yield "verdicts: no claims", "verdicts", ([audits(1)[0] | {"claims": []}],)
    yield "scores: no class", "scores", ([], [], [])
    yield "scores: two rows", "scores", (two, ["a", "b"], ["a", "b"])
    yield "removals: one", "removals", (curve(**{k: v[:1] for k, v in curve().items()
                                                 if isinstance(v, list)}),)  # fmt: skip
    many_pairs = saved_results.pairs(labels=tuple(forty))
    yield "pairs: 40 labels", "pairs", (many_pairs,)
    yield "nulls: no nulls", "nulls", (one(nulls=[], beside=[], observed=None, interval=None),)
