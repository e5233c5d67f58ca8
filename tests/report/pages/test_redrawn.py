"""Pictures read back: what is drawn, by the numbers at its ticks, is what its table says."""

import csv
import re

import numpy as np
import pytest
from support import comparisons, documents
from support.browser import needs_chromium
from support.drawn import Drawing

from nullprobe import ContrastPairs, compare_pairs, worlds
from nullprobe.report.pages.audits import write_html

pytestmark = [needs_chromium, pytest.mark.slow]

SVGS = """Object.fromEntries([...document.querySelectorAll('figure.picture')].map((f) =>
  [f.id, [...f.querySelectorAll('.drawn svg')].map((s) => s.outerHTML)]))"""


def read(page, folder):
    """Return the drawings of each picture of a page, and the tables that it copies."""
    page.open(folder / "page.html", 1400, 1000)
    page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    svgs, copies = page.run(SVGS), page.copied()
    tables = {key: list(csv.reader(text.splitlines())) for key, text in copies.items()}
    return svgs, tables


@pytest.fixture(scope="module")
def audit(page, folder):
    write_html(folder / "page.html", [documents.founding(), documents.sample("flat", n_axes=2)])
    svgs, tables = read(page, folder)
    page.run("window.points = document.querySelectorAll('details[data-rows$=points] .copy')")
    page.run("points.forEach((button) => button.click())")
    points = [list(csv.reader(text.splitlines())) for text in page.run("copies")]
    return svgs, tables, points


@pytest.fixture(scope="module")
def layers(page, folder):
    write_html(folder / "page.html", documents.survey(documents.layers(5), 0))
    return read(page, folder)


@pytest.fixture(scope="module")
def compared(page, folder):
    comparisons.sample().to_html(folder / "page.html")
    return read(page, folder)


def numbers(row):
    return [float(cell) if cell else np.nan for cell in row]


def test_every_picture_has_a_table(audit, layers, compared):
    for svgs, tables, *_ in (audit, layers, compared):
        without = {key for key in svgs if not key.endswith("-rows")} - set(tables)
        assert without == set()


def test_histograms_of_draws_and_scores(audit, layers):
    seen = 0
    for svgs, tables, *_ in (audit, layers):
        for key, (svg, *_) in svgs.items():
            if "-null-" not in key and "-scores-" not in key:
                continue
            (_, _, *names), *rows = tables[key]
            histograms = Drawing(svg).bars()
            assert len(histograms) == len(names), key
            for place, flat in enumerate(histograms):
                top = max(float(row[2 + place]) for row in rows)
                for low, high, *shares in map(numbers, rows):
                    middle = (low + high) / 2
                    (height,) = [h for a, b, h in flat if a <= middle < b]
                    assert abs(height - shares[place]) < 0.01 * top, (key, low)
                    seen += 1
                drawn = sum((b - a) * max(h, 0) for a, b, h in flat)
                filled = sum((b - a) * s[place] for a, b, *s in map(numbers, rows))
                assert drawn == pytest.approx(filled, rel=0.03), key
    assert seen > 500


def test_observations_stand_at_their_values(audit):
    svgs, _, _ = audit
    claims = {claim["name"].replace("_", "-"): claim for claim in documents.founding()["claims"]}
    checked = 0
    for key, (svg, *_) in svgs.items():
        found = re.fullmatch(r"set-1-data-(.*)-null-0", key)
        if not found:
            continue
        drawing, claim = Drawing(svg), claims[found[1]]
        across = drawing.scale("x")
        assert across(drawing.marks[-1][0]) == pytest.approx(claim["observed"], rel=0.005)
        for one, mark in zip(claim["beside"], drawing.marks, strict=False):
            assert across(mark[0]) == pytest.approx(one["value"], rel=0.005)
        if claim["interval"]:
            height = drawing.marks[-1][1]
            (ends,) = [
                across(c[:, 0])
                for c, clipped in drawing.lines
                if clipped and len(c) == 2 and np.allclose(c[:, 1], height, atol=0.2)
            ]
            assert ends == pytest.approx(claim["interval"], rel=0.01)
        checked += 1
    assert checked >= 6


