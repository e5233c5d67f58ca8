"""Shell: what every page is, one self-contained HTML file that opens without a network.

A page carries its script, its styles and its numbers. A content security policy lets a
browser run that script, by its hash, and nothing else: a label that smuggled in a script
would not run, and nothing is fetched. Control characters of labels and titles are written out.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.printable import plain_values, printable
from nullprobe.report.pages.compact import compact
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
        Scenes that turn and long tables, for the script.
    """
    script = source("page.js")
    frame = {
        "css": Markup(source("page.css")),
        "script": Markup(script),
        "hash": _hash(script),
        "data": embedded(plain_values(data, printable)),
    }
    return compact(rendered(template, {**shown, **frame}))


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


@cache
def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
