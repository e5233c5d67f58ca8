"""When an edit of the residual stream can be written into what writes the stream.

Problem. The stream after a block is r + a + m: what came in, what attention and what the mlp
wrote. An edit of the sum is an edit of no matrix, and r was read before.

Solution. Let x ↦ x M + b be asked after the block, and let it move r by a constant c: r is then
already in its range, since the same idempotent map was asked at the embeddings and after every
block before. So (r + a + m) M + b = r + c + a M + m M, and writers that write a M and m M + c do
it. In a sequential block the mlp reads r + a in between, so that a M instead of a is another
model, unless the edit that is asked of a itself, a ↦ a A + α, leaves nothing to do: A M = A. Then
(a A + α) M = a A + α + (α M − α), and the mlp's writer takes that constant, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from nullprobe._core.validation import complain
from nullprobe.models.baking.families import KEEP_HOOK
from nullprobe.models.baking.folds import Fold


def writers(
    maps: Mapping[str, Fold], n_layers: int, d: int, *, parallel: bool
) -> dict[tuple[int, str], Fold]:
    """Return what each sublayer's writer must do after itself.

    Parameters
    ----------
    maps : mapping of str to Fold
        Site → map; identities left out.
    n_layers : int
        Number of blocks.
    d : int
        Width of the stream.
    parallel : bool
        Whether attention and mlp of a block read the same.

    Returns
    -------
    dict of (int, {"attention", "mlp"}) to Fold
        Those writers only that change.
    """
    nothing = Fold.identity(d)
    before, found = maps.get("embeddings"), {}
    for i in range(n_layers):
        attention = maps.get(f"layers.{i}.attention_output", nothing)
        mlp = maps.get(f"layers.{i}.mlp_output", nothing)
        after = maps.get(f"layers.{i}.output")
        if after is not None:
            before = _settled(before, after, i, n_layers)
            shift = after.shift(before)
            if parallel:
                attention = attention.then(after.linear)
            else:
                _refuse_unless_settled(attention, after, i, n_layers)
                shift = shift + after.linear.shift(attention)
            mlp = mlp.then(after.linear).plus(shift)
        before = after
        found |= {(i, "attention"): attention, (i, "mlp"): mlp}
    return {at: fold for at, fold in found.items() if not fold.changes_nothing}


def _settled(before: Fold | None, after: Fold, i: int, n_layers: int) -> Fold:
    """Return ``before`` if ``after`` moves all that it lets through by a constant, or refuse."""
    site = f"layers.{i - 1}.output" if i else "embeddings"
    if before is not None and after.leaves_alone(before):
        return before
    complain(
        f"'layers.{i}.output' is a sum that no matrix computes: it can be baked only where the "
        "embeddings and every block up to it are asked one and the same idempotent map",
        f"nothing is asked at {site!r}"
        if before is None
        else f"what the map at {site!r} lets through is moved by this one",
        _instead(i, n_layers),
    )
    return None


def _refuse_unless_settled(attention: Fold, after: Fold, i: int, n_layers: int) -> None:
    if after.leaves_alone(attention):
        return
    site = f"layers.{i}.attention_output"
    complain(
        f"the mlp of a sequential block reads the stream before 'layers.{i}.output' is edited, so "
        f"that this site can be baked only where {site!r} is asked the same idempotent map",
        f"nothing is asked at {site!r}"
        if attention.changes_nothing
        else f"what the map at {site!r} lets through is moved by this one",
        f"ask it there, too, or {_instead(i, n_layers)}",
    )


def _instead(i: int, n_layers: int) -> str:
    if i + 1 == n_layers:
        return KEEP_HOOK
    return (
        f"edit what the next blocks read ('layers.{i + 1}.attention_input', "
        f"'layers.{i + 1}.mlp_input' and so on, each with an eraser fitted there), or {KEEP_HOOK}"
    )
