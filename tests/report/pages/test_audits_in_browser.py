"""Page in a real browser: it answers, complains of nothing and fetches nothing."""

import csv
import io
import re
from xml.etree import ElementTree

import pytest
from PIL import Image
from support import documents
from support.browser import needs_chromium

from nullprobe._core.printable import printable
from nullprobe.report.pages.audits import write_html
from nullprobe.report.text import rungs, wording

pytestmark = [needs_chromium, pytest.mark.slow]

SPACE = "[...document.querySelectorAll('svg.space')]"
POINTS = f"JSON.stringify({SPACE}.map((svg) => svg.querySelector('.points').getAttribute('d')))"
DRAWN = "[...document.querySelectorAll('.drawn svg')]"
VERDICTS = "[...document.querySelectorAll('article.claim')].map((claim) => claim.textContent)"


def opened(page, folder, found):
    write_html(folder / "audit.html", found)
    page.open(folder / "audit.html", 1400, 1000)
    return page


@pytest.fixture(scope="module")
def alone(page, folder):
    """Return a page of one data set, which the tests below share: opening one takes seconds."""
    document = documents.founding()
    document["portrait"]["labels"][0] = 'say "no"'
    return opened(page, folder, [document])


def test_everything_is_drawn_without_complaint_or_network(alone):
    assert alone.run(f"{SPACE}.length") == 2
    sizes = "map((s) => s.getBoundingClientRect()).map((b) => [b.width, b.height])"
    shown = alone.run(f"{DRAWN}.filter((s) => s.checkVisibility()).{sizes}")
    assert len(shown) == alone.run(f"{DRAWN}.length") - 2 > 12  # without the scores
    assert all(width > 100 and height > 60 for width, height in shown)
    text = alone.run("document.body.innerText")
    assert "Tested" in text
    assert "Came out" in text or "came out" in text
    assert alone.quiet


def said(claims):
    """Return what a page should say of claims: name, verdict, and both axes."""
    return [
        [wording.claim_name(c.name), wording.VERDICTS[c.holds],
         f"Takes {rungs.rung(c.takes).name}", f"Comes from {rungs.source(c.comes_from)}"]
        for c in claims
    ]  # fmt: skip


def test_every_verdict_can_be_read_from_its_section(alone):
    for text, parts in zip(alone.run(VERDICTS), said(documents.all_claims()), strict=True):
        assert all(part in text for part in parts), parts


def test_both_clouds_turn_together_by_a_button_and_back_by_a_double_click(alone):
    start = alone.run(POINTS)
    for side in ("left", "up", "right", "down"):
        before = alone.run(POINTS)
        alone.run(f"document.querySelector('[data-turn={side}]').click()")
        alone.wait(f"{POINTS} !== {before!r}")
    boxes = f"{SPACE}.map((svg) => svg.querySelector('.box').getAttribute('d'))"
    alone.run("document.querySelector('[data-turn=left]').click()")
    alone.wait(f"{POINTS} !== {start!r}")
    assert len(set(alone.run(boxes))) == 1
    alone.run(f"{SPACE}[1].dispatchEvent(new MouseEvent('dblclick', {{bubbles: true}}))")
    alone.wait(f"{POINTS} === {start!r}")
    assert alone.quiet


def test_what_the_script_draws_from_the_start_is_what_stands_in_the_page(alone, folder):
    text = (folder / "audit.html").read_text("utf-8")
    first = [
        re.findall(r' d="([^"]*)"', svg) for svg in re.findall('<svg class="space".*?</svg>', text)
    ]
    alone.run("document.querySelector('[data-turn=left]').click()")
    alone.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    paths = f"{SPACE}.map((s) => [...s.querySelectorAll('path')].map((p) => p.getAttribute('d')))"
    assert alone.run(paths) != first
    alone.run(f"{SPACE}[0].dispatchEvent(new MouseEvent('dblclick', {{bubbles: true}}))")
    alone.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert alone.run(paths) == first
    texts = f"{SPACE}.map((s) => [...s.querySelectorAll('text')].map((t) => t.outerHTML))"
    written = [
        re.findall("<text.*?</text>", svg)
        for svg in re.findall('<svg class="space".*?</svg>', text)
    ]
    assert [[re.sub(r"<[^>]*>", "", t) for t in svg] for svg in alone.run(texts)] == [
        [re.sub(r"<[^>]*>", "", t) for t in svg] for svg in written
    ]
    places = r'\b(?:x|y|text-anchor|transform)="[^"]*"'
    assert [[sorted(re.findall(places, t)) for t in svg] for svg in alone.run(texts)] == [
        [sorted(re.findall(places, t)) for t in svg] for svg in written
    ]


