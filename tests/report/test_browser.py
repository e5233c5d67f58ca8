"""Page in a real browser: it draws, answers, complains of nothing and fetches nothing."""

import documents
import pytest
from browser import CHROMIUM, browser

from nullprobe.report.page import write_html

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium, which is not installed")

DRAWN = "document.querySelectorAll('.plot[data-drawn=yes]').length"
PLOTS = "document.querySelectorAll('.plot').length"
SPACE = "[...document.querySelectorAll('.plot.space')]"


@pytest.fixture(scope="module")
def page():
    with browser() as found:
        yield found


def opened(page, tmp_path, found, width=1400, height=9000):
    """Open the page of some documents, in a window that shows all of it, and let it draw."""
    write_html(tmp_path / "audit.html", found)
    page.requests.clear()
    page.complaints.clear()
    page.open(tmp_path / "audit.html", width, height)
    page.wait(f"{DRAWN} === {PLOTS}")
    return page


def quiet(page):
    return page.complaints == [] and page.outside == []


def test_everything_is_drawn_without_complaint_or_network(page, tmp_path):
    opened(page, tmp_path, [documents.sample("one"), documents.sample("two", n_axes=1)], height=16000)
    text = page.run("document.body.innerText")
    for claim in documents.claims():
        assert claim.statement in text
    assert text.count("Does not hold") == 4
    assert page.run(f"{SPACE}.every((p) => p.querySelector('.gl-container canvas'))")
    assert page.run("[...document.querySelectorAll('.plot')].every((p) => p.querySelector('.main-svg'))")
    assert page.run("document.querySelectorAll('.plot .trace.bars').length") > 4
    assert quiet(page)


def test_the_policy_refuses_the_network(page, tmp_path):
    opened(page, tmp_path, [documents.sample()])
    assert page.run("fetch('http://127.0.0.1:9/').then(() => 'let through', () => 'refused')") == "refused"
    assert any("Content Security Policy" in said for said in page.complaints)


@pytest.mark.parametrize("text", documents.HOSTILE)
def test_hostile_strings_are_only_shown(page, tmp_path, text):
    opened(page, tmp_path, [documents.hostile(text)])
    assert page.run("window.broken") is None
    assert page.run("document.querySelectorAll('main img, main script, .plot a').length") == 0
    said = " ".join(text.split())
    titles = page.run("[...document.querySelectorAll('.xtitle')].map((t) => t.textContent)")
    assert said[:20] in " ".join(" ".join(titles).split())
    assert quiet(page)


def test_raw_and_standardised_are_a_click_apart(page, tmp_path):
    opened(page, tmp_path, [documents.sample()])
    shown = "document.querySelector('.plot.plane')._fullData[0].x[0]"
    before = page.run(shown)
    page.run("document.querySelector('input[value=standardised]').click()")
    page.wait(f"{shown} !== {before}")
    assert "standardised" in page.run("document.querySelector('.plot.plane').ariaLabel")
    assert "standardised" in page.run("document.querySelector('.seen').innerText")
    assert quiet(page)


def test_both_clouds_turn_together(page, tmp_path):
    opened(page, tmp_path, [documents.sample()])
    eyes = f"JSON.stringify({SPACE}.map((p) => p._fullLayout.scene.camera.eye))"
    start = page.run(eyes)
    page.run("document.querySelector('[data-turn=left]').click()")
    page.wait(f"{eyes} !== '{start}'")
    page.wait(f"new Set({SPACE}.map((p) => p._fullLayout.scene.camera.eye.x)).size === 1")
    page.run("document.querySelector('[data-turn=reset]').click()")
    page.wait(f"{eyes} === '{start}'")
    page.run(f"Plotly.relayout({SPACE}[1], {{'scene.camera.eye': {{x: 2, y: 1, z: 1}}}})")
    assert quiet(page)


