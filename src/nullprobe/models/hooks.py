"""A site's tensor in what a module is given or returns: read or replaced, for as long as a block.

Problem. Layers are called by position or by keyword, and return tensors, tuples or outputs with
names; ``output[0]`` of a tensor is the first row of a batch, not the hidden states. Compiled code
does not call hooks that come after it, and a forward that somebody has replaced may not either.
Solution. One place that takes the states out and puts edited ones back in the same form. Within
the block nothing runs compiled, and an edit that a run of the model has not reached is an error.
All hooks are gone after the block, however it ends.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from nullprobe._core import validation
from nullprobe.models.site import INPUT, Site

Read = Callable[[Site, Tensor], None]
Edit = Callable[[Tensor], Tensor]


class _Edits:
    """The edits in force at one side of a module, in the order of their blocks, and their hook."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.handle: Any = None

    def __call__(self, states: Tensor) -> Tensor:
        for edit in self.edits:
            states = edit(states)
        return states


# One hook of ours serves all edits of a place, so that a block inside another edits what that one
# has edited, though both are in front of all hooks that record.
_in_force: WeakKeyDictionary[nn.Module, dict[str, _Edits]] = WeakKeyDictionary()


def plain(module: Any) -> Any:
    """Return the module that ``torch.compile`` has wrapped, or the module itself."""
    while hasattr(module, "_orig_mod"):
        module = module._orig_mod
    return module


class _Eager:
    """Blocks in which nothing runs compiled: in all threads, until the last of them ends."""

    def __init__(self) -> None:
        self.lock, self.blocks, self.stance = threading.Lock(), 0, ExitStack()

    def enter(self) -> None:
        with self.lock:
            if not self.blocks:
                self.stance.enter_context(torch.compiler.set_stance("force_eager"))
            self.blocks += 1

    def leave(self) -> None:
        with self.lock:
            self.blocks -= 1
            if not self.blocks:
                self.stance.close()


_eager = _Eager()


@contextmanager
def eager() -> Iterator[None]:
    """Run what ``torch.compile`` has compiled as it was written within the block.

    Compiled code calls the hooks that were there when it was compiled, and no others.
    """
    _eager.enter()
    try:
        yield
    finally:
        _eager.leave()


@contextmanager
def reading(model: nn.Module, sites: Sequence[Site], read: Read) -> Iterator[None]:
    """Call ``read(site, states)`` whenever states pass a site, edits included, within the block."""
    with eager(), ExitStack() as stack:
        for site in sites:
            handle = _register(
                model, site, lambda states, site=site: read(site, _of_site(site, states)), False
            )
            stack.callback(handle.remove)
        yield


@contextmanager
def editing(model: nn.Module, edits: Mapping[Site, Edit]) -> Iterator[None]:
    """Put ``edit(states)`` in place of the states at each site within the block.

    Raises
    ------
    InputError
        At the end of the block, if the model has run in it and no states have passed a site.
    """
    passed: set[str] = set()
    with eager(), _counting(model) as runs, ExitStack() as stack:
        for site, edit in edits.items():
            stack.enter_context(_edit_in_force(model, site, _noted(site, edit, passed)))
        yield
    missed = [site for site in edits if site.name not in passed]
    if runs and missed:
        validation.complain(
            f"an edit at {missed[0].name!r} must be reached when the model runs",
            f"it ran, {missed[0].path!r} was not called, and nothing was edited there",
            "undo what replaces or bypasses the forward of a module around it, or choose "
            "another site",
        )


@contextmanager
def _counting(model: nn.Module) -> Iterator[list[None]]:
    """Yield a list that is empty until the model has run, or its base model alone."""
    runs: list[None] = []
    inside = getattr(model, "base_model", None)
    watched = [model, *([inside] if isinstance(inside, nn.Module) and inside is not model else [])]
    handles = [one.register_forward_hook(lambda *_: runs.append(None)) for one in watched]
    try:
        yield runs
    finally:
        for handle in handles:
            handle.remove()