def test_the_curve_of_removals(audit):
    svgs, tables, _ = audit
    drawing = Drawing(svgs["set-1-data-one-feature-curve"][0])
    rows = np.array([numbers(row) for row in tables["set-1-data-one-feature-curve"][1:]])
    across, up = drawing.scale("x"), drawing.scale("y")
    marks = np.array([(across(x), up(y)) for x, y, _ in drawing.marks])
    np.testing.assert_allclose(marks, rows[:, :2], atol=0.01)
    lines = [
        np.column_stack([across(c[:, 0]), up(c[:, 1])]) for c, clipped in drawing.lines if clipped
    ]
    for removals, _, low, high, *_ in rows:
        assert any(
            len(c) == 2 and np.allclose(c, [[removals, low], [removals, high]], atol=0.01)
            for c in lines
        )
    assert any(len(c) == 4 and np.allclose(c[:, 1], rows[:, 5], atol=0.01) for c in lines)
    (band,) = [c for c in lines if len(c) > 6]
    for removals, *_, low, _, high in rows:
        here = band[np.abs(band[:, 0] - removals) < 0.02, 1]
        assert here.min() == pytest.approx(low, abs=0.01)
        assert here.max() == pytest.approx(high, abs=0.01)


def test_the_cells_of_matrices(audit):
    svgs, tables, _ = audit
    for key in ("set-1-data-transfers-read", "set-1-data-transfers-erased"):
        written = [t for *_, t in Drawing(svgs[key][0]).texts if re.fullmatch(r"\d\.\d\d", t)]
        values = [float(cell) for row in tables[key][1:] for cell in row[1:]]
        assert [float(cell) for cell in written] == pytest.approx(values, abs=0.0051)


def test_the_bars_of_accuracies(audit):
    svgs, tables, _ = audit
    rows = tables["set-1-data-accuracy"][1:]
    drawing = Drawing(svgs["set-1-data-accuracy"][0])
    across = drawing.scale("x")
    bars = [across(c[:, 0]) for c, clipped in drawing.lines if clipped and len(c) >= 4]
    assert [bar.min() for bar in bars] == pytest.approx([0.0] * len(rows), abs=0.01)
    values = [float(row[1]) for row in rows]
    assert [bar.max() for bar in bars] == pytest.approx(values, abs=0.006)
    written = [t for *_, t in drawing.texts if re.fullmatch(r"\d+ %", t)]
    assert sorted({round(100 * v) for v in values} - {int(t[:-2]) for t in written}) == []
    assert {row[0] for row in rows} <= {t for *_, t in drawing.texts}


def test_curves_over_layers(layers):
    svgs, tables = layers
    for key, (svg, *_) in svgs.items():
        if not key.startswith("layers-"):
            continue
        drawing, (heads, *rows) = Drawing(svg), tables[key]
        up = drawing.scale("y")
        across = drawing.scale("x")
        marks = {(round(float(across(x))), round(float(up(y)), 2)) for x, y, _ in drawing.marks}
        readers = [i for i, name in enumerate(heads) if name == "first principal component"]
        values = {
            (place, round(float(row[i]), 2))
            for place, row in enumerate(rows)
            for i in (2, *readers)
        }
        close = [any(a == c and abs(b - d) < 0.011 for c, d in marks) for a, b in values]
        assert all(close), key
        assert len({a for a, _ in marks}) == len(rows)
        lines = [
            np.column_stack([across(c[:, 0]), up(c[:, 1])])
            for c, clipped in drawing.lines
            if clipped
        ]
        for place, row in enumerate(rows):
            ends = [[place, float(row[3])], [place, float(row[4])]]
            assert any(len(c) == 2 and np.allclose(c, ends, atol=0.02) for c in lines), key
        for name in ("labels permuted",):
            low = heads.index(f"{name}, 2.5 %")
            wanted = [float(rows[0][low]), float(rows[0][low + 1])]
            assert any(
                np.allclose([c[:, 1].min(), c[:, 1].max()], wanted, atol=0.01)
                for c in lines if len(c) > 4
            ), key  # fmt: skip


