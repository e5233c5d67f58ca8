"""Prefix: run the blocks before an edit once for all edits of a batch.

Problem. A hundred edits at one site run the model a hundred times, although an edit changes only
what comes after its site.

Solution. In the unedited run of a batch, the output of each block is kept. Under an edit, blocks
that come before its site return these outputs, so only the rest of the model runs. Hooks on
modules run as before. This is done for families whose blocks are known to pass on nothing but
their output; other models run as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn

from nullprobe.models.families import FAMILIES, Family
from nullprobe.models.site import OUTPUT, Site

Forward = Callable[..., Any]


class Prefix:
    """Outputs of the blocks of a model in one batch.

    Parameters
    ----------
    model : torch.nn.Module
    """

    def __init__(self, model: nn.Module) -> None:
        of_transformers = type(model).__module__.startswith("transformers.")
        self.family: Family | None = FAMILIES.get(type(model).__name__) if of_transformers else None
        self.blocks: list[nn.Module] = []
        if self.family is not None:
            self.blocks = list(model.get_submodule(self.family.layers).children())
        self.outputs: list[Any] = []

    def forget(self) -> None:
        """Drop the outputs of the last batch."""
        self.outputs = []

    @contextmanager
    def around(self, sites: Iterable[Site]) -> Iterator[None]:
        """Run the model under edits at these sites; without sites, keep the outputs of blocks."""
        each = list(sites)
        with ExitStack() as stack:
            if not each and not self.outputs:
                for block in self.blocks:
                    stack.enter_context(_replaced(block, self._keeping(block.forward)))
            elif self.outputs:
                n = min([self.before(site) for site in each], default=len(self.blocks))
                for block, output in zip(self.blocks[:n], self.outputs, strict=False):
                    stack.enter_context(_replaced(block, _answer(output)))
            yield

    def before(self, site: Site) -> int:
        """Return how many leading blocks an edit at a site leaves as they are."""
        if self.family is None:
            return 0
        if site.path == self.family.final_norm:
            return len(self.blocks)
        inside = f"{self.family.layers}."
        if not site.path.startswith(inside):
            return 0
        number, _, rest = site.path.removeprefix(inside).partition(".")
        return int(number) + (not rest and site.side == OUTPUT)

    def _keeping(self, forward: Forward) -> Forward:
        """Return a forward that keeps what a block computes, before hooks change it."""

        def keep(*args: Any, **kwargs: Any) -> Any:
            self.outputs.append(forward(*args, **kwargs))
            return self.outputs[-1]

        return keep


def _answer(output: Any) -> Forward:
    """Return a forward that computes nothing."""
    return lambda *_, **__: output


@contextmanager
def _replaced(block: nn.Module, forward: Forward) -> Iterator[None]:
    """Give a block another forward within the block of code."""
    override = vars(block).get("forward")
    block.forward = forward
    try:
        yield
    finally:
        if override is None:
            del block.forward
        else:
            block.forward = override
