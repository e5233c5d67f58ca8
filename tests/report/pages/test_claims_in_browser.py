"""Curves, matrices and overviews in a real browser: drawn, legible, light and dark, on paper."""

import re

import pytest
from support import documents
from support.browser import needs_chromium

from nullprobe.report.pages.audits import write_html

pytestmark = [needs_chromium, pytest.mark.slow]

LEGIBLE = 4.5  # contrast of small text, by WCAG 2.2, 1.4.3
OWN = "[...document.querySelectorAll('.plot.curve, .plot.heat')]"
HEAT = "document.querySelector('.plot.heat')._fullData[0]"
CELLS = "[...document.querySelectorAll('.plot.heat')].map((p) => "
CELLS += "[...p.querySelectorAll('.heatmap-label text')].map((t) => t.textContent))"
TABLES = ".own details.table"


def opened(page, folder, found):
    write_html(folder / "audit.html", found)
    page.open(folder / "audit.html", 1200, 1000)
    return page


@pytest.fixture(scope="module")
def alone(page, folder):
    """Return a page with every claim, its own pictures drawn."""
    opened(page, folder, [documents.sample(n_axes=2, claims=documents.all_claims())])
    page.unroll(1200)
    page.wait(f"{OWN}.length === 3 && {OWN}.every((p) => p.dataset.drawn === 'yes')")
    return page


def painted(alone, scheme):
    alone.scheme(scheme)
    paper = "getComputedStyle(document.documentElement).getPropertyValue('--heat').trim()"
    alone.wait(f"{HEAT}.colorscale[1][1] === {paper}")


def luminance(colour):
    parts = [int(pair, 16) / 255 for pair in re.findall("[0-9a-f]{2}", colour)]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_curve_is_drawn_with_its_band_and_its_intervals(alone):
    count = "document.querySelectorAll('.plot.curve {}').length"
    assert alone.run(count.format(".js-fill")) == 1
    assert alone.run(count.format(".errorbar path.yerror")) == 4
    assert alone.run(count.format(".point")) == 4
    assert alone.complaints == alone.outside == []


def test_the_cells_of_a_matrix_say_what_its_table_says(alone):
    found = documents.matrices("abc")
    shown = alone.run(CELLS)
    for cells, key in zip(shown, ("read", "erased"), strict=True):
        assert sorted(cells) == sorted(f"{value:.2f}" for value in found[key].ravel())
    alone.run(f"document.querySelectorAll('{TABLES}').forEach((d) => {{ d.open = true; }})")
    row = f"[...document.querySelector('{TABLES} tbody tr').cells].map((c) => c.textContent)"
    assert alone.run(row) == ["a", "0.900", "0.601", "0.602"]


def test_numbers_in_cells_are_legible_in_the_light_and_in_the_dark(alone):
    for scheme in ("dark", "light"):
        painted(alone, scheme)
        ink = alone.run(f"{HEAT}.textfont.color")
        for colour in alone.run(f"{HEAT}.colorscale.map(([, colour]) => colour)"):
            assert contrast(ink, colour) >= LEGIBLE, (scheme, colour)


def test_paper_has_the_curve_and_the_matrices_in_light_colours(alone):
    painted(alone, "dark")
    colours = f"[{HEAT}.colorscale[1][1], {OWN}[0]._fullData[0].fillcolor].join()"
    dark = alone.run(colours)
    alone.run("dispatchEvent(new Event('beforeprint'))")
    alone.wait(f"{colours} !== '{dark}'")
    paper = alone.run(colours)
    alone.run("dispatchEvent(new Event('afterprint'))")
    alone.wait(f"{colours} === '{dark}'")
    painted(alone, "light")
    assert alone.run(colours) == paper
    assert "0.25)" in paper  # the curve is seen through its band


def test_each_picture_has_words_for_who_cannot_see_it(alone):
    assert alone.run(f"{OWN}.every((p) => p.role === 'img' && p.ariaLabel.length > 60)")
    assert "lies above" in alone.run(f"{OWN}[0].ariaLabel")
    assert "3 groups: within a group" in alone.run(f"{OWN}[1].ariaLabel")


def test_pictures_fit_a_small_window(alone):
    assert alone.squeeze(OWN, 12000) <= 400


def test_twelve_layers_are_seen_without_scrolling_sideways(page, folder):
    opened(page, folder, documents.layers(12, n_axes=1))
    table = "document.querySelector('.overview')"
    cells = f"[...{table}.querySelectorAll('td, th')]"
    assert page.run(f"{table}.querySelectorAll('.holds').length") == 12 * len(
        documents.all_claims()
    )
    for width in (1200, 400):
        page.size(width, 1000)
        assert page.run(f"{table}.getBoundingClientRect().right") <= width
        assert page.run(f"{cells}.filter((c) => c.scrollWidth > c.clientWidth).length") == 0
    page.wait("document.documentElement.scrollWidth <= 400")
    assert page.complaints == page.outside == []


def test_more_solid_pictures_than_a_browser_holds_are_left_off_paper(page, folder):
    claims = documents.claims()[:1]
    opened(page, folder, [documents.sample(str(i), n=12, claims=claims) for i in range(7)])
    page.run("dispatchEvent(new Event('beforeprint'))")
    page.wait("[...document.querySelectorAll('.plot.plane')].every((p) => p.dataset.drawn)")
    page.call("Emulation.setEmulatedMedia", media="print")
    height = "document.querySelector('.plot.{}').getBoundingClientRect().height"
    assert page.run(height.format("space")) == 0
    assert page.run(height.format("plane")) > 0
    page.call("Emulation.setEmulatedMedia", media="")
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run(height.format("space")) > 0
    assert page.complaints == []