def test_readings_and_damage_after_each_eraser(compared):
    svgs, tables = compared
    for key in ("read-back", "others-0", "others-0-500"):
        drawing, (heads, *rows) = Drawing(svgs[key][0]), tables[key]
        across = drawing.scale("x")
        marks = [float(across(x)) for x, _, _ in drawing.marks]
        values = [
            float(row[i]) for i in range(1, len(heads), 3) for row in rows if row[i]
        ]  # fmt: skip
        assert marks == pytest.approx(values, abs=0.01), key
        ends = [
            across(c[:, 0])
            for c, clipped in drawing.lines
            if clipped and len(c) == 2 and c[0, 1] == c[1, 1]
        ]
        for i in range(1, len(heads), 3):
            for row in rows:
                if row[i]:
                    pair = numbers(row[i + 1 : i + 3])
                    pair = np.maximum(pair, -1)  # where the axis of R² ends
                    found = [np.allclose(np.maximum(one, -1), pair, atol=0.01) for one in ends]
                    assert any(found), (key, row[0])
    drawing = Drawing(svgs["damage"][0])
    ratios = [float(row[2]) for row in tables["damage"][1:] if row[2]]
    across = drawing.scale("x")
    assert [float(across(x)) for x, _, _ in drawing.marks] == pytest.approx(ratios, abs=0.01)


def test_agreements_of_readers_of_pairs(page, folder):
    world = worlds.distractor(n=60, d=4)
    pairs = ContrastPairs(world.negative, world.positive, world.y)
    others = {"sentiment": world.distractor}
    found = compare_pairs(pairs, others=others, n_random=50, n_permutations=19)
    found.to_html(folder / "page.html")
    svgs, tables = read(page, folder)
    drawing, (_, *rows) = Drawing(svgs["agreements"][0]), tables["agreements"]
    across = drawing.scale("x")
    for place, name in enumerate(found.document().plain()["labels"]):
        chosen = [row for row in rows if row[1] == name]
        marks = drawing.marks[place * len(chosen) : (place + 1) * len(chosen)]
        values = [float(row[2]) for row in chosen]
        assert [float(across(x)) for x, _, _ in marks] == pytest.approx(values, abs=0.005)
        for row, (_, y, _) in zip(chosen, marks, strict=True):
            (ends,) = [
                across(c[:, 0])
                for c, clipped in drawing.lines
                if clipped and len(c) == 2 and np.allclose(c[:, 1], y, atol=0.2)
            ]
            assert ends == pytest.approx(numbers(row[3:5]), abs=0.006)


def test_points_in_the_plane(audit):
    svgs, _, (_, table) = audit
    drawing = Drawing(svgs["set-2-flat-rows"][0])
    rows = np.array([numbers(row[1:]) for row in table[1:]])
    middle = 560
    for columns, left in ((rows[:, :2], True), (rows[:, 2:], False)):
        half = Drawing(svgs["set-2-flat-rows"][0])
        half.texts = [t for t in drawing.texts if (t[0] * 1.38889 < middle) == left]
        marks = [m for m in drawing.marks if (m[0] * 1.38889 < middle) == left]
        across, up = half.scale("x"), half.scale("y")
        places = np.array([(float(across(x)), float(up(y))) for x, y, _ in marks])
        assert len(places) == len(columns)
        away = np.abs(places[:, None] - columns[None]).max(axis=2).min(axis=1)
        assert away.max() < 0.01 * np.ptp(rows)


def test_points_in_space(audit):
    """The ticks give the projection; each point of the table must lie where one is drawn."""
    svgs, _, (table, _) = audit
    rows = np.array([numbers(row[1:]) for row in table[1:]])
    for svg, points in zip(svgs["set-1-data-rows"], (rows[:, :3], rows[:, 3:]), strict=True):
        ticks = re.findall(
            r'<text class="(tick|name)" x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]*)', svg
        )
        axes, at = [], []
        for kind, x, y, text in ticks:
            if kind == "name":
                (first, *_, last) = at
                step = (np.array(last[1:]) - first[1:]) / (last[0] - first[0])
                axes.append(step)
                at = []
            else:
                at.append((float(text.replace("−", "-")), float(x), float(y)))
        paths = re.findall(r'class="points[^>]* d="([^"]*)"', svg)
        starts = [re.findall(r"M(-?[\d.]+) (-?[\d.]+)", path) for path in paths]
        drawn = np.array([(float(x), float(y)) for path in starts for x, y in path])
        flat = points @ np.array(axes)
        flat += drawn.mean(axis=0) - flat.mean(axis=0)
        assert len(drawn) == len(flat)
        away = np.linalg.norm(flat[:, None] - drawn[None], axis=2)
        assert away.min(axis=1).max() < 1.0
        assert away.min(axis=0).max() < 1.0
