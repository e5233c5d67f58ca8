"""States at later sites, for a model as it is and under edits of earlier sites."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nullprobe._core.progress import Report, silent
from nullprobe.models.behaviour import Texts
from nullprobe.models.editing.patching import Places, at_sites
from nullprobe.models.editing.prefix import Prefix
from nullprobe.models.finding import chosen
from nullprobe.models.forward import reached, running, takes_mask
from nullprobe.models.hooks import editing
from nullprobe.models.scored_tokens import Edits, bound
from nullprobe.models.tokens import Encoded, batches

STAGE = "states of later layers"


def edited_states(
    texts: Texts,
    places: Places,
    edit: Edits,
    sites: Sequence[str],
    *,
    layers: str | None = None,
    report: Report = silent,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return states at some sites, unedited and under an edit of earlier sites.

    Parameters
    ----------
    texts : Texts
    places : Places
        Tokens of the texts to read.
    edit : mapping of str to AffineEraser or Patch
        Site → edit.
    sites : sequence of str
        Sites to read, behind those that are edited.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.
    report : callable
        Called with the stage, the texts done and all texts.

    Returns
    -------
    dict of str to two ndarray of shape (rows, d)
        Rows in the order of the places.
    """
    model = texts.model
    read = chosen(model, list(sites), layers)
    at = [places.positions[i:j] for i, j in zip(places.starts, places.starts[1:], strict=False)]
    encoded = [
        Encoded(ids, of_text, len(of_text)) for ids, of_text in zip(texts.ids, at, strict=True)
    ]
    edits, prefix, done = at_sites(model, [{}, edit], layers), Prefix(model), 0
    rows = len(places.positions)
    states = {site.name: np.zeros((2, rows, site.width), dtype=np.float32) for site in read}
    with running(model, reached(model, read), read) as run:
        for batch in batches(encoded, texts.size, texts.pad, mixed=takes_mask(model)):
            prefix.forget()
            place = places.rows(batch.texts)[0]
            for e, one in enumerate(edits):
                with prefix.around(one), editing(model, bound(one, batch)):
                    for name, passed in run(batch).items():
                        states[name][e, place] = passed.cpu().numpy()
            done += len(batch.texts)
            report(STAGE, done, len(texts))
    return {name: (both[0], both[1]) for name, both in states.items()}
