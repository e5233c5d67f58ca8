"""Fold edits of the residual stream into the weights that write the stream, if this is exact.

Problem. The stream after a block is r + a + m: the input of the block, and the outputs of attention
and mlp. No matrix computes this sum, and r has been read before.

Solution. Let x ↦ x M + b be the edit after the block. Suppose that it moves r only by a constant c:
r is already in the range of M, because the embeddings and all earlier blocks have the same
idempotent map. Then (r + a + m) M + b = r + c + a M + m M, so it is enough that the two writers
write a M and m M + c. In a sequential block the mlp reads r + a, so a M in place of a changes the
model, unless the edit of attention's output, a ↦ a A + α, satisfies A M = A. Then (a A + α) M = a A
+ α + (α M − α), and the mlp's writer adds this constant, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from nullprobe._core.validation import complain
from nullprobe.models.baking.folds import Fold
from nullprobe.models.families import KEEP_HOOK


def writers(
    maps: Mapping[str, Fold], n_layers: int, d: int, *, parallel: bool
) -> dict[tuple[int, str], Fold]:
    """Return the map that the writer of each sublayer must apply to its output.

    Parameters
    ----------
    maps : mapping of str to Fold
        Site → map, without identities.
    n_layers : int
        Number of blocks.
    d : int
        Width of the stream.
    parallel : bool
        Whether attention and mlp of a block read the same states.

    Returns
    -------
    dict of (int, {"attention", "mlp"}) to Fold
        Only the writers that change.
    """
    nothing = Fold.identity(d)
    before, maps_of_writers = maps.get("embeddings"), {}
    for i in range(n_layers):
        attention = maps.get(f"layers.{i}.attention_output", nothing)
        mlp = maps.get(f"layers.{i}.mlp_output", nothing)
        after = maps.get(f"layers.{i}.output")
        if after is not None:
            before = _need_same_map(before, after, i, n_layers)
            shift = after.shift(before)
            if parallel:
                attention = attention.then(after.linear)
            else:
                _need_same_attention_map(attention, after, i, n_layers)
                shift = shift + after.linear.shift(attention)
            mlp = mlp.then(after.linear).plus(shift)
        before = after
        maps_of_writers |= {(i, "attention"): attention, (i, "mlp"): mlp}
    return {at: fold for at, fold in maps_of_writers.items() if not fold.changes_nothing}


def _need_same_map(before: Fold | None, after: Fold, i: int, n_layers: int) -> Fold:
    """Return ``before``; raise InputError unless ``after`` moves its outputs by a constant only."""
    site = f"layers.{i - 1}.output" if i else "embeddings"
    if before is not None and after.leaves_alone(before):
        return before
    complain(
        f"an eraser at 'layers.{i}.output', a sum that no matrix computes, needs the same "
        "idempotent eraser at 'embeddings' and at the output of each earlier layer",
        f"{site!r} has no eraser"
        if before is None
        else f"the eraser at {site!r} is another, whose output this eraser changes",
        _alternative(i, n_layers),
    )
    return None


def _need_same_attention_map(attention: Fold, after: Fold, i: int, n_layers: int) -> None:
    if after.leaves_alone(attention):
        return
    site = f"layers.{i}.attention_output"
    complain(
        f"an eraser at 'layers.{i}.output' needs the same idempotent eraser at {site!r}, since the "
        "mlp of a sequential block reads the stream before this site",
        f"{site!r} has no eraser"
        if attention.changes_nothing
        else f"the eraser at {site!r} is another, whose output this eraser changes",
        f"pass the same eraser at {site!r}, or {_alternative(i, n_layers)}",
    )


def _alternative(i: int, n_layers: int) -> str:
    if i + 1 == n_layers:
        return KEEP_HOOK
    return (
        f"edit the inputs of the next blocks ('layers.{i + 1}.attention_input', "
        f"'layers.{i + 1}.mlp_input' and so on, with erasers fitted there), or {KEEP_HOOK}"
    )
