"""Read or replace the states at a site within a block, by hooks on modules.

Problem. Layers are called by position or by keyword, and return tensors, tuples or outputs with
names. ``output[0]`` of a tensor is the first row of a batch, not the hidden states. Compiled code
does not call hooks that were added after compilation, and a replaced forward may skip hooks, too.
Solution. This file alone extracts states, and puts edited states back in the same form. Within the
block nothing runs compiled, and an edit that the model did not reach is an error. All hooks are
removed after the block, even after an exception.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from nullprobe._core import validation
from nullprobe.models.site import EMBEDDING, INPUT, Site

Read = Callable[[Site, Tensor], None]
Edit = Callable[[Tensor], Tensor]


class _Edits:
    """The active edits at one side of a module, in the order of their blocks, and their hook."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.handle: Any = None

    def __call__(self, states: Tensor) -> Tensor:
        if _suspended.get():
            return states
        for edit in self.edits:
            states = edit(states)
        return states


# One hook serves all edits of one side of a module. So an inner block edits the output of an outer
# block, and both run before all hooks that record.
_active: WeakKeyDictionary[nn.Module, dict[str, _Edits]] = WeakKeyDictionary()
_suspended: ContextVar[bool] = ContextVar("suspended", default=False)


@contextmanager
def without_edits() -> Iterator[None]:
    """Run models without the edits of blocks around this block."""
    token = _suspended.set(True)
    try:
        yield
    finally:
        _suspended.reset(token)


def plain(module: Any) -> Any:
    """Return the module inside the wrapper of ``torch.compile``, or the module itself."""
    while hasattr(module, "_orig_mod"):
        module = module._orig_mod
    return module


class _Eager:
    """Blocks in which nothing runs compiled, in all threads, until the last block ends."""

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
    """Run modules without ``torch.compile`` within the block.

    Compiled code calls only the hooks that existed when it was compiled.
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
    """Replace the states at each site by ``edit(states)`` within the block.

    Raises
    ------
    InputError
        At the end of the block, if the model ran in it and no states passed a site.
    """
    passed: set[str] = set()
    with eager(), _counting(model) as runs, ExitStack() as stack:
        for site, edit in edits.items():
            stack.enter_context(_active_edit(model, site, _recorded(site, edit, passed)))
        yield
    missed = [site for site in edits if site.name not in passed]
    if runs and missed:
        validation.complain(
            f"the model must reach the edit at {missed[0].name!r} when it runs",
            f"it ran without calling {missed[0].path!r}, so nothing was edited there",
            "undo the code that replaces or bypasses the forward of a module around it, or choose "
            "another site",
        )


@contextmanager
def _counting(model: nn.Module) -> Iterator[list[None]]:
    """Yield a list that is empty until the model, or its base model, has run."""
    runs: list[None] = []
    inside = getattr(model, "base_model", None)
    watched = [model, *([inside] if isinstance(inside, nn.Module) and inside is not model else [])]
    handles = [one.register_forward_hook(lambda *_: runs.append(None)) for one in watched]
    try:
        yield runs
    finally:
        for handle in handles:
            handle.remove()


def _recorded(site: Site, edit: Edit, passed: set[str]) -> Edit:
    """Return an edit of all features at a module that records in ``passed`` that it ran."""

    def recorded(states: Tensor) -> Tensor:
        passed.add(site.name)
        if site.first is None:
            return edit(states)
        edited = states.clone()  # the model may need the unedited states
        edited[..., site.first : site.first + site.width] = edit(_of_site(site, states))
        return edited

    return recorded


def _of_site(site: Site, states: Tensor) -> Tensor:
    """Return the features of a site from all features at its module."""
    return states if site.first is None else states[..., site.first : site.first + site.width]


@contextmanager
def _active_edit(model: nn.Module, site: Site, edit: Edit) -> Iterator[None]:
    sides = _active.setdefault(model.get_submodule(site.path), {})
    place = sides.setdefault(site.side, _Edits())
    if not place.edits:
        # Before earlier hooks, so that hooks that record see edited states.
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
    """Register a hook at a site that replaces states by ``act(states)``, or keeps them if None."""
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
        states = act(_states(site, leaving(output)))
        return None if states is None else replaced(output, states)

    return module.register_forward_hook(after, prepend=prepend)


def entering(module: nn.Module, args: tuple, kwargs: Mapping[str, Any]) -> Any:
    """Return the hidden states that enter a module: its first argument."""
    return args[0] if args else kwargs.get(_first_parameter(module))


def _first_parameter(module: nn.Module) -> str:
    """Return the name of the first argument of a module's forward, the hidden states."""
    return next(iter(inspect.signature(plain(module).forward).parameters), "")


def leaving(output: Any) -> Any:
    """Return the hidden states in the output of a module: the output, or its first element.

    A model of sentence-transformers returns all features of a batch; its embedding has a name.
    """
    if isinstance(output, Mapping):
        return output[_main(output)] if output else None
    if isinstance(output, tuple | list):
        return output[0] if len(output) else None
    return output


def replaced(output: Any, states: Tensor) -> Any:
    """Return an output of the same type with other hidden states.

    Examples
    --------
    >>> replaced((torch.zeros(1), "cache"), torch.ones(1))
    (tensor([1.]), 'cache')
    """
    if isinstance(output, dict):  # ModelOutput, too
        return type(output)(**{**output, _main(output): states})
    if hasattr(output, "_fields"):  # a tuple with names
        return output._replace(**{output._fields[0]: states})
    if isinstance(output, tuple | list):
        return type(output)([states, *output[1:]])
    if isinstance(output, Mapping):  # of sentence-transformers
        return {**output, EMBEDDING: states}
    return states


def _main(output: Mapping[str, Any]) -> str:
    """Return the name of the hidden states in an output with names."""
    return EMBEDDING if EMBEDDING in output else next(iter(output))


def _states(site: Site, states: Any) -> Tensor:
    if not isinstance(states, Tensor) or not states.is_floating_point() or states.ndim < 2:
        what = (
            f"a tensor of shape {tuple(states.shape)} and dtype {states.dtype}"
            if isinstance(states, Tensor)
            else type(states).__name__
        )
        validation.complain(
            f"the {site.side} of {site.path!r} must hold the hidden states of site {site.name!r}",
            f"{what} arrived",
        )
    return states
