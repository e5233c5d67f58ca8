"""Find the layers of a model, and the parts of a layer, from its structure and a trial run.

Problem. Every family has its own names of modules, and new families appear monthly, so a list of
architectures is soon out of date.
Solution. Nearly all models store their layers in one ModuleList of length
``config.num_hidden_layers``. If there are many such lists, the layers of the right one run once
each and in order. Attention, mlp and other mixers are children of a layer with typical names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from torch import nn

from nullprobe._core import parameters, validation
from nullprobe.models.hooks import plain
from nullprobe.models.site import INPUT, OUTPUT
from nullprobe.models.trial_run import Trial, trial_run

# An mlp that is not a module: its first and its last child in the layer.
OPEN_MLPS = (("fc1", "fc2"), ("lin1", "lin2"), ("intermediate", "output"))
MLP = re.compile(r"mlp|ffn|feed_?forward|^ff$|moe$|densereludense")
ATTENTION = re.compile(r"attn|attention")
MIXER = re.compile(
    r"^(short_?|causal_?)?conv(1d)?$|^mixer$|^mamba2?$|^ssm$|^temporal_block$|lstm|recurren|"
    r"time_mix|fourier|linear_attn|delta_net"
)
# Modules whose names contain the words of a part, but that only come before or after it.
NEIGHBOUR = re.compile(r"norm|^ln|drop|scale|cross|encoder|embed")
NORM = re.compile(r"norm|^ln_|layrnorm")
LINEAR = re.compile(r"Linear|Conv1D|Dense")
# Names of the number of heads, and of the width of one head, in modules and configs.
HEADS = ("num_heads", "num_attention_heads", "n_heads", "n_head")
HEAD_WIDTHS = ("v_head_dim", "head_dim", "attention_head_size", "d_head")


def layers_path(model: nn.Module, layers: str | None = None) -> str:
    """Return the path of the list of layers: ``layers`` if it is passed, after a check."""
    lists = {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, nn.ModuleList | nn.Sequential) and len(module)
    }
    if layers is not None:
        parameters.known("list of layers", layers, list(lists))
        return layers
    trial = trial_run(model)
    depth = described(getattr(model, "config", None), "num_hidden_layers")
    outer = _outermost({path: m for path, m in lists.items() if len(m) == depth})
    if not trial.error:
        ran = {path: m for path, m in lists.items() if _ran_in_order(m, trial)}
        module_lists = {path: m for path, m in ran.items() if isinstance(m, nn.ModuleList)}
        outer = [path for path in outer if path in ran] or _outermost(module_lists)
    if len(outer) == 1:
        return outer[0]
    _complain_of_lists(model, lists, outer, depth, trial)
    return None


def _outermost(lists: Mapping[str, nn.Module]) -> list[str]:
    """Return the paths of lists that are not inside another list; ModuleLists, if there are any."""
    # Parts of a layer may form a list of the same length by chance.
    outer = [path for path in lists if not any(path.startswith(f"{o}.") for o in lists)]
    return [path for path in outer if isinstance(lists[path], nn.ModuleList)] or outer


def _ran_in_order(layers: nn.Module, trial: Trial) -> bool:
    """Whether layers ran once each and in order; layers for other inputs than text may not run."""
    return not _obstacle(layers, trial)


def _obstacle(layers: nn.Module, trial: Trial) -> str:
    """Return the reason why a list is not the list of layers of a model; empty if it may be."""
    passed = [one for one in map(trial.of, map(plain, layers.children())) if one.calls]
    order = [one.order for one in passed]
    if not passed or 2 * len(passed) < len(list(layers.children())):
        return "not called"
    if any(one.calls > 1 for one in passed) or len(set(order)) < len(order):
        return "called more than once"
    if order != sorted(order):
        return "called in another order"
    widths = {one.widths.get(side) for one in passed for side in (INPUT, OUTPUT)}
    return "without states (b, t, d)" if None in widths else ""


def _complain_of_lists(
    model: nn.Module, lists: Mapping[str, Any], outer: list[str], depth: Any, trial: Trial
) -> NoReturn:
    advice = "pass the path of the list, such as layers='encoder.layer'"
    fitting = [path for path, one in lists.items() if len(one) == depth]
    candidates = ", ".join(
        f"{path} ({len(lists[path])}{', ' + obstacle if obstacle else ''})"
        for path in (outer or fitting or list(lists))[:10]
        for obstacle in ["" if trial.error else _obstacle(lists[path], trial)]
    )
    candidates = f"; candidates: {candidates}" if candidates else ""
    if not outer and not trial.error:
        validation.complain(
            "the layers of a model must be one list of modules that run once each and in order, "
            "with one state per token (b, t, d)",
            f"a run of {type(model).__name__} shows no such list{candidates}",
            advice,
        )
    if depth is None:
        validation.complain(
            "the model must be a Hugging Face model with config.num_hidden_layers, its number of "
            "layers",
            f"{type(model).__name__} arrived, without this number",
            "pass such a model, or the path of its list of layers, such as layers='encoder.layer'",
        )
    validation.complain(
        f"exactly one list must have config.num_hidden_layers modules, {depth}",
        f"{len(outer)} lists have{candidates}",
        advice,
    )


def described(config: Any, name: str) -> Any:
    """Return a value from the config of the language part of a model, or of the whole model."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    value = getattr(text, name, None)
    return getattr(config, name, None) if value is None else value


