"""Page in a real browser: it draws, answers, complains of nothing and fetches nothing."""

import csv

import pytest
from support import documents
from support.browser import needs_chromium

from nullprobe.report.pages.audits import write_html
from nullprobe.report.text import rungs, wording

pytestmark = [needs_chromium, pytest.mark.slow]

DRAWN = "document.querySelectorAll('.plot[data-drawn=yes]').length"
PLOTS = "document.querySelectorAll('.plot').length"
EACH = "[...document.querySelectorAll('.plot')]"
SPACE = "[...document.querySelectorAll('.plot.space')]"
SAID = [".kicker", ".holds", ".about b", ".origin b"]
VERDICTS = f"""[...document.querySelectorAll('article.claim')].map((claim) =>
  {SAID}.map((part) => claim.querySelector(part).textContent))"""


def opened(page, folder, found):
    """Open the page of some documents, make the window as high as the page, and let it draw."""
    write_html(folder / "audit.html", found)
    page.open(folder / "audit.html", 1400, 1000)
    page.unroll(1400)
    page.wait(f"{DRAWN} === {PLOTS}")
    return page


@pytest.fixture(scope="module")
def alone(page, folder):
    """Return a page of one data set, which the tests below share: opening one takes seconds."""
    claims, labels = documents.all_claims(), ['say "no"', "yes, please"]
    return opened(page, folder, [documents.sample(labels=labels, claims=claims)])


def test_everything_is_drawn_without_complaint_or_network(alone):
    text = alone.run("document.body.innerText")
    for claim in documents.all_claims():
        assert claim.statement in text
    assert text.count("Does not hold") == 4
    assert alone.run(f"{SPACE}.length === 2")
    assert alone.run(f"{SPACE}.every((p) => p.querySelector('.gl-container canvas'))")
    assert alone.run(f"{EACH}.every((p) => p.querySelector('.main-svg'))")
    assert alone.run("document.querySelectorAll('.plot .trace.bars').length") > 4
    assert alone.quiet


def said(claims):
    """Return what a page should say of claims: name, verdict, and both axes."""
    return [
        [wording.claim_name(c.name), wording.VERDICTS[c.holds],
         f"Takes {rungs.rung(c.takes).name}", f"Comes from {rungs.source(c.comes_from)}"]
        for c in claims
    ]  # fmt: skip


def test_every_verdict_can_be_read_from_its_section(alone):
    assert alone.run(VERDICTS) == said(documents.all_claims())


def test_raw_and_standardised_are_a_click_apart(alone):
    shown = "document.querySelector('.plot.plane')._fullData[0].x[0]"
    before = alone.run(shown)
    alone.run("document.querySelector('input[value=standardised]').click()")
    alone.wait(f"{shown} !== {before}")
    assert "standardised" in alone.run("document.querySelector('.plot.plane').ariaLabel")
    assert "standardised" in alone.run("document.querySelector('.seen').innerText")
    alone.run("document.querySelector('input[value=raw]').click()")
    alone.wait(f"{shown} === {before}")
    assert alone.quiet


def test_both_clouds_turn_together(alone):
    eyes = f"JSON.stringify({SPACE}.map((p) => p._fullLayout.scene.camera.eye))"
    start = alone.run(eyes)
    alone.run("document.querySelector('[data-turn=left]').click()")
    alone.wait(f"{eyes} !== '{start}'")
    alone.wait(f"new Set({SPACE}.map((p) => p._fullLayout.scene.camera.eye.x)).size === 1")
    alone.run("document.querySelector('[data-turn=reset]').click()")
    alone.wait(f"{eyes} === '{start}'")
    assert alone.quiet


def test_turning_one_cloud_by_hand_turns_the_other(alone):
    alone.run(f"{SPACE}[0].scrollIntoView()")
    alone.run(f"window.box = {SPACE}[0].getBoundingClientRect()")
    x, y = alone.run("[box.x + box.width / 2, box.y + box.height / 2]")
    other = f"JSON.stringify({SPACE}[1]._fullLayout.scene.camera.eye)"
    start = alone.run(other)
    for kind, shift in (("Pressed", 0), ("Moved", 60), ("Moved", 120), ("Released", 120)):
        alone.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x + shift, y=y,
                   button="left", buttons=int(kind != "Released"), clickCount=1)  # fmt: skip
    alone.wait(f"{other} !== '{start}'")
    assert alone.quiet


def test_a_class_can_be_hidden_by_its_button(alone):
    visible = "[...document.querySelectorAll('.plane')].map((p) => p._fullData[1].visible)"
    button = "document.querySelector('.legend button[data-group=\"1\"]')"
    alone.run(f"{button}.click()")
    alone.wait(f"{visible}.every((v) => v === false)")
    pressed = "[...document.querySelectorAll('[data-group=\"1\"]')].map((b) => b.ariaPressed)"
    assert set(alone.run(pressed)) == {"false"}
    alone.run(f"{button}.click()")
    alone.wait(f"{visible}.every((v) => v === true)")


