"""Roles: colours are the page's, and differ to every kind of eye, or their marks differ."""

import re
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from support import colour_vision

from nullprobe.report import pages
from nullprobe.report.figures import roles

CSS = Path(pages.__file__).parents[1] / "templates" / "page.css"
LEAST = 10.0  # ΔE that differs at a glance
RUNGS = ("linear_algebra", "chance", "moments", "noise", "structure")


def test_the_colours_are_those_of_the_page_on_light_paper():
    root, dark = re.findall(r"\{([^{}]*--ink:[^{}]*)\}", CSS.read_text("utf-8"))[:2]
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", root))
    for role, colour in roles.LIGHT.items():
        assert light[role] == colour
    # One colour stands for two roles only if it does so on dark paper, too.
    night = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    for one, other in combinations(roles.LIGHT, 2):
        if roles.LIGHT[one] == roles.LIGHT[other]:
            assert night[one] == night[other]


def test_known_differences_of_colours():
    # Black and white; and red and green, which a deuteranope can hardly tell apart.
    assert colour_vision.difference("#000000", "#ffffff") == pytest.approx(100, abs=0.1)
    red, green = "#a06000", "#5a7a00"
    assert colour_vision.difference(red, green) > 40
    assert colour_vision.difference(red, green, "deuteranopia") < 15


@pytest.mark.parametrize("kind", colour_vision.KINDS)
def test_the_first_classes_differ_in_colour_to_every_eye(kind):
    first = [roles.look(i).hex for i in range(3)]
    for one, other in combinations(first, 2):
        assert colour_vision.difference(one, other, kind) > LEAST


@pytest.mark.parametrize("kind", colour_vision.KINDS)
def test_classes_of_similar_colours_differ_in_marker(kind):
    looks = [roles.look(i) for i in range(24)]
    for one, other in combinations(looks, 2):
        if colour_vision.difference(one.hex, other.hex, kind) <= LEAST:
            assert (one.marker, one.filled) != (other.marker, other.filled)


@pytest.mark.parametrize("kind", colour_vision.KINDS)
def test_nulls_that_are_drawn_together_differ_in_colour_or_hatch(kind):
    for one, other in combinations(range(3), 2):
        assert roles.HATCHES[one] != roles.HATCHES[other]
    for one, other in combinations(RUNGS, 2):
        colours = roles.rung_hex(one), roles.rung_hex(other)
        assert colour_vision.difference(*colours, kind) > LEAST


@pytest.mark.parametrize("kind", colour_vision.KINDS)
def test_shades_of_numbers_run_from_one_end_to_the_other(kind):
    shades = roles.shades()
    ends = colour_vision.difference(shades[0], shades[-1], kind)
    steps = [colour_vision.difference(a, b, kind) for a, b in pairwise(shades)]
    assert ends > 40 or kind == "tritanopia"
    assert ends > 2 * LEAST
    assert max(steps) < ends / 3


def test_sixty_four_classes_look_different():
    looks = [roles.look(i) for i in range(64)]
    assert len({(look.colour, look.marker, look.filled) for look in looks}) == 64
    assert len({(look.colour, str(look.dash)) for look in looks}) == 64
    assert roles.legend(["a", "b"])[1] == {"name": "b", "colour": 1, "glyph": "◆"}


def test_a_users_string_is_one_printable_line():
    assert roles.text("a\x00\n b\ud800") == "a\\x00 b\\ud800"
    assert len(roles.text("x" * 200)) == roles.LONGEST
