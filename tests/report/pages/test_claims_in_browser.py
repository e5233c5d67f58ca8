"""Curves, matrices and overviews in a real browser: legible, light and dark, in small windows."""

import re

import pytest
from support import documents
from support.browser import needs_chromium

from nullprobe.report.pages.audits import write_html

pytestmark = [needs_chromium, pytest.mark.slow]

LEGIBLE = 4.5  # contrast of small text, by WCAG 2.2, 1.4.3
HEAT = "document.querySelector('[id$=transfers-{}] .drawn svg')"
COLOUR = """((colour) => { const c = document.createElement('canvas').getContext('2d');
  c.fillStyle = colour; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; })"""


def opened(page, folder, found):
    write_html(folder / "audit.html", found)
    page.open(folder / "audit.html", 1200, 1000)
    return page


@pytest.fixture(scope="module")
def alone(page, folder):
    """Return a page with every claim."""
    return opened(page, folder, [documents.sample(n_axes=2, claims=documents.all_claims())])


def luminance(colour):
    parts = [value / 255 for value in colour[:3]]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_cells_of_a_matrix_say_what_its_table_says(alone):
    found = documents.matrices("abc")
    for key in ("read", "erased"):
        cells = alone.run(
            f"[...{HEAT.format(key)}.querySelectorAll('text')].map((t) => t.textContent)"
        )
        written = [cell for cell in cells if re.fullmatch(r"\d\.\d\d", cell)]
        assert written == [f"{value:.2f}" for value in found[key].ravel()]
    row = f"[...{HEAT.format('read')}.closest('figure').querySelector('tbody tr').cells]"
    assert alone.run(f"{row}.map((c) => c.textContent)") == ["a", "0.900", "0.601", "0.602"]


def test_numbers_in_cells_are_legible_in_the_light_and_in_the_dark(alone):
    svg = HEAT.format("read")
    for scheme in ("dark", "light"):
        alone.scheme(scheme)
        paper = alone.run(f"{COLOUR}(getComputedStyle(document.body).backgroundColor)")
        ink = alone.run(f"{COLOUR}(getComputedStyle({svg}.querySelector('text')).fill)")
        cells = alone.run(f"""[...{svg}.querySelectorAll('path')].map((p) => getComputedStyle(p))
          .filter((s) => s.fill !== 'none')
          .map((s) => [...{COLOUR}(s.fill), Number(s.opacity) * Number(s.fillOpacity)])""")
        assert len(cells) >= 9
        for *colour, _, opacity in cells:
            mixed = [opacity * a + (1 - opacity) * b for a, b in zip(colour, paper, strict=False)]
            assert contrast(ink, mixed) >= LEGIBLE, (scheme, colour, opacity)


def test_each_picture_has_words_for_who_cannot_see_it(alone):
    shown = "[...document.querySelectorAll('article [role=img]')].map((e) => e.ariaLabel)"
    words = alone.run(shown)
    assert all(len(one) > 60 for one in words)
    assert sum("lies above" in one for one in words) == 1
    assert sum("3 groups: within a group" in one for one in words) == 2


def test_pictures_fit_a_small_window(alone):
    assert alone.squeeze() <= 400
    right = (
        "[...document.querySelectorAll('.drawn svg')].map((s) => s.getBoundingClientRect().right)"
    )
    assert max(alone.run(right)) <= 400


def test_twelve_layers_are_seen_without_scrolling_sideways(page, folder):
    opened(page, folder, documents.survey(documents.layers(12, n_axes=1)))
    table = "document.querySelector('.overview')"
    cells = f"[...{table}.querySelectorAll('td, th')]"
    assert page.run(f"{table}.querySelectorAll('.holds').length") == 12 * len(
        documents.layers(2)[0]["claims"]
    )
    for width in (1200, 400):
        page.size(width, 1000)
        page.wait(f"innerWidth === {width}")
        assert page.run(f"{table}.getBoundingClientRect().right") <= width
        assert page.run(f"{cells}.filter((c) => c.scrollWidth > c.clientWidth).length") == 0
    page.wait("document.documentElement.scrollWidth <= 400")
    assert page.complaints == page.outside == []


def test_a_verdict_of_a_layer_leads_to_its_claim_and_opens_its_tables(page):
    page.run("document.querySelector('.overview tbody tr:nth-child(3) a.brief').click()")
    page.wait("document.querySelectorAll('details.set')[2].open")
    assert page.run("location.hash").endswith("layer-2-readable")
    article = "document.getElementById(location.hash.slice(1))"
    assert page.run(f"{article}.checkVisibility()")
    details = f"{article}.querySelector('details.numbers')"
    assert page.run(f"{details}.querySelectorAll('table').length") == 0
    page.run(f"{details}.open = true")
    page.wait(f"{details}.querySelectorAll('tbody tr').length > 3")
    assert page.run(f"{details}.querySelector('tbody th').scope") == "row"
    assert page.quiet