def test_a_class_can_be_hidden_by_its_button(page, tmp_path):
    opened(page, tmp_path, [documents.sample()])
    visible = "[...document.querySelectorAll('.plane')].map((p) => p._fullData[1].visible)"
    page.run("document.querySelector('.legend button[data-group=\"1\"]').click()")
    page.wait(f"{visible}.every((v) => v === false)")
    pressed = "[...document.querySelectorAll('[data-group=\"1\"]')].map((b) => b.ariaPressed)"
    assert set(page.run(pressed)) == {"false"}


def test_tables_are_copied_as_csv(page, tmp_path):
    opened(page, tmp_path, [documents.sample(labels=['say "no"', "yes, please"], n=20)])
    page.run("window.copied = []; navigator.clipboard.writeText = async (t) => { copied.push(t); }")
    page.run("document.querySelector('.shown .copy').click()")
    page.run("document.querySelector('details[data-rows] .copy').click()")
    page.wait("copied.length === 2")
    evidence, points = page.run("copied")
    assert evidence.splitlines()[1] == "observed,0.95,,0.93,0.97,,"
    lines = points.splitlines()
    assert len(lines) == 21
    assert lines[1].startswith('"say ""no""",')
    shown = documents.sample()["portrait"]["raw"][0]
    assert lines[1].split(",")[1:4] == [str(v) for v in shown]


def test_copying_works_where_there_is_no_clipboard(page, tmp_path):
    opened(page, tmp_path, [documents.sample()])
    page.run("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.run("document.execCommand = () => { window.taken = getSelection().toString() "
             "|| document.activeElement.value; return true; }")  # fmt: skip
    page.run("document.querySelector('.shown .copy').click()")
    page.wait("window.taken")
    assert page.run("taken").splitlines()[1].startswith("observed,0.95")
    assert page.run("document.querySelector('.shown .copy').textContent") == "Copied"


def test_a_long_table_is_written_when_it_is_opened(page, tmp_path):
    opened(page, tmp_path, [documents.sample()])
    rows = "document.querySelectorAll('details[data-rows] tbody tr').length"
    assert page.run(rows) == 0
    page.run("document.querySelector('details[data-rows]').open = true")
    page.wait(f"{rows} === 60")


@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_is_wider_than_the_window(page, tmp_path, width):
    found = [documents.sample("one"), documents.sample("two", labels="abcdefghij")]
    opened(page, tmp_path, found, width, 24000)
    assert page.run("document.documentElement.scrollWidth") <= width
    wide = "Math.max(...[...document.querySelectorAll('.main-svg')].map((s) => s.getBoundingClientRect().right))"
    page.wait(f"{wide} <= {width}")


def test_the_first_screen_holds_every_verdict(page, tmp_path):
    opened(page, tmp_path, [documents.sample(f"data set {i}") for i in range(4)], 1400, 24000)
    bottom = "Math.max(...[...document.querySelectorAll('#verdicts .holds')].map((h) => h.getBoundingClientRect().bottom))"
    assert page.run("document.querySelectorAll('#verdicts .holds').length") == 16
    assert page.run(bottom) < 1000


def test_pictures_are_painted_for_the_dark(page, tmp_path):
    def scheme(name):
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])  # fmt: skip

    opened(page, tmp_path, [documents.sample()])
    colours = "document.querySelector('.plane')._fullData.map((t) => t.marker.color).join()"
    scheme("light")
    light = page.run(colours)
    scheme("dark")
    page.wait(f"{colours} !== '{light}'")
    scheme("light")
    page.wait(f"{colours} === '{light}'")


def test_everything_that_acts_can_be_reached_by_keyboard(page, tmp_path):
    opened(page, tmp_path, [documents.sample()])
    named = "[...document.querySelectorAll('button, input, summary, [tabindex]')]"
    assert page.run(f"{named}.every((e) => e.tabIndex === 0)")
    assert page.run(f"{named}.every((e) => (e.ariaLabel || e.innerText || e.labels?.length || e.textContent))")