def test_turning_one_cloud_by_hand_turns_the_other(alone):
    alone.run(f"{SPACE}[0].scrollIntoView({{block: 'center', behavior: 'instant'}})")
    alone.run(f"window.box = {SPACE}[0].getBoundingClientRect()")
    x, y = alone.run("[box.x + box.width / 2, box.y + box.height / 2]")
    start = alone.run(POINTS)
    other = f"{SPACE}[1].querySelector('.box').getAttribute('d')"
    still = alone.run(other)
    for kind, shift in (("Pressed", 0), ("Moved", 60), ("Moved", 120), ("Released", 120)):
        alone.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x + shift, y=y,
                   button="left", buttons=int(kind != "Released"), clickCount=1)  # fmt: skip
    alone.wait(f"{other} !== '{still}'")
    assert alone.run(other) == alone.run(other.replace("[1]", "[0]", 1))
    alone.run(f"{SPACE}[0].dispatchEvent(new MouseEvent('dblclick', {{bubbles: true}}))")
    alone.wait(f"{POINTS} === {start!r}")
    assert alone.quiet


def test_a_class_can_be_hidden_by_its_button(alone):
    count = f"{SPACE}.map((svg) => svg.querySelectorAll('.points.class-1').length)"
    button = "document.querySelector('.legend button[data-group=\"1\"]')"
    shown = alone.run(count)
    assert min(shown) > 0
    alone.run(f"{button}.click()")
    alone.wait(f"{count}.every((n) => n === 0)")
    assert alone.run(f"{button}.ariaPressed") == "false"
    assert alone.run(f"{SPACE}.every((svg) => svg.querySelector('.points.class-0'))")
    alone.run(f"{button}.click()")
    alone.wait(f"{count}.join() === '{','.join(map(str, shown))}'")
    assert alone.run(f"{button}.ariaPressed") == "true"


def test_a_link_opens_what_is_folded(alone):
    inside = "document.getElementById('set-1-data-scores-raw')"
    assert not alone.run(f"{inside}.checkVisibility()")
    alone.run("location.hash = '#set-1-data-scores-raw'")
    alone.wait(f"{inside}.checkVisibility()")
    alone.run("document.querySelectorAll('details').forEach((d) => { d.open = false; })")


def test_a_long_table_is_written_when_it_is_opened(alone):
    rows = "document.querySelectorAll('details[data-rows] tbody tr').length"
    assert alone.run(rows) == 0
    alone.run("document.querySelector('details[data-rows]').open = true")
    alone.wait(f"{rows} === 60")


EVIDENCE = "document.querySelector('.numbers .open + .open .copy')"


def test_tables_are_copied_as_csv(alone):
    alone.run("window.copied = []")
    alone.run("navigator.clipboard.writeText = async (text) => { copied.push(text); }")
    alone.run(f"{EVIDENCE}.click()")
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
    alone.run(f"{EVIDENCE}.click()")
    alone.wait("window.taken")
    assert alone.run("taken").splitlines()[1].startswith("observed,0.95")
    alone.wait(f"{EVIDENCE}.textContent === 'Copied'")