def _noted(site: Site, edit: Edit, passed: set[str]) -> Edit:
    """Return an edit of all that passes a module, which notes that it was reached."""

    def noted(states: Tensor) -> Tensor:
        passed.add(site.name)
        if site.first is None:
            return edit(states)
        edited = states.clone()  # what comes in may be needed as it was
        edited[..., site.first : site.first + site.width] = edit(_of_site(site, states))
        return edited

    return noted


def _of_site(site: Site, states: Tensor) -> Tensor:
    """Return a site's features of all that passes its module."""
    return states if site.first is None else states[..., site.first : site.first + site.width]


@contextmanager
def _edit_in_force(model: nn.Module, site: Site, edit: Edit) -> Iterator[None]:
    sides = _in_force.setdefault(model.get_submodule(site.path), {})
    place = sides.setdefault(site.side, _Edits())
    if not place.edits:
        # In front of hooks that were there before: what records must see what was edited.
        place.handle = _register(model, site, place, True)
    place.edits.append(edit)
    try:
        yield
    finally:
        place.edits.remove(edit)
        if not place.edits:
            place.handle.remove()
            sides.pop(site.side, None)


def _register(
    model: nn.Module, site: Site, act: Callable[[Tensor], Tensor | None], prepend: bool
) -> torch.utils.hooks.RemovableHandle:
    """Register a hook at a site; what ``act`` returns replaces the states, None leaves them."""
    module = model.get_submodule(site.path)
    if site.side == INPUT:

        def before(_: nn.Module, args: tuple, kwargs: dict[str, Any]) -> Any:
            states = act(_states(site, entering(module, args, kwargs)))
            if states is None:
                return None
            name = _first_parameter(module)
            return ((states, *args[1:]), kwargs) if args else (args, {**kwargs, name: states})

        return module.register_forward_pre_hook(before, prepend=prepend, with_kwargs=True)

    def after(_: nn.Module, __: tuple, output: Any) -> Any:
        states = act(_states(site, taken(output)))
        return None if states is None else replaced(output, states)

    return module.register_forward_hook(after, prepend=prepend)


def entering(module: nn.Module, args: tuple, kwargs: Mapping[str, Any]) -> Any:
    """Return the hidden states that a module is called with: its first argument."""
    return args[0] if args else kwargs.get(_first_parameter(module))


def _first_parameter(module: nn.Module) -> str:
    """Return the name of the first argument of a module's forward: its hidden states."""
    return next(iter(inspect.signature(plain(module).forward).parameters), "")


def taken(output: Any) -> Any:
    """Return the hidden states in what a module returned: itself, or the first of several."""
    if isinstance(output, dict):
        return next(iter(output.values()), None)
    if isinstance(output, tuple | list):
        return output[0] if len(output) else None
    return output


def replaced(output: Any, states: Tensor) -> Any:
    """Return the output with other hidden states, of the same type.

    Examples
    --------
    >>> replaced((torch.zeros(1), "cache"), torch.ones(1))
    (tensor([1.]), 'cache')
    """
    if isinstance(output, dict):  # ModelOutput, too
        first = next(iter(output))
        return type(output)(**{**output, first: states})
    if hasattr(output, "_fields"):  # a tuple with names
        return output._replace(**{output._fields[0]: states})
    if isinstance(output, tuple | list):
        return type(output)([states, *output[1:]])
    return states


def _states(site: Site, found: Any) -> Tensor:
    if not isinstance(found, Tensor) or not found.is_floating_point() or found.ndim < 2:
        what = (
            f"a tensor of shape {tuple(found.shape)} and dtype {found.dtype}"
            if isinstance(found, Tensor)
            else type(found).__name__
        )
        validation.complain(
            f"the {site.side} of {site.path!r} must hold hidden states at site {site.name!r}",
            f"{what} arrived",
            "choose another site",
        )
    return found
