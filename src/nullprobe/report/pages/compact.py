"""Compact: the pictures of a page in half the bytes, with the same look.

Styles that recur become classes, which the page defines once; paths are written with one decimal,
and as horizontal and vertical steps where they are that; groups without attributes are dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from itertools import count

PICTURE = re.compile(r"<svg xmlns=.*?</svg>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")  # ">" is escaped in values of attributes
STYLE = re.compile(r' style="([^"]*)"')
PATH = re.compile(r' d="([MLz0-9. -]+)"')
TURNED = re.compile(r' transform="rotate\(-?0 [^"]*"')  # by nothing
FALLBACK = re.compile(r"(var\(--[\w-]+), #[0-9a-f]{6}\)")  # the page has all variables
PLACE = re.compile(r' (x|y)="(-?[\d.]+)"')
NAME = re.compile(r'(?<=["#])[0-9a-f]{8}-(\d+)(?=["\)])')  # of a shape that others refer to
LEAST = 3  # times that a style recurs before it becomes a class


def compact(html: str) -> str:
    """Return a page with its pictures in fewer bytes.

    Examples
    --------
    >>> picture = '<svg xmlns="x"><g><path d="M 1.00 2.00 L 1.00 4.51 L 3.00 4.51"/></g></svg>'
    >>> compact(picture)
    '<svg xmlns="x"><path d="M1 2V4.5H3"/></svg>'
    """
    html = PICTURE.sub(lambda match: _without_groups(match[0]), html)
    counts = Counter(
        _brief(style[1])
        for picture in PICTURE.finditer(html)
        for tag in TAG.finditer(picture[0])
        for style in STYLE.finditer(tag[0])
    )
    shared = [style for style, times in counts.most_common() if times >= LEAST]
    names = {style: f"s{place}" for place, style in enumerate(shared)}

    def tag(match: re.Match[str], number: int) -> str:
        text = PATH.sub(lambda path: f' d="{shortened(path[1])}"', TURNED.sub("", match[0]))
        text = PLACE.sub(lambda place: f' {place[1]}="{_decimal(place[2])}"', text)
        text = NAME.sub(rf"p{number}-\1", text)
        return STYLE.sub(lambda style: _styled(_brief(style[1]), names), text).replace(" />", "/>")

    number = count(1)

    def picture(match: re.Match[str]) -> str:
        return TAG.sub(partial(tag, number=next(number)), match[0])

    html = PICTURE.sub(picture, html)
    css = "".join(f".{name}{{{style}}}\n" for style, name in names.items())
    return html.replace("</style>", f"{css}</style>", 1)


def shortened(path: str) -> str:
    """Return a path of straight lines in fewer letters, with one decimal.

    Examples
    --------
    >>> shortened("M 0.04 1.00 L 2.00 1.00 L 2.00 0.50 L -1.00 0.00 z")
    'M0 1H2V.5L-1 0z'
    """
    pieces: list[str] = []
    last = ("", "")
    for letter, x, y in re.findall(r"([MLz])\s*(?:(-?[\d.]+) (-?[\d.]+))?", path):
        place = _decimal(x), _decimal(y)
        if letter == "z":
            pieces.append("z")
            continue
        if letter == "M":
            pieces.append(f"M{place[0]} {place[1]}")
        elif place[1] == last[1]:
            pieces.append(f"H{place[0]}")
        elif place[0] == last[0]:
            pieces.append(f"V{place[1]}")
        else:
            pieces.append(f"L{place[0]} {place[1]}")
        last = place
    return "".join(pieces)


def _decimal(number: str) -> str:
    if not number:
        return ""
    text = f"{float(number):.1f}".removesuffix(".0")
    return "0" if text == "-0" else re.sub(r"^(-?)0\.", r"\1.", text)


def _brief(style: str) -> str:
    return FALLBACK.sub(r"\1)", style).replace("; ", ";").replace(": ", ":")


def _styled(style: str, names: dict[str, str]) -> str:
    return f' class="{names[style]}"' if style in names else f' style="{style}"'


def _without_groups(picture: str) -> str:
    """Return a picture without the groups that say nothing."""
    plain: list[bool] = []

    def tag(match: re.Match[str]) -> str:
        text = match[0]
        if text == "</g>":
            return "" if plain.pop() else text
        if text == "<g />" or (text.startswith("<g") and text[2] in " >" and text[-2] == "/"):
            return "" if text == "<g />" else text
        if text == "<g>" or text.startswith("<g "):
            plain.append(text == "<g>")
            return "" if plain[-1] else text
        return text

    return TAG.sub(tag, picture)
