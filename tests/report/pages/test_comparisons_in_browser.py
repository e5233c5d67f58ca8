"""Page of a comparison in a real browser: it draws, answers, complains of nothing."""

import csv
from dataclasses import replace

import pytest
from support import comparisons, documents
from support.browser import needs_chromium

from nullprobe.comparing.eraser_rows import Column
from nullprobe.data.metric import Metric

pytestmark = [needs_chromium, pytest.mark.slow]

PICTURES = "[...document.querySelectorAll('figure.picture .drawn svg')]"


def opened(page, folder, result):
    result.to_html(folder / "comparison.html")
    page.open(folder / "comparison.html", 1400, 1000)
    return page


@pytest.fixture(scope="module")
def alone(page, folder):
    return opened(page, folder, comparisons.sample())


def test_everything_is_drawn_without_complaint_or_network(alone):
    assert alone.run(f"{PICTURES}.length") == 4
    assert alone.run(f"{PICTURES}.every((p) => p.getBoundingClientRect().height > 100)")
    said = alone.run(f"[...{PICTURES}[0].querySelectorAll('text')].map((t) => t.textContent)")
    assert {"nothing erased", "leace", "uses the labels", "chance"} <= set(said)
    assert alone.quiet


def test_lines_of_both_pictures_lie_beside_each_other(alone):
    left, right = (
        alone.run(f"""[...{PICTURES}[{i}].querySelectorAll('text')]
          .find((t) => t.textContent === 'nothing erased').getBoundingClientRect().top""")
        for i in (0, 1)
    )
    assert abs(left - right) < 12


def test_pictures_are_painted_for_the_dark(alone):
    colours = f"""{PICTURES}.flatMap((s) => [...s.querySelectorAll('use, text')])
      .map((u) => getComputedStyle(u).fill).join()"""
    alone.scheme("light")
    light = alone.run(colours)
    alone.scheme("dark")
    alone.wait(f"{colours} !== '{light}'")
    alone.scheme("light")
    alone.wait(f"{colours} === '{light}'")


def test_the_table_is_copied_as_csv(alone):
    alone.run("window.copied = []")
    alone.run("navigator.clipboard.writeText = async (text) => { copied.push(text); }")
    alone.run("document.querySelector('#table details .copy').click()")
    alone.wait("copied.length === 1")
    head, none, leace = alone.run("copied[0]").splitlines()[:3]
    assert head.startswith(
        "eraser,uses the labels,nothing left,directions removed,directions moved in,"
        "linear (AUC),2.5 %,97.5 %,halfspace"
    )
    assert none.startswith("nothing erased,no,no,0,,0.91,0.88,0.94,0.83,")
    assert leace.startswith("leace,no,no,1 to 2,,0.52,0.49,0.55,,,,0.94,")


def test_every_picture_has_a_table_to_be_copied(alone):
    copies = alone.copied()
    assert set(copies) == {"read-back", "damage", "others-0", "others-0-500"}
    rows = list(csv.reader(copies["read-back"].splitlines()))
    assert rows[0] == ["eraser", "linear (AUC)", "2.5 %", "97.5 %", "halfspace (balanced accuracy)",
                       "2.5 %", "97.5 %", "rbf (AUC)", "2.5 %", "97.5 %"]  # fmt: skip
    assert rows[1][:4] == ["nothing erased", "0.91", "0.88", "0.94"]
    assert list(csv.reader(copies["damage"].splitlines()))[1:3] == [
        ["nothing erased", "0.0", "0.0"], ["leace", "1.25", "1.0"]
    ]  # fmt: skip


def test_nothing_is_wider_than_a_small_window(alone):
    assert alone.squeeze() <= 400


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
    opened(page, folder, replace(whole, probes=(*whole.probes, more), rows=tuple(rows)))
    page.size(1200, 1000)
    table = "document.querySelector('#table .wide')"
    page.wait("innerWidth === 1200")
    assert page.run(f"{table}.scrollWidth - {table}.clientWidth") == 0


def test_hostile_strings_are_only_shown(page, folder):
    for text in documents.HOSTILE:
        opened(page, folder, comparisons.hostile(text))
        assert page.run("window.broken") is None
        assert page.run("document.querySelectorAll('main img, main script, svg a').length") == 0
        assert page.quiet
