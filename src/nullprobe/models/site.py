"""Sites by name: where in a model hidden states pass, and which of them are meant.

Problem. A list of names cannot hold every module and every head of every layer, and a pattern may
match fewer layers than its author thinks.
Solution. Patterns choose among the sites that there are; what a pattern leaves out is named.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn

INPUT, OUTPUT = "input", "output"
MODULE = "module:"
OF_LAYER = re.compile(r"layers\.(\d+)\.(.+)")


@dataclass(frozen=True)
class Site:
    """One place in a model where hidden states pass.

    Attributes
    ----------
    name : str
        What it is called here: the same in every family.
    path : str
        The module of this model that the states enter or leave.
    side : {"input", "output"}
        Whether they are what the module is given or what it returns.
    width : int
        Number d of features.
    first : int or None
        Of all features that pass there, the first of this site's; None if it has them all.
    """

    name: str
    path: str
    side: str
    width: int
    first: int | None = None


def choose(found: Mapping[str, Site], wanted: str | Sequence[str]) -> list[Site]:
    """Return the sites of these names or patterns, such as ``"layers.*.output"``.

    Raises
    ------
    InputError
        If one is not there or is named twice.

    Warns
    -----
    UserWarning
        If a pattern leaves out layers that have no such site.

    Examples
    --------
    >>> there = {name: Site(name, "h.0", "output", 8) for name in ("embeddings", "layers.0.output")}
    >>> [site.name for site in choose(there, "layers.*.output")]
    ['layers.0.output']
    """
    names: list[str] = []
    for one in [wanted] if isinstance(wanted, str) else list(wanted):
        matched = fnmatch.filter(found, str(one))
        if not matched:
            known(str(one), found)
        if matched != [str(one)]:
            _warn_of_layers_left_out(str(one), matched, found)
        names += matched
    if not names:
        validation.complain(
            "at least one site is needed", "there is none", "pass names or a pattern of sites"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        validation.complain(
            "every site may be named once", f"{twice[0]!r} is named twice", "leave one out"
        )
    return [found[name] for name in names]


def _warn_of_layers_left_out(
    pattern: str, matched: Sequence[str], found: Mapping[str, Site]
) -> None:
    """Warn of layers that a pattern is meant for, too, but that have no site of the kind."""
    prefixes: dict[str, tuple[int, int]] = {}  # of names → which layer, which way of naming
    layers = [int(match[1]) for match in map(OF_LAYER.fullmatch, found) if match]
    for i in range(max(layers, default=-1) + 1):
        prefixes[f"layers.{i}."] = i, 0
        if f"layers.{i}.{OUTPUT}" in found:
            prefixes[f"{MODULE}{found[f'layers.{i}.{OUTPUT}'].path}."] = i, 1
    ways: dict[int, set[str]] = {}  # way of naming → parts that are matched in a layer
    there: set[int] = set()
    for name in matched:
        for prefix, (i, way) in prefixes.items():
            if name.startswith(prefix):
                ways.setdefault(way, set()).add(name[len(prefix) :])
                there.add(i)
    left_out = [
        i
        for prefix, (i, way) in prefixes.items()
        if i not in there
        and any(fnmatch.fnmatch(prefix + one, pattern) for one in ways.get(way, ()))
    ]
    if left_out:
        many = len(left_out) > 1
        warn(
            f"{pattern!r} leaves out {'layers' if many else 'layer'} "
            f"{', '.join(map(str, left_out))}, which {'have' if many else 'has'} no such site; "
            f"{'the sites there are' if many else 'its sites are'} "
            f"{listed(name for name in found if name.startswith(f'layers.{left_out[0]}.'))}"
            f"{' and so on' if many else ''}."
        )


def known(name: str, there: Iterable[str]) -> None:
    """Refuse the name of a site that is not there; the message names all that are."""
    there = list(there)
    parameters.known("site", name, there, listed=listed(there))


def listed(names: Iterable[str]) -> str:
    """Return names of sites in words; of layers that follow each other, the first and the last.

    Examples
    --------
    >>> listed(["embeddings", *(f"layers.{i}.output" for i in (0, 3, 4, 5)), "final_norm"])
    "'embeddings', 'layers.0.output', 'layers.3.output' ... 'layers.5.output', 'final_norm'"
    """
    layers: dict[str, list[int]] = {}  # part of a layer → which layers; any other name → none
    for name in names:
        match = OF_LAYER.fullmatch(name)
        if match is None:
            layers[name] = []
        else:
            layers.setdefault(match[2], []).append(int(match[1]))
    said = []
    for part, of in layers.items():
        firsts = [i for i in of if i - 1 not in of]
        lasts = [i for i in of if i + 1 not in of]
        ends = [dict.fromkeys(both) for both in zip(firsts, lasts, strict=True)]
        said += [" ... ".join(repr(f"layers.{i}.{part}") for i in both) for both in ends]
        said += [repr(part)] * (not of)
    return ", ".join(said) or "none"