def ancestors(root: str) -> Iterator[str]:
    """Yield the paths of the modules that contain a module, from the nearest to the model."""
    parts = root.split(".")
    for i in range(len(parts) - 1, -1, -1):
        yield ".".join(parts[:i])


def parts(layer: nn.Module) -> Iterator[tuple[str, str, str]]:
    """Yield the parts of a layer: the kind of each, and its first and last child in the layer."""
    kinds: set[str] = set()
    children = list(layer.named_children())
    if not any(_kind(name.lower(), "") for name, _ in children):  # T5 has a list of sublayers
        children = [
            (f"{name}.{i}.{inner}", module)
            for name, sublayers in children
            if isinstance(sublayers, nn.ModuleList)
            for i, sublayer in enumerate(sublayers)
            for inner, module in sublayer.named_children()
        ]
    for name, child in children:
        kind = _kind(name.rpartition(".")[2].lower(), type(plain(child)).__name__.lower())
        if kind and kind not in kinds:
            kinds.add(kind)
            yield kind, name, name
    if "mlp" not in kinds:
        names = [name for name, _ in children]
        for first, last in OPEN_MLPS:
            if first in names and last in names:
                yield "mlp", first, last
                return


def _kind(name: str, class_name: str) -> str:
    if NEIGHBOUR.search(name):
        return ""
    if MIXER.search(name):  # some hybrids use one name for all kinds; their classes differ
        if re.search(r"attention|attn", class_name):
            return "attention"
        return "mlp" if re.search(r"mlp|moe", class_name) else "mixer"
    if ATTENTION.search(name):
        return "attention"
    return "mlp" if MLP.search(name) else ""


def heads(model: nn.Module, attention: nn.Module, trial: Trial) -> tuple[str, int, int]:
    """Return the path of the output projection in attention, the number of heads, and their width.

    The output projection is the last linear map that runs in attention, if its input is as wide as
    all heads together. Otherwise the path is empty.
    """
    linear = [
        (trial.of(module).order, path, module)
        for path, module in attention.named_modules()
        if path and LINEAR.search(type(module).__name__)
    ]
    # An adapter wraps a linear map in others; the model calls the outermost.
    inner = [path for _, path, _ in linear]
    linear = [one for one in linear if not any(one[1].startswith(f"{o}.") for o in inner)]
    linear = [one for one in linear if one[0] >= 0]
    if not linear:
        return "", 0, 0
    _, path, module = max(linear, key=lambda one: one[0])
    width = trial.of(module).widths.get(INPUT)
    config = getattr(model, "config", None)
    inside = [attention, *attention.children()]
    n = next(filter(_whole, (getattr(m, name, None) for m in inside for name in HEADS)), None)
    n = n if n is not None else described(config, "num_attention_heads")
    each = next(filter(_whole, (getattr(m, a, None) for m in inside for a in HEAD_WIDTHS)), None)
    if not _whole(n) or width is None or width % n or each not in (None, width // n):
        return "", 0, 0
    return path, n, width // n


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
