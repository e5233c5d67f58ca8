r"""Exact smoother of a mixture of hidden Markov models: what a whole text tells about its past.

Problem. The filter states what was believed of a character when a word was read. A later word, such
as one that reveals a character, changes what is believed of its earlier acts.

Solution. Given the author, the characters are independent chains, so forward and backward messages
are exact (Rabiner 1989, doi:10.1109/5.18626). The filter has :math:`b_{ac}(s)`, the belief before
the next act of :math:`c`. With :math:`\beta_{ac}(s) = P(\text{later acts of } c \mid s, a)`,
the smoothed belief is :math:`\sum_a P(a \mid \text{text})\, b_{ac}(s)\beta_{ac}(s) / Z_{ac}`.
An act :math:`v` takes :math:`\beta_{ac}` to :math:`e_c(v) \odot M_{ac}\beta_{ac}`.
"""

from __future__ import annotations

import numpy as np

from nullprobe.corpora.chain_filter import ChainFilter, Ideas, log_of
from nullprobe.corpora.chain_tables import ChainTables
from nullprobe.corpora.corpus import refuse_impossible


def smoothed(
    tables: ChainTables, ids: np.ndarray, names: tuple[str, ...], ideas: Ideas, observer: str
) -> dict[str, np.ndarray]:
    """Return P(latent at t | the whole texts), of shape (n, t, k), for every latent variable.

    Parameters
    ----------
    tables : ChainTables
    ids : ndarray of shape (n, t)
    names : tuple of C str
        The characters.
    ideas : Ideas
        With memory: an observer that forgets what a character did has no past to revise.
    observer : str
        Its name, for a complaint.

    Raises
    ------
    InputError
        If a text has probability 0.
    """
    n, length = ids.shape
    state, rows = ChainFilter(tables, n, ideas), np.arange(n)
    log_p = np.empty((n, length))
    forward, acting = [], []
    for t in range(length):
        log_p[:, t] = log_of(state.expected(t)[rows, ids[:, t]])
        state.read(t, ids[:, t])
        forward.append(state.beliefs.copy())
        acting.append(state.character)
    refuse_impossible(log_p, ids, tables.words, observer)
    backward = np.ones_like(forward[0])
    past: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for t in reversed(range(length)):
        joint = forward[t] * backward
        total = joint.sum(axis=-1, keepdims=True)
        # An author who cannot have written the text has weight 0, whatever is believed.
        beliefs = np.divide(joint, total, out=forward[t], where=total > 0)
        for c, name in enumerate(names):
            past[name].append(
                np.einsum("na,nas->ns", state.weights[:, state.group[c]], beliefs[:, :, c])
            )
        if state.is_act(t):
            c = acting[t]
            before = np.einsum(
                "nast,nat->nas", tables.moves[:, c].swapaxes(0, 1), backward[rows, :, c]
            )
            before = before * tables.acts[c, :, ids[:, t]][:, None, :]
            largest = before.max(axis=-1, keepdims=True)
            backward[rows, :, c] = np.divide(before, largest, out=before, where=largest > 0)
    states = {name: np.stack(values[::-1], axis=1) for name, values in past.items()}

    def of_author(group: int) -> np.ndarray:
        return np.repeat(state.author(group)[:, None], length, axis=1)

    if ideas.one_author:
        return {"author": of_author(0)} | states
    return {f"author of {name}": of_author(c) for c, name in enumerate(names)} | states
