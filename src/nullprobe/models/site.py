"""Sites: places in a model where hidden states pass, chosen by names and patterns.

Problem. A pattern may match fewer layers than its author thinks.
Solution. Patterns choose among the sites of the model, and a warning names the layers that a
pattern leaves out.
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
EMBEDDING = "sentence_embedding"  # one vector per text, as sentence-transformers returns it
# One vector per image: the output of the pooler of a vision encoder, or its projection to the space
# that it shares with texts.
POOLED, IMAGE = "pooled_output", "image_embedding"
OF_LAYER = re.compile(r"layers\.(\d+)\.(.+)")


@dataclass(frozen=True)
class Site:
    """One place in a model where hidden states pass.

    Attributes
    ----------
    name : str
        The same in every family of models.
    path : str
        Path of the module that the states enter or leave.
    side : {"input", "output"}
        Whether the states enter or leave the module.
    width : int
        Number d of features.
    first : int or None
        The first feature of this site among all features at the module; None if the site has all.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2Model
    >>> from nullprobe.models import sites
    >>> model = GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1))
    >>> sites(model)["layers.0.attention_heads"]
    Site(name='layers.0.attention_heads', path='h.0.attn.c_proj', side='input', width=8, first=None)
    """

    name: str
    path: str
    side: str
    width: int
    first: int | None = None


def choose(available: Mapping[str, Site], wanted: str | Sequence[str]) -> list[Site]:
    """Return the available sites with these names or patterns, such as ``"layers.*.output"``.

    Raises
    ------
    InputError
        If a site does not exist or is chosen twice.

    Warns
    -----
    UserWarning
        If a pattern leaves out layers because they have no such site.

    Examples
    --------
    >>> names = "embeddings", "layers.0.output"
    >>> available = {name: Site(name, "h.0", "output", 8) for name in names}
    >>> [site.name for site in choose(available, "layers.*.output")]
    ['layers.0.output']
    """
    names: list[str] = []
    for one in [wanted] if isinstance(wanted, str) else list(wanted):
        matched = fnmatch.filter(available, str(one))
        if not matched:
            known(str(one), available)
        if matched != [str(one)]:
            _warn_of_layers_left_out(str(one), matched, available)
        names += matched
    if not names:
        validation.complain(
            "at least one site is needed", "none was passed", "pass names or a pattern of sites"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        validation.complain(
            "each site can be chosen once", f"{twice[0]!r} is chosen twice", "leave one out"
        )
    return [available[name] for name in names]


def _warn_of_layers_left_out(
    pattern: str, matched: Sequence[str], available: Mapping[str, Site]
) -> None:
    """Warn of layers that a pattern could mean, but that have no site of this kind."""
    prefixes: dict[str, tuple[int, int]] = {}  # prefix of names → layer, way of naming
    layers = [int(match[1]) for match in map(OF_LAYER.fullmatch, available) if match]
    for i in range(max(layers, default=-1) + 1):
        prefixes[f"layers.{i}."] = i, 0
        if f"layers.{i}.{OUTPUT}" in available:
            prefixes[f"{MODULE}{available[f'layers.{i}.{OUTPUT}'].path}."] = i, 1
    ways: dict[int, set[str]] = {}  # way of naming → parts of a layer that match
    covered: set[int] = set()
    for name in matched:
        for prefix, (i, way) in prefixes.items():
            if name.startswith(prefix):
                ways.setdefault(way, set()).add(name[len(prefix) :])
                covered.add(i)
    left_out = [
        i
        for prefix, (i, way) in prefixes.items()
        if i not in covered
        and any(fnmatch.fnmatch(prefix + one, pattern) for one in ways.get(way, ()))
    ]
    if left_out:
        many = len(left_out) > 1
        warn(
            f"{pattern!r} leaves out {'layers' if many else 'layer'} "
            f"{', '.join(map(str, left_out))}, which {'have' if many else 'has'} no such site; "
            f"sites of layer {left_out[0]}: "
            f"{listed(name for name in available if name.startswith(f'layers.{left_out[0]}.'))}."
        )


def known(name: str, available: Iterable[str]) -> None:
    """Raise InputError, with all available sites, if a name is not available."""
    available = list(available)
    parameters.known("site", name, available, listed=listed(available))


def listed(names: Iterable[str]) -> str:
    """Return names of sites as text, with the first and the last of consecutive layers.

    Examples
    --------
    >>> listed(["embeddings", *(f"layers.{i}.output" for i in (0, 3, 4, 5)), "final_norm"])
    "'embeddings', 'layers.0.output', 'layers.3.output' ... 'layers.5.output', 'final_norm'"
    """
    layers: dict[str, list[int]] = {}  # part of a layer → its layers; any other name → []
    for name in names:
        match = OF_LAYER.fullmatch(name)
        if match is None:
            layers[name] = []
        else:
            layers.setdefault(match[2], []).append(int(match[1]))
    words = []
    for part, of in layers.items():
        firsts = [i for i in of if i - 1 not in of]
        lasts = [i for i in of if i + 1 not in of]
        ends = [dict.fromkeys(both) for both in zip(firsts, lasts, strict=True)]
        words += [" ... ".join(repr(f"layers.{i}.{part}") for i in both) for both in ends]
        words += [repr(part)] * (not of)
    return ", ".join(words) or "none"
