"""Page of a comparison in a real browser: it draws, answers, complains of nothing."""

from dataclasses import replace

import pytest
from support import comparisons, documents
from support.browser import needs_chromium

from nullprobe.comparing.eraser_result import Column
from nullprobe.data.metric import Metric

pytestmark = [needs_chromium, pytest.mark.slow]

DRAWN = "document.querySelectorAll('.plot[data-drawn=yes]').length"
EACH = "[...document.querySelectorAll('.plot')]"
MARKS = "document.querySelector('[data-figure=read-back]')._fullData"


def opened(page, folder, result, n_plots):
    result.to_html(folder / "comparison.html")
    page.open(folder / "comparison.html", 1400, 1000)
    page.unroll(1400)
    page.wait(f"{DRAWN} === {n_plots}")
    return page


@pytest.fixture(scope="module")
def alone(page, folder):
    return opened(page, folder, comparisons.sample(), 4)


def test_everything_is_drawn_without_complaint_or_network(alone):
    assert alone.run(f"{EACH}.every((p) => p.querySelector('.main-svg'))")
    drawn = alone.run(f"{MARKS}.map((t) => [t.name, t.x])")
    cells = comparisons.sample().document().plain()["rows"][0]["read_back"]
    shown = {name: x[0] for name, x in drawn}
    assert shown == {"chance": 0.5, **{name: cell["value"] for name, cell in cells.items()}}
    names = "[...document.querySelectorAll('[data-figure=read-back] .ytick')]"
    said = alone.run(f"{names}.map((t) => t.textContent)")
    assert said == ["nothing erased", "leace", "oracle_leaceuses the labels",
                    "mimicuses the labels"]  # fmt: skip
    assert alone.quiet


def test_lines_of_both_pictures_lie_beside_each_other(alone):
    first = "querySelector('.ytick text').getBoundingClientRect().top"
    left, right = (
        alone.run(f"document.querySelector('[data-figure={name}]').{first}")
        for name in ("read-back", "damage")
    )
    assert abs(left - right) < 1


def test_a_probe_can_be_hidden_by_its_button(alone):
    button = "document.querySelector('.legend button[data-group=\"1\"]')"
    visible = f"{MARKS}.find((t) => t.name === 'halfspace').visible"
    assert alone.run(visible) is True
    alone.run(f"{button}.click()")
    alone.wait(f"{visible} === false")
    assert alone.run(f"{MARKS}.find((t) => t.name === 'linear').visible") is True
    alone.run(f"{button}.click()")
    alone.wait(f"{visible} === true")
    assert alone.quiet


def test_pictures_are_painted_for_the_dark(alone):
    colours = f"{MARKS}.map((t) => t.marker?.color).join()"
    alone.scheme("light")
    light = alone.run(colours)
    alone.scheme("dark")
    alone.wait(f"{colours} !== '{light}'")
    alone.scheme("light")
    alone.wait(f"{colours} === '{light}'")


def test_the_table_is_copied_as_csv(alone):
    alone.run("window.copied = []")
    alone.run("navigator.clipboard.writeText = async (text) => { copied.push(text); }")
    alone.run("document.querySelector('details .copy').click()")
    alone.wait("copied.length === 1")
    head, none, leace = alone.run("copied[0]").splitlines()[:3]
    assert head.startswith(
        "eraser,uses the labels,nothing left,directions removed,directions moved in,"
        "linear (AUC),2.5 %,97.5 %,halfspace"
    )
    assert none.startswith("nothing erased,no,no,0,,0.91,0.88,0.94,0.83,")
    assert leace.startswith("leace,no,no,1 to 2,,0.52,0.49,0.55,,,,0.94,")


def test_nothing_is_wider_than_a_small_window(alone):
    assert alone.squeeze(EACH, 9000) <= 400


def test_the_table_of_four_probes_and_two_other_labels_fits_a_laptop(page, folder):
    whole = comparisons.sample()
    more = Column("quadratic", Metric("balanced accuracy", 0.5), "QuadraticProbe()")
    rows = [
        replace(
            row,
            eraser=row.eraser.replace("oracle", "quadratic"),
            read_back={**row.read_back, "quadratic": comparisons.cell(0.9)},
        )
        for row in whole.rows
    ]
    opened(page, folder, replace(whole, probes=(*whole.probes, more), rows=tuple(rows)), 4)
    page.size(1200, 1000)
    table = "document.querySelector('#table .wide')"
    page.wait("innerWidth === 1200")
    assert page.run(f"{table}.scrollWidth - {table}.clientWidth") == 0


def test_hostile_strings_are_only_shown(page, folder):
    for text in documents.HOSTILE:
        opened(page, folder, comparisons.hostile(text), 3)
        assert page.run("window.broken") is None
        assert page.run("document.querySelectorAll('main img, main script, .plot a').length") == 0
        assert page.quiet
