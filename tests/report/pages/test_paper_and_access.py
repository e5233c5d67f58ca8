"""Pages on paper, for readers of any ability, and in few bytes."""

import os
import re
from pathlib import Path

import pytest
from support import comparisons, documents
from support.browser import needs_chromium

from nullprobe.report.pages.audits import render, write_html

MOST_PAGES = 12  # of three data sets with all claims
MOST_BYTES = 1_000_000
WHOLE = "tr, .picture, .answer > div, .verdict-list li, .set-head, .untested dt"
AXE = Path(os.environ.get("NULLPROBE_AXE", "node_modules/axe-core/axe.min.js"))
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="needs axe-core, from npm")
RUN = """axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations
  .filter((v) => ['serious', 'critical'].includes(v.impact))
  .map((v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary]))"""


@needs_chromium
@pytest.mark.slow
def test_three_data_sets_are_at_most_twelve_pages_of_paper(page, folder):
    write_html(folder / "p.html", [documents.founding(title) for title in ("a", "b", "c")])
    page.open(folder / "p.html")
    pdf = page.pdf()
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 3 < pages <= MOST_PAGES


@needs_chromium
@pytest.mark.slow
def test_no_row_and_no_picture_is_split_on_paper(page, folder):
    write_html(folder / "p.html", [documents.founding()])
    page.open(folder / "p.html")
    page.size(703, 1000)  # as wide as A4 without its margins
    page.call("Emulation.setEmulatedMedia", media="print")
    parts = f"[...document.querySelectorAll('{WHOLE}')].filter((e) => e.checkVisibility())"
    assert page.run(f"{parts}.length") > 25
    assert set(page.run(f"{parts}.map((e) => getComputedStyle(e).breakInside)")) == {"avoid"}
    heights = f"{parts}.map((e) => e.getBoundingClientRect().height)"
    assert max(page.run(heights)) < 1000  # A4 without its margins: what is higher must be split
    page.call("Emulation.setEmulatedMedia", media="")


@needs_chromium
@needs_axe
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["audit", "layers", "several", "erasers"])
def test_axe_finds_nothing_serious(page, folder, kind):
    found = {
        "audit": lambda: [documents.founding()],
        "layers": lambda: documents.layers(5),
        "several": lambda: [documents.sample("a"), documents.numeric()],
    }
    if kind == "erasers":
        comparisons.sample().to_html(folder / "p.html")
    else:
        write_html(folder / "p.html", found[kind]())
    page.open(folder / "p.html")
    page.run(AXE.read_text("utf-8") + "; 1")
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        for folded in (True, False):
            opens = "true" if not folded else "false"
            page.run(
                f"document.querySelectorAll('details').forEach((d) => {{ d.open = {opens}; }})"
            )
            assert page.run(RUN) == [], (scheme, folded)
    page.scheme("light")


def bytes_of(n_layers, n_claims=None):
    """Return an estimate of the size of a page of many layers.

    What a layer adds is the difference of two surveys, which are drawn fast, and its histograms.
    """
    five, seven = ([one | {"claims": one["claims"][:n_claims]} for one in documents.layers(n)]
                   for n in (5, 7))  # fmt: skip
    whole, few, more = (
        len(render(found).encode())
        for found in (five, documents.survey(five), documents.survey(seven))
    )
    return whole + (n_layers - 5) * ((whole - few) / 5 + (more - few) / 2)


@pytest.mark.slow
def test_pages_are_smaller_than_a_megabyte():
    assert len(render([documents.founding()]).encode()) < MOST_BYTES / 2
    assert bytes_of(12) < MOST_BYTES
    assert bytes_of(80, n_claims=2) < MOST_BYTES
