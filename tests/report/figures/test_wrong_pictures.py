"""Wrong pictures: every figure draws every nasty input, as well-formed and legible SVG."""

import re
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest
from support import pictures

from nullprobe.report.figures import roles, sheet

CASES = list(pictures.nasty())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "given"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_a_picture_of_anything_is_legible_and_holds_no_markup(kind, given):
    figure, axes, notes = pictures.drawn(kind, *given)
    svg = sheet.svg(figure, "a key")
    root = ElementTree.fromstring(svg)
    assert all(size >= 11 for _, size in pictures.texts(svg))
    ids = Counter(element.get("id") for element in root.iter() if element.get("id"))
    assert max(ids.values(), default=1) == 1
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {
        "svg",
        "g",
        "defs",
        "path",
        "use",
        "text",
        "tspan",
        "clipPath",
        "rect",
        "pattern",
    }
    assert len(svg) < 400_000
    assert all(isinstance(note, str) and note.endswith(".") for note in notes)
    for ax in axes:
        for low, high in (ax.get_xlim(), ax.get_ylim()):
            assert np.isfinite([low, high]).all()
            assert low != high


def test_every_figure_has_wrong_pictures():
    assert {kind for _, kind, _ in CASES} == set(pictures.FIGURES)


@pytest.mark.parametrize("kind", pictures.FIGURES)
def test_the_same_input_gives_the_same_bytes_and_another_key_other_identifiers(kind):
    made = [
        sheet.svg(pictures.drawn(kind, *pictures.usual()[kind])[0], key)
        for key in ("one", "one", "other")
    ]
    assert made[0] == made[1]
    found = [set(re.findall(r' id="([^"]+)"', text)) for text in (made[0], made[2])]
    assert not found[0] & found[1]
    referred = set(re.findall(r'(?:url\(|href=")#([^")]+)', made[0]))
    assert referred == found[0]


@pytest.mark.parametrize("kind", pictures.FIGURES)
def test_every_colour_is_a_variable_of_the_page(kind):
    svg = sheet.svg(pictures.drawn(kind, *pictures.usual()[kind])[0], "key")
    bare = re.sub(r"var\(--([\w-]+), (#[0-9a-f]{6})\)", "", svg)
    assert not re.search(r"#[0-9a-f]{6}\b", re.sub(r'"#[^"]*"|url\([^)]*\)', "", bare))
    used = dict(re.findall(r"var\(--([\w-]+), (#[0-9a-f]{6})\)", svg))
    assert used
    assert all(roles.LIGHT[role] == colour for role, colour in used.items())


def test_numbers_are_shades_between_two_variables():
    labels = np.linspace(0, 1, 30)
    given = pictures.portrait(labels, np.random.default_rng(0).normal(size=(30, 2)))
    svg = sheet.svg(pictures.drawn("planes", given, True)[0], "key")
    mixed = set(re.findall(r"color-mix\(in srgb, var\(--class-4, #c08a00\) (\d+)%", svg))
    assert len(mixed) >= roles.N_SHADES - 2


@pytest.mark.parametrize("kind", pictures.FIGURES)
def test_letters_follow_the_page(kind):
    svg = sheet.svg(pictures.drawn(kind, *pictures.usual()[kind])[0], "key")
    assert "font-family" not in svg.partition(">")[2]
    assert svg.startswith("<svg ")
    assert "<style" not in svg
    assert 'viewBox="0 0 640 320"' in svg
    assert pictures.texts(svg)
