"""Sheet: a figure on transparent paper, and its SVG; the one file that imports Matplotlib.

Nothing global changes: no `pyplot`, no settings of the user. Matplotlib is imported when the first
figure is made.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any, TypeAlias
from xml.etree import ElementTree

from nullprobe.report.figures import roles

# Matplotlib's stubs leave keywords without types, so that a strict checker can read no call.
Axes: TypeAlias = Any  # matplotlib.axes.Axes
Figure: TypeAlias = Any  # matplotlib.figure.Figure
DPI, POINTS = 100, 72  # pixels and points of an inch
FONT_SIZE = 9.0  # points: 12.5 pixels
SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
DATA = ("Date", "Creator", "Format", "Type")  # what Matplotlib would write about the file
LONG = re.compile(r"\d+\.\d{3,}")
REFERENCE = re.compile(r"(?:^|url\()#(\w+)")
COLOUR = re.compile(r"\b(fill|stroke): (#[0-9a-f]{6})\b")
# Matplotlib sets these for every element of the page, not only of the picture.
INHERITED = "stroke-linejoin: round; stroke-linecap: butt; font-family: var(--sans, sans-serif)"


def new(
    width: float, height: float, *, columns: int = 1, rows: int = 1
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, row by row.

    Parameters
    ----------
    width, height : float
        Pixels, 100 an inch.
    columns, rows : int
        How many axes stand next to each other, and below each other.

    Examples
    --------
    >>> figure, axes = new(600, 300, columns=2)
    >>> len(axes), [float(inches) for inches in figure.get_size_inches()]
    (2, [6.0, 3.0])
    """
    size = (width / DPI, height / DPI)
    module = import_module("matplotlib.figure")
    with _defaults():
        figure = module.Figure(figsize=size, dpi=DPI, layout="constrained")
        axes: list[Any] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    figure.patch.set_visible(False)
    for ax in axes:
        ax.patch.set_visible(False)
        for axis in (ax.xaxis, ax.yaxis):
            axis.label.set(size=FONT_SIZE, color=roles.LIGHT["ink"])
        ax.title.set(size=FONT_SIZE, color=roles.LIGHT["ink"])
    return figure, axes


def svg(figure: Figure, key: str, title: str = "") -> str:
    """Return a figure as SVG that stands inside a page; the same input gives the same bytes.

    Colours are CSS variables with the light colour as their fallback, letters stay letters, and
    the page sets the size: a unit is a pixel of `new`.

    Parameters
    ----------
    figure : Figure
        From `new`.
    key : str
        Differs between the figures of one page; identifiers are made from it.
    title : str
        What the picture is, for those who do not see it; without it, it is hidden from them.
    """
    written = io.StringIO()
    with _defaults(), warnings.catch_warnings():
        # The reader's fonts have the letters that Matplotlib's font lacks.
        warnings.filterwarnings("ignore", message=r"(?s).*(Glyph|glyph|font)")
        figure.savefig(written, format="svg", metadata=dict.fromkeys(DATA))
    root = ElementTree.fromstring(written.getvalue())
    width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
    scale = DPI / POINTS
    _clean(root, hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:8])
    parts = (child for child in root if child.tag in ("g", "defs"))
    inner = [part for part in parts if part.find("style") is None]
    picture = ElementTree.Element("svg", {
        "xmlns": SVG[1:-1], "viewBox": f"0 0 {width * scale:g} {height * scale:g}",
        "style": INHERITED,
        **({"role": "img", "aria-label": title} if title else {"aria-hidden": "true"}),
    })  # fmt: skip
    group = ElementTree.SubElement(picture, "g", {"transform": f"scale({scale:.5f})"})
    group.extend(inner)
    return ElementTree.tostring(picture, encoding="unicode")


def _defaults() -> Any:
    """Return a context of Matplotlib's own settings, whatever a user has set."""
    matplotlib = import_module("matplotlib")
    ours = {
        "font.size": FONT_SIZE, "svg.fonttype": "none", "svg.hashsalt": "nullprobe",
        "hatch.linewidth": 0.8,
    }  # fmt: skip
    keep = {"backend", "backend_fallback", "interactive", "toolbar", "timezone"}
    default = {k: v for k, v in matplotlib.rcParamsDefault.items() if k not in keep}
    return matplotlib.rc_context({**default, **ours})


def _clean(root: ElementTree.Element, prefix: str) -> None:
    """Name identifiers after the figure, colours after roles, and drop what the page has."""
    referred = set(_references(root))
    names: dict[str, str] = {}
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        identifier = element.attrib.pop("id", None)
        if identifier in referred:
            element.set("id", names.setdefault(identifier, f"{prefix}-{len(names) + 1}"))
    palette = roles.colours()
    for element in root.iter():
        element.text, element.tail = (element.text or "").strip() or None, None
        for name, value in [*element.attrib.items()]:
            element.attrib[name] = _attribute(name, value, names)
        href = element.attrib.pop(f"{XLINK}href", None)
        if href is not None:
            element.set("href", href)
        painted = element.attrib.pop("fill", None)
        style = [f"fill: {painted}"] if painted else []
        style += [_plain_font(part.strip()) for part in element.get("style", "").split(";")]
        joined = "; ".join(part for part in style if part)
        if joined:
            element.set("style", COLOUR.sub(lambda m: _painted(m, palette), joined))
    for group in root.iter("g"):
        _share_style(group)


def _share_style(group: ElementTree.Element) -> None:
    """Write the style of marks that all look the same once, where their group stands."""
    styles = {mark.get("style", "") for mark in group}
    if len(group) < 2 or len(styles) > 1 or {mark.tag for mark in group} != {"use"}:
        return
    (style,) = styles
    # The opacity of a group would make marks that overlap one mark.
    alone = re.sub(r"(?<![\w-])opacity: ([\d.]+)", r"fill-opacity: \1; stroke-opacity: \1", style)
    group.set("style", alone)
    for mark in group:
        mark.attrib.pop("style", None)


def _references(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        for value in element.attrib.values():
            yield from (match[1] for match in REFERENCE.finditer(value))


def _attribute(name: str, value: str, names: dict[str, str]) -> str:
    value = REFERENCE.sub(lambda m: m[0].replace(m[1], names.get(m[1], m[1])), value)
    if name in ("d", "x", "y", "width", "height", "transform"):
        value = LONG.sub(lambda m: f"{float(m[0]):.2f}", " ".join(value.split()))
    return value


def _plain_font(part: str) -> str:
    """Return a part of a style without the font, which the page sets; the size stays."""
    if part.startswith("font-family"):
        return ""
    size = re.match(r"font: .*?([\d.]+px)", part)
    return f"font-size: {size[1]}" if size else part


def _painted(match: re.Match[str], palette: dict[str, str]) -> str:
    paint = palette.get(match[2], match[2])
    fallback = f"{match[0]}; " if paint.startswith("color-mix") else ""
    return f"{fallback}{match[1]}: {paint}"
