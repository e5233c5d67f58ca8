"""Draw the picture of a study that its page in docs/ shows, from the committed result."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Mapping
from html import escape
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nullprobe.report.figures import roles, sheet
from nullprobe.report.figures.studies import study_figure

SIZE = (860, 400)  # pixels
COLUMNS, LINE, WIDE = 3, 100, 15  # of the key; characters of a line of the title, of a name


def picture(found: Mapping[str, Any]) -> str:
    """Return the first figure of a result as an SVG that stands alone, with title and key."""
    shown = found["figures"][0]
    figure, (ax,) = sheet.new(*SIZE)
    study_figure(shown, ax)
    if shown["kind"] == "bars":  # names of places in lines, not upright
        names = list(dict.fromkeys(str(x) for one in shown["series"] for x in one["x"]))
        ax.set_xticks(range(len(names)), [textwrap.fill(name, WIDE) for name in names], rotation=0)
    ax.set_title(textwrap.fill(shown["title"], LINE), loc="left")
    if len(shown["series"]) > 1:
        handles = [_handle(shown["kind"], i) for i in range(len(shown["series"]))]
        names = [one["name"] for one in shown["series"]]
        figure.legend(handles, names, loc="outside lower left", ncols=COLUMNS, frameon=False)
    svg = sheet.svg(figure, f"docs-{found['name']}", title=shown["title"])
    start, _, rest = svg.partition(">")
    inner = (
        f"<!-- {digest(found)} --><desc>{escape(shown['description'])}</desc>"
        f'<rect width="100%" height="100%" fill="{roles.LIGHT["paper"]}" />'
    )
    return f"{start}>{inner}{rest}\n"


def _handle(kind: str, position: int) -> Any:
    look = roles.look(position)
    if kind == "bars":
        hatch = roles.HATCHES[position % len(roles.HATCHES)]
        return Patch(facecolor=look.hex, alpha=0.75, hatch=hatch)
    return Line2D([], [], linestyle=look.dash, linewidth=1.3, markersize=6, **look.mark)


def digest(found: Mapping[str, Any]) -> str:
    """Return what tells whether a picture is of this result."""
    return hashlib.sha256(json.dumps(found["figures"][0], sort_keys=True).encode()).hexdigest()
