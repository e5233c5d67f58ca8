"""Shell: what every page is, one self-contained HTML file that opens without a network.

A page carries its scripts, its styles and its numbers. A content security policy lets a
browser run those scripts, by their hashes, and nothing else: a label that smuggled in a script
would not run, and nothing is fetched. Control characters of labels and titles are written out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.printable import plain_values, printable
from nullprobe.report.figures import canvas
from nullprobe.report.templating import rendered, source


def fill(template: str, shown: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    template : str
        Name of a template that extends base.html.
    shown : mapping
        What the template shows.
    data : mapping
        Figures and long tables, for the script.
    """
    scripts = {"plotly": canvas.script(), "page": source("page.js")}
    frame = {
        "css": Markup(source("page.css")),
        "scripts": {name: Markup(script) for name, script in scripts.items()},
        "hashes": [_hash(script) for script in scripts.values()],
        "data": embedded(plain_values(data, printable)),
    }
    return rendered(template, {**shown, **frame})


def write(path: str | Path, content: str) -> None:
    """Write a page, whole or not at all."""
    with whole_file(path) as temporary:
        Path(temporary).write_text(content, "utf-8")


def embedded(value: Any) -> Markup:
    r"""Return JSON that can stand in a script element, whatever strings it holds.

    Examples
    --------
    >>> print(embedded({"label": "</script>"}))
    {"label":"\u003c/script\u003e"}
    """
    # ASCII only, so that U+2028 and U+2029 are escaped as well.
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def anchor(text: str) -> str:
    """Return what a title is called in a link.

    Examples
    --------
    >>> anchor("Digits: odd or even?")
    'digits-odd-or-even'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")


@cache
def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