KINDS = [
    "set-1-data-rows", "set-1-data-accuracy", "set-1-data-readable-null-0",
    "set-1-data-erasure-holds-null-0", "set-1-data-one-feature-curve", "set-1-data-transfers-read",
    "set-1-data-consistent-null-0", "set-1-data-scores-raw",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("key", KINDS)
def test_a_picture_is_saved_as_svg_that_stands_alone(alone, key, scheme):
    alone.scheme(scheme)
    alone.run("document.querySelectorAll('details.more').forEach((d) => { d.open = true; })")
    name, content = alone.saved(key, "svg")
    assert name == f"{key}.svg"
    text = content.decode()
    root = ElementTree.fromstring(text)
    assert "var(" not in text
    assert "class=" not in text
    ids = {element.get("id") for element in root.iter()} - {None}
    assert set(re.findall(r'(?:href="|url\((?:&quot;|\')?)#([\w-]+)', text)) <= ids
    title = alone.run(f"document.getElementById('{key}').querySelector('h3, h4').textContent")
    assert title in "".join(root.itertext())
    paper = {"light": "#fdfcfa", "dark": "#16181d"}[scheme]
    assert root[0].get("fill") == paper
    alone.scheme("light")


@pytest.mark.parametrize("key", KINDS)
def test_a_picture_is_saved_as_png_that_shows_something(alone, key):
    name, content = alone.saved(key, "png")
    assert name == f"{key}.png"
    image = Image.open(io.BytesIO(content)).convert("RGB")
    root = ElementTree.fromstring(alone.saved(key, "svg")[1])
    assert image.size == tuple(int(2 * float(root.get(side))) for side in ("width", "height"))
    below = image.crop((0, 60, *image.size))  # without the title
    colours = below.getcolors(1 << 24)
    paper = max(count for count, _ in colours)
    assert 0.002 < 1 - paper / (below.width * below.height) < 0.9
    assert len(colours) > 8
    assert alone.quiet


def test_pictures_are_painted_for_the_dark_and_light_on_paper(alone):
    colours = f"""JSON.stringify({DRAWN}.slice(0, 5)
      .map((svg) => [...svg.querySelectorAll('path, text')]
      .map((p) => getComputedStyle(p)).map((s) => s.fill + s.stroke + s.color)))"""
    alone.scheme("light")
    light = alone.run(colours)
    alone.scheme("dark")
    alone.wait(f"{colours} !== {light!r}")
    dark = alone.run(colours)
    for one, other in zip(eval(light), eval(dark), strict=True):
        assert one != other
    alone.run("dispatchEvent(new Event('beforeprint'))")
    assert alone.run("document.documentElement.dataset.theme") == "light"
    assert alone.run(colours) == light
    alone.run("dispatchEvent(new Event('afterprint'))")
    assert alone.run(colours) == dark
    alone.scheme("light")


def test_everything_that_acts_can_be_reached_by_keyboard(alone):
    named = "[...document.querySelectorAll('button, summary, a, [tabindex]')]"
    assert alone.run(f"{named}.every((e) => e.tabIndex === 0)")
    assert alone.run(f"{named}.every((e) => e.ariaLabel || e.textContent.trim())")


def test_nothing_is_wider_than_a_small_window(alone):
    alone.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert alone.squeeze() <= 400
    alone.size(1400, 1000)


def test_the_policy_refuses_the_network(alone):
    asked = "fetch('http://127.0.0.1:9/').then(() => 'let through', () => 'refused')"
    assert alone.run(asked) == "refused"
    assert any("Content Security Policy" in said for said in alone.complaints)


def test_the_first_screens_hold_the_answer_and_every_verdict(page, folder):
    opened(page, folder, [documents.sample()])
    bottom = "document.querySelector('{}').getBoundingClientRect().bottom"
    assert page.run(bottom.format(".answer")) < 500
    assert page.run(bottom.format(".verdict-list")) < 2000
    found = [documents.sample(f"data set {i}", n_axes=2) for i in range(4)]
    opened(page, folder, found)
    holds = "[...document.querySelectorAll('#verdicts .holds')]"
    assert page.run(f"{holds}.length") == 16
    assert page.run(f"Math.max(...{holds}.map((h) => h.getBoundingClientRect().bottom))") < 2000
    assert page.quiet


def test_a_real_audit_is_read_from_its_page(page, folder, audited):
    opened(page, folder, [audited.document().plain()])
    for text, parts in zip(page.run(VERDICTS), said(audited.claims), strict=True):
        assert all(part in text for part in parts), parts
    keys = ("one-feature-curve", "transfers-read", "transfers-erased")
    shown = page.run("[...document.querySelectorAll('article figure')].map((f) => f.id)")
    assert all(any(key in one for one in shown) for key in keys)
    assert page.quiet


def test_hostile_strings_are_only_shown(page, folder):
    found = [documents.hostile(text, 1 + i % 3) for i, text in enumerate(documents.HOSTILE)]
    for several in (found[:3], found[3:], found):  # unfolded, and folded
        opened(page, folder, several)
        page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert page.run("window.broken") is None
        assert page.run("document.querySelectorAll('main img, main script, svg a').length") == 0
        shown = " ".join(page.run("document.body.textContent").split())
        for text in documents.HOSTILE if several is found else ():
            assert " ".join(printable(text).split()) in shown
        assert page.quiet