def test_a_long_table_is_written_when_it_is_opened(alone):
    rows = "document.querySelectorAll('details[data-rows] tbody tr').length"
    assert alone.run(rows) == 0
    alone.run("document.querySelector('details[data-rows]').open = true")
    alone.wait(f"{rows} === 60")


def test_tables_are_copied_as_csv(alone):
    alone.run("window.copied = []")
    alone.run("navigator.clipboard.writeText = async (text) => { copied.push(text); }")
    alone.run("document.querySelector('.shown .open + .open .copy').click()")
    alone.run("document.querySelector('details[data-rows] .copy').click()")
    alone.wait("copied.length === 2")
    evidence, points = alone.run("copied")
    assert evidence.splitlines()[1] == "observed,0.95,,0.93,0.97,,"
    rows = list(csv.reader(points.splitlines()))
    assert len(rows) == 61
    assert rows[1][0] == 'say "no"'
    shown = documents.sample()["portrait"]["raw"][0]
    assert [float(v) for v in rows[1][1:4]] == shown


def test_copying_works_where_there_is_no_clipboard(alone):
    alone.run("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    taken = "window.taken = document.activeElement.value"
    alone.run(f"document.execCommand = () => {{ {taken}; return true; }}")
    alone.run("document.querySelector('.shown .open + .open .copy').click()")
    alone.wait("window.taken")
    assert alone.run("taken").splitlines()[1].startswith("observed,0.95")
    assert alone.run("document.querySelector('.shown .open + .open .copy').textContent") == "Copied"


def test_pictures_are_painted_for_the_dark(alone):
    colours = "document.querySelector('.plane')._fullData.map((t) => t.marker.color).join()"
    alone.scheme("light")
    light = alone.run(colours)
    alone.scheme("dark")
    alone.wait(f"{colours} !== '{light}'")
    alone.scheme("light")
    alone.wait(f"{colours} === '{light}'")


def test_paper_is_light_and_without_hatching(alone):
    shapes = "document.querySelector('.scored')._fullData.map((t) => t.marker.pattern?.shape || '')"
    assert alone.run(shapes) == ["", "/"]
    alone.run("dispatchEvent(new Event('beforeprint'))")
    assert alone.run("document.documentElement.dataset.theme") == "light"
    alone.wait(f"{shapes}.join('') === ''")
    alone.run("dispatchEvent(new Event('afterprint'))")
    alone.wait(f"{shapes}.join('') === '/'")
    assert alone.run("document.documentElement.dataset.theme") is None


def test_everything_that_acts_can_be_reached_by_keyboard(alone):
    named = "[...document.querySelectorAll('button, input, summary, [tabindex]')]"
    assert alone.run(f"{named}.every((e) => e.tabIndex === 0)")
    assert alone.run(f"{named}.every((e) => e.ariaLabel || e.textContent || e.labels?.length)")


def test_nothing_is_wider_than_a_small_window(alone):
    assert alone.squeeze(EACH, 24000) <= 400


def test_the_policy_refuses_the_network(alone):
    asked = "fetch('http://127.0.0.1:9/').then(() => 'let through', () => 'refused')"
    assert alone.run(asked) == "refused"
    assert any("Content Security Policy" in said for said in alone.complaints)


def test_the_first_screen_holds_every_verdict(page, folder):
    found = [documents.sample(f"data set {i}", n_axes=2) for i in range(4)]
    opened(page, folder, found)
    holds = "[...document.querySelectorAll('#verdicts .holds')]"
    assert page.run(f"{holds}.length") == 16
    assert page.run(f"Math.max(...{holds}.map((h) => h.getBoundingClientRect().bottom))") < 1000
    assert page.quiet


def test_a_real_audit_is_read_from_its_page(page, folder, audited):
    opened(page, folder, [audited.document().plain()])
    assert page.run(VERDICTS) == said(audited.claims)
    assert page.run("document.querySelectorAll('.plot.curve, .plot.heat').length") == 3
    assert page.quiet


def test_hostile_strings_are_only_shown(page, folder):
    found = [documents.hostile(text, 1 + i % 3) for i, text in enumerate(documents.HOSTILE)]
    opened(page, folder, found)
    assert page.run("window.broken") is None
    assert page.run("document.querySelectorAll('main img, main script, .plot a').length") == 0
    titles = page.run("[...document.querySelectorAll('.xtitle')].map((t) => t.textContent)")
    shown = {" ".join(title.replace("\u2060", "").split()) for title in titles}
    for text in documents.HOSTILE:
        assert " ".join(text.split())[:59] in {title[:59] for title in shown}
    assert page.quiet
