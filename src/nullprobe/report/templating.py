"""Templating: the one environment of all templates, which escapes whatever a user named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nullprobe._core.printable import printable
from nullprobe.report.text import wording


def rendered(template: str, shown: Mapping[str, Any]) -> str:
    """Return a template with these values; control characters are written out."""
    return _environment().get_template(template).render(shown)


@cache
def source(name: str) -> str:
    """Return the text of a file in the folder of the templates."""
    return (files("nullprobe.report") / "templates" / name).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nullprobe.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_finalized,
    )  # fmt: skip
    cast(Any, environment).filters |= {
        "number": wording.number,
        "interval": wording.interval,
        "printable": printable,  # in attributes, which are markup already
    }
    return environment


def _finalized(value: Any) -> Any:
    """Return what a template shows; markup, such as our scripts, stays as it is."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)
