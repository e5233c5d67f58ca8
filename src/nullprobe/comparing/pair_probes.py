"""Compare readers of contrast pairs: what each one found, and whether that was worth finding.

Problem. A probe that was fitted to pairs without labels agrees with the truth in 80 % of them, or
with nothing. Was it the truth that it followed, or something else that flips within pairs; would a
direction that looks for no consistency, or one drawn at random, have done as well?

Solution. Every reader is fitted to the same training pairs and scored on the same held-out ones,
against the truth and against every other label that is known: CCS, its closed-form relatives, a
thousand random directions, and a probe with labels as a ceiling. Labels of the training pairs
settle a sign, one for each label that is scored. Neither fits nor the split look at labels, so that
permuting labels is the exact null of each agreement, settled signs included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.comparing.pair_result import SUPERVISED, Agreement, PairComparison, Reader
from nullprobe.data import provenance
from nullprobe.data.dataset import Dataset
from nullprobe.data.pairs import ContrastPairs
from nullprobe.heldout.pair_agreement import PERMUTED, HeldOut
from nullprobe.probes import CCS, CRC, VINC, LogisticProbe
from nullprobe.probes.base.pairs import PairEstimator
from nullprobe.stats.null_distribution import Null


def compare_pairs(
    pairs: ContrastPairs,
    *,
    others: Mapping[str, Any] | None = None,
    probes: Mapping[str, Any] | None = None,
    n_random: int = 1000,
    n_permutations: int = 999,
    random_state: RandomState = 0,
    concept: str = "truth",
    title: str = "pairs",
) -> PairComparison:
    """Compare what readers of contrast pairs found, on pairs that they were not fitted to.

    Parameters
    ----------
    pairs : ContrastPairs
        n pairs, with labels ``y``; each group of ``groups`` is normalised on its own.
    others : mapping of str to array-like of shape (n,), optional
        Other labels of the pairs: 1 where something else is so of the positive side. A reader may
        follow one of these instead.
    probes : mapping of str to estimator, optional
        Unfitted probes of pairs; ``CCS``, ``CRC`` and ``VINC`` if not given.
    n_random : int
        Random directions beside them.
    n_permutations : int
        Permutations of each label; 0 for no p-values.
    random_state : int, Generator or None
        Same seed, same numbers; of a generator or None, a seed is drawn and recorded.
    concept : str
        What the labels ``y`` are called.
    title : str
        Name of the data set on the page.

    Returns
    -------
    PairComparison
        ``.rows``, each with the ``.agreements`` with every label; ``.random``; ``.findings``.

    Raises
    ------
    InputError
        If the pairs have no labels, are too few, or a label is not of two classes.

    Notes
    -----
    Three parts of the pairs take turns to be held out. An agreement is the share of held-out pairs
    that are read as the label says, with a 95 % Wilson interval given the fits.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.distractor(n=300, d=10, random_state=0)
    >>> pairs = ContrastPairs(w.negative, w.positive, w.y)
    >>> found = compare_pairs(pairs, others={"sentiment": w.distractor}, n_random=100)
    >>> print(found.findings[0])
    CCS follows 'sentiment' (1.000 of held-out pairs), not 'truth' (0.480).
    """
    if not isinstance(pairs, ContrastPairs):
        validation.complain(
            "pairs must be ContrastPairs",
            f"{type(pairs).__name__} arrived",
            "pass ContrastPairs(negative, positive, y)",
        )
    seed = integer_seed(random_state)
    held_out = HeldOut(pairs, seed)
    given = Dataset.of(pairs, others=others, truth=concept)
    labels = {concept: given.z.labels, **given.others}
    chosen = {"CCS": CCS(random_state=seed), "CRC": CRC(), "VINC": VINC()}
    chosen = chosen if probes is None else dict(probes)
    for name, probe in chosen.items():
        parameters.instance("probe", name, probe)
        if not isinstance(probe, PairEstimator):
            validation.complain(
                f"probe {name!r} must be one of pairs, such as CCS() or CRC()",
                f"{type(probe).__name__} arrived",
                "leave it out: a probe with labels and random directions are there anyway",
            )
    signs = {name: 2.0 * y - 1.0 for name, y in labels.items()}
    n_permutations = parameters.whole_number("n_permutations", n_permutations, least=0)
    n_random = parameters.whole_number("n_random", n_random, least=1)
    rows = []
    for name, probe in chosen.items():
        read = held_out.read(probe)
        found = {label: _agreement(held_out, read, s, n_permutations) for label, s in signs.items()}
        rows.append(Reader(name, provenance.estimator(probe), False, found))
    ceiling = {name: Agreement.of(held_out.supervised(y), None) for name, y in labels.items()}
    rows.append(Reader(SUPERVISED, provenance.estimator(LogisticProbe(C=1.0)), True, ceiling))
    at_random = held_out.at_random(list(signs.values()), n_random)
    return PairComparison(
        title,
        tuple(labels),
        tuple(rows),
        {name: np.sort(a) for name, a in zip(labels, at_random, strict=True)},
        {
            **provenance.pairs(pairs.negative, pairs.positive, labels),
            "permutations": n_permutations,
            "random_state": seed,
            "versions": provenance.versions(),
        },
    )


def _agreement(
    held_out: HeldOut, read: list[np.ndarray], signs: np.ndarray, n_permutations: int
) -> Agreement:
    """Return the agreement with one label of what a reader reads, turn by turn."""
    right = held_out.right(read, signs[:, None])[:, 0]
    if not n_permutations:
        return Agreement.of(right, None)
    shares = held_out.permuted(read, signs, n_permutations)
    return Agreement.of(right, Null("chance", PERMUTED, shares, upper=True).p_value(right.mean()))
