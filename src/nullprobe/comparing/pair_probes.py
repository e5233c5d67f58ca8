"""Compare probes of contrast pairs with random directions and with a supervised probe.

Problem. A probe that is fitted to pairs without labels agrees with the truth in 80 % of held-out
pairs. Does it follow the truth, or another property that differs within pairs? Do random
directions, or a probe that ignores consistency, agree as often?

Solution. Each probe is fitted to the same training pairs, and compared with the truth and with
every other label on the same held-out pairs. The probes are CCS, CRC and VINC, a thousand random
directions, and a supervised probe as an upper bound. Labels of the training pairs determine one
sign for each probe and label. Other fits and the splits do not use labels. So permuted labels are
an exact null of each agreement, including the choice of the sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.frames import kind_of
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.comparing.pair_result import SUPERVISED, Agreement, PairComparison, Reader
from nullprobe.data import provenance
from nullprobe.data.dataset import Dataset
from nullprobe.data.pairs import ContrastPairs
from nullprobe.heldout.pair_agreement import PERMUTED, HeldOut
from nullprobe.probes import CCS, CRC, VINC, LogisticProbe
from nullprobe.probes.base.pairs import PairEstimator
from nullprobe.stats.null_distribution import Null

STAGE = "probes"


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
    progress: Progress = False,
) -> PairComparison:
    """Compare probes of contrast pairs on held-out pairs.

    Parameters
    ----------
    pairs : ContrastPairs
        n pairs with labels ``y``. Each group in ``groups`` is normalised separately.
    others : mapping of str to array-like of shape (n,), optional
        Other labels of the pairs: 1 if another property holds for the positive side. A probe may
        follow one of these instead of the truth.
    probes : mapping of str to estimator, optional
        Unfitted probes of pairs; by default ``CCS``, ``CRC`` and ``VINC``.
    n_random : int
        Number of random directions.
    n_permutations : int
        Number of permutations of each label; 0 for no p-values.
    random_state : int, Generator or None
        The same seed gives the same numbers. A generator or None draws a seed, which is recorded.
    concept : str
        Name of the labels ``y``.
    title : str
        Name of the data set on the page.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Returns
    -------
    PairComparison
        It has ``.rows`` with the ``.agreements`` with every label, ``.random`` and ``.findings``.

    Raises
    ------
    InputError
        If the pairs have no labels or are too few, or if a label does not have two classes.

    Notes
    -----
    Each third of the pairs is held out once. An agreement is the share of held-out pairs for which
    the prediction equals the label, with a 95 % Wilson interval for fixed fits.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.distractor(n=300, d=10, random_state=0)
    >>> pairs = ContrastPairs(w.negative, w.positive, w.y)
    >>> result = compare_pairs(pairs, others={"sentiment": w.distractor}, n_random=100)
    >>> print(result.findings[0])
    CCS follows 'sentiment' (1.000 of held-out pairs), not 'truth' (0.480).
    """
    if not isinstance(pairs, ContrastPairs):
        validation.complain(
            "pairs must be ContrastPairs",
            f"{type(pairs).__name__} arrived",
            "pass ContrastPairs(negative, positive, y)",
        )
    seed, bars = integer_seed(random_state), reporting(progress)
    held_out = HeldOut(pairs, seed)
    data = Dataset.of(pairs, others=others, truth=concept)
    labels = {concept: data.z.labels, **data.others}
    chosen = {"CCS": CCS(random_state=seed), "CRC": CRC(), "VINC": VINC()}
    chosen = chosen if probes is None else dict(probes)
    for name, probe in chosen.items():
        parameters.instance("probe", name, probe)
        if not isinstance(probe, PairEstimator):
            validation.complain(
                f"probe {name!r} must be a probe of pairs, such as CCS() or CRC()",
                f"{type(probe).__name__} arrived",
                "the comparison always includes a supervised probe and random directions",
            )
    signs = {name: 2.0 * y - 1.0 for name, y in labels.items()}
    n_permutations = parameters.whole_number("n_permutations", n_permutations, least=0)
    n_random = parameters.whole_number("n_random", n_random, least=1)
    rows, total = [], len(chosen) + 2
    with bars as report:
        for name, probe in chosen.items():
            read = held_out.read(probe)
            agreements = {
                label: _agreement(held_out, read, s, n_permutations) for label, s in signs.items()
            }
            rows.append(Reader(name, provenance.estimator(probe), False, agreements))
            report(STAGE, len(rows), total)
        ceiling = {name: Agreement.of(held_out.supervised(y), None) for name, y in labels.items()}
        rows.append(Reader(SUPERVISED, provenance.estimator(LogisticProbe(C=1.0)), True, ceiling))
        report(STAGE, len(rows), total)
        at_random = held_out.at_random(list(signs.values()), n_random)
        report(STAGE, total, total)
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
        kind_of(others),
    )


def _agreement(
    held_out: HeldOut, read: list[np.ndarray], signs: np.ndarray, n_permutations: int
) -> Agreement:
    """Return the agreement of the scores of a probe, one array per turn, with one label."""
    right = held_out.right(read, signs[:, None])[:, 0]
    if not n_permutations:
        return Agreement.of(right, None)
    shares = held_out.permuted(read, signs, n_permutations)
    return Agreement.of(right, Null("chance", PERMUTED, shares, upper=True).p_value(right.mean()))
