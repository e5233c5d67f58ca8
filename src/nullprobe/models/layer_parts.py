"""The layers of a model, and the parts of a layer, found from its structure and a trial run.

Problem. Every family names its modules in its own way, and new ones appear monthly: a list of
architectures is out of date when it is written.
Solution. Nearly all models keep their layers in one ModuleList, as long as
``config.num_hidden_layers`` says. Of several lists, the one whose layers run once each and in order
is meant. Attention, feed-forward part and other mixers are children of a layer, known by name.
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

# A feed-forward part that is no module of its own: its first and its last child in the layer.
OPEN_MLPS = (("fc1", "fc2"), ("lin1", "lin2"), ("intermediate", "output"))
MLP = re.compile(r"mlp|ffn|feed_?forward|^ff$|moe$|densereludense")
ATTENTION = re.compile(r"attn|attention")
MIXER = re.compile(
    r"^(short_?|causal_?)?conv(1d)?$|^mixer$|^mamba2?$|^ssm$|^temporal_block$|lstm|recurren|"
    r"time_mix|fourier|linear_attn|delta_net"
)
# What is called after attention or the feed-forward part without being it.
BESIDE = re.compile(r"norm|^ln|drop|scale|cross|encoder|embed")
NORM = re.compile(r"norm|^ln_|layrnorm")
LINEAR = re.compile(r"Linear|Conv1D|Dense")
# What modules and configs call the number of heads, and the width of one.
HEADS = ("num_heads", "num_attention_heads", "n_heads", "n_head")
HEAD_WIDTHS = ("v_head_dim", "head_dim", "attention_head_size", "d_head")


def layers_path(model: nn.Module, layers: str | None = None) -> str:
    """Return the path of the list of layers, found or checked."""
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
        several = {path: m for path, m in ran.items() if isinstance(m, nn.ModuleList)}
        outer = [path for path in outer if path in ran] or _outermost(several)
    if len(outer) == 1:
        return outer[0]
    _complain_of_lists(model, lists, outer, depth, trial)
    return None


def _outermost(lists: Mapping[str, nn.Module]) -> list[str]:
    """Return the paths of lists that lie in no other one; ModuleLists, if there are any."""
    # Parts of a layer may come in a list of the same length by chance.
    outer = [path for path in lists if not any(path.startswith(f"{o}.") for o in lists)]
    return [path for path in outer if isinstance(lists[path], nn.ModuleList)] or outer


def _ran_in_order(layers: nn.Module, trial: Trial) -> bool:
    """Whether layers ran once each, one after the other; some wait for what is no text."""
    return not _why_not(layers, trial)


def _why_not(layers: nn.Module, trial: Trial) -> str:
    """Return why layers are not those of a model, in words; empty if they may be."""
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
    advice = "pass the path of the list as layers=..., such as layers='encoder.layer'"
    fitting = [path for path, one in lists.items() if len(one) == depth]
    there = ", ".join(
        f"{path} ({len(lists[path])}{', ' + why if why else ''})"
        for path in (outer or fitting or list(lists))[:10]
        for why in ["" if trial.error else _why_not(lists[path], trial)]
    )
    there = f"; there are {there}" if there else ""
    if not outer and not trial.error:
        validation.complain(
            "the layers of a model must be one list whose members run once each, one after the "
            "other, with one state (b, t, d) for each token",
            f"a run of {type(model).__name__} shows no such list{there}",
            advice,
        )
    if depth is None:
        validation.complain(
            "a Hugging Face model is needed, whose config.num_hidden_layers says how many layers "
            "there are",
            f"{type(model).__name__} arrived, which does not say",
            "pass such a model, or the path of the list of layers as layers=...",
        )
    validation.complain(
        f"one list of layers must be as long as config.num_hidden_layers, {depth}",
        f"{len(outer)} lists are{there}",
        advice,
    )


def described(config: Any, name: str) -> Any:
    """Return what a config says of the language part of a model, or of all of it."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    own = getattr(text, name, None)
    return getattr(config, name, None) if own is None else own


def ancestors(root: str) -> Iterator[str]:
    """Yield the paths of the modules around a module, the nearest first, the model last."""
    parts = root.split(".")
    for i in range(len(parts) - 1, -1, -1):
        yield ".".join(parts[:i])


def parts(layer: nn.Module) -> Iterator[tuple[str, str, str]]:
    """Yield the parts of a layer: the kind of each, and its first and last child there."""
    seen: set[str] = set()
    children = list(layer.named_children())
    if not any(_kind(name.lower(), "") for name, _ in children):  # T5 has a list of sublayers
        children = [
            (f"{name}.{i}.{inner}", module)
            for name, several in children
            if isinstance(several, nn.ModuleList)
            for i, sublayer in enumerate(several)
            for inner, module in sublayer.named_children()
        ]
    for name, child in children:
        kind = _kind(name.rpartition(".")[2].lower(), type(plain(child)).__name__.lower())
        if kind and kind not in seen:
            seen.add(kind)
            yield kind, name, name
    if "mlp" not in seen:
        names = [name for name, _ in children]
        for first, last in OPEN_MLPS:
            if first in names and last in names:
                yield "mlp", first, last
                return


def _kind(name: str, class_name: str) -> str:
    if BESIDE.search(name):
        return ""
    if MIXER.search(name):  # in some hybrids one name stands for all kinds, and classes tell
        if re.search(r"attention|attn", class_name):
            return "attention"
        return "mlp" if re.search(r"mlp|moe", class_name) else "mixer"
    if ATTENTION.search(name):
        return "attention"
    return "mlp" if MLP.search(name) else ""


def heads(model: nn.Module, attention: nn.Module, trial: Trial) -> tuple[str, int, int]:
    """Return the path of the output projection within attention, its heads, and their width.

    It is the last linear map that runs there, if it is as wide as all heads together; without
    one, the path is empty.
    """
    linear = [
        (trial.of(module).order, path, module)
        for path, module in attention.named_modules()
        if path and LINEAR.search(type(module).__name__)
    ]
    # An adapter is linear maps around one; the outermost is what the model calls.
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
