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

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold

from nullprobe import _check, _record
from nullprobe.pair_comparison import SUPERVISED, Agreement, PairComparison, Reader
from nullprobe.pairs import ContrastPairs, need_truth, truth
from nullprobe.probes import CCS, CRC, VINC, LogisticProbe
from nullprobe.probes.paired import Normaliser, PairEstimator
from nullprobe.probes.random_probe import random_directions

N_PARTS = 3
LEAST_PAIRS = 12
BLOCK = 256  # permutations, or directions, at a time


def compare_pairs(
    pairs: ContrastPairs,
    *,
    others: Mapping[str, Any] | None = None,
    probes: Mapping[str, Any] | None = None,
    n_random: int = 1000,
    n_permutations: int = 999,
    random_state: int = 0,
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
    random_state : int
        Same seed, same numbers.
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
        _check.complain(
            "pairs must be ContrastPairs",
            f"{type(pairs).__name__} arrived",
            "pass ContrastPairs(negative, positive, y)",
        )
    pairs.need_enough()
    n, seed = len(pairs), _check.whole_number("random_state", random_state, least=0)
    if n < LEAST_PAIRS:
        _check.complain(
            f"at least {LEAST_PAIRS} pairs are needed", f"there are {n}", "pass more pairs"
        )
    labels = {concept: need_truth(pairs.y, n), **_others(others, n, concept)}
    chosen = {"CCS": CCS(random_state=seed), "CRC": CRC(), "VINC": VINC()}
    chosen = chosen if probes is None else dict(probes)
    for name, probe in chosen.items():
        _check.instance("probe", name, probe)
        if not isinstance(probe, PairEstimator):
            _check.complain(
                f"probe {name!r} must be one of pairs, such as CCS() or CRC()",
                f"{type(probe).__name__} arrived",
                "leave it out: a probe with labels and random directions are there anyway",
            )
    turns = list(KFold(N_PARTS, shuffle=True, random_state=seed).split(np.arange(n)))
    signs = {name: 2.0 * y - 1.0 for name, y in labels.items()}
    n_permutations = _check.whole_number("n_permutations", n_permutations, least=0)
    n_random = _check.whole_number("n_random", n_random, least=1)
    rows = []
    for name, probe in chosen.items():
        read = [_read(probe, pairs, train)[:, None] for train, _ in turns]
        rows.append(
            Reader(name, _repr(probe), False, _agreements(read, turns, signs, n_permutations, seed))
        )
    ceiling = {name: _supervised(pairs, y, turns) for name, y in labels.items()}
    rows.append(Reader(SUPERVISED, _repr(LogisticProbe()), True, ceiling))
    return PairComparison(
        title,
        tuple(labels),
        tuple(rows),
        _random(n_random, seed, pairs, turns, signs),
        {
            **_record.pairs(pairs.negative, pairs.positive, labels),
            "permutations": n_permutations,
            "random_state": seed,
            "versions": _record.versions(),
        },
    )


def _others(others: Mapping[str, Any] | None, n: int, concept: str) -> dict[str, np.ndarray]:
    found = {}
    if others is not None and not isinstance(others, Mapping):
        _check.complain(
            "other labels must have names",
            f"{type(others).__name__} arrived",
            'pass a mapping, such as {"sentiment": z}',
        )
    for name, y in (others or {}).items():
        if str(name) == concept:
            _check.complain(
                "every label needs a name of its own", f"{concept!r} came twice", "rename one"
            )
        z = need_truth(truth(y, n), n)
        if len(np.unique(z)) < 2:
            _check.complain(
                f"label {str(name)!r} must be of two classes",
                f"all {n} are {z[0]}",
                "leave it out",
            )
        found[str(name)] = z
    return found


def _repr(probe: Any) -> str:
    return " ".join(repr(probe).split())


def _read(probe: Any, pairs: ContrastPairs, train: np.ndarray) -> np.ndarray:
    """Return what a probe that was fitted to training pairs, without labels, reads of all: ±1."""
    some = pairs.take(train)
    unfitted: Any = clone(probe)
    fitted = unfitted.fit(some.negative, some.positive, groups=some.groups)
    below, above = fitted.probe_.logits(pairs.negative, pairs.positive, pairs.groups)
    return np.where(above > below, 1.0, -1.0)


def _permuted(signs: np.ndarray, n_permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Yield permutations (n, b) of one label (n,), so many in all and not too many at a time."""
    rng = np.random.default_rng([seed, 1])
    for start in range(0, n_permutations, BLOCK):
        several = np.tile(signs, (min(BLOCK, n_permutations - start), 1))
        yield rng.permuted(several, axis=1).T


def _right(read: Sequence[np.ndarray], turns: list, labels: np.ndarray) -> np.ndarray:
    """Return which pairs (n, B) are read as labels ±1 say, signs settled in training.

    One reader, (n, 1), with many labels (n, B), or many readers with one label. Where a reader is
    right in half the training pairs the first of them settles it, so that the opposite label
    always gets the opposite sign.
    """
    right = np.zeros(np.broadcast_shapes(read[0].shape, labels.shape), dtype=bool)
    for one, (train, test) in zip(read, turns, strict=True):
        same = one * labels
        right[test] = same[test] * (same[train].sum(axis=0) + 0.5 * same[train[0]]) > 0
    return right


def _agreements(
    read: list, turns: list, signs: Mapping[str, np.ndarray], n_permutations: int, seed: int
) -> dict[str, Agreement]:
    """Return the agreement of one reader with every label; what it reads (n, 1), turn by turn."""
    found = {}
    for name, s in signs.items():
        right, as_good = _right(read, turns, s[:, None])[:, 0], 0
        for labels in _permuted(s, n_permutations, seed):
            shares = _right(read, turns, labels).mean(axis=0)
            as_good += int((shares >= right.mean() - 1e-12).sum())
        p = (as_good + 1) / (n_permutations + 1) if n_permutations else None
        found[name] = Agreement.of(right, p)
    return found


def _supervised(pairs: ContrastPairs, y: np.ndarray, turns: list) -> Agreement:
    """Return how well a logistic probe with labels reads differences of normalised sides."""
    right = np.zeros(len(y), dtype=bool)
    for train, test in turns:
        D = _differences(pairs, train)
        right[test] = LogisticProbe().fit(D[train], y[train]).predict(D[test]) == y[test]
    return Agreement.of(right, None)


def _differences(pairs: ContrastPairs, train: np.ndarray) -> np.ndarray:
    low, high = Normaliser.of(pairs.take(train)).sides(pairs)
    return high - low


def _random(
    n_random: int, seed: int, pairs: ContrastPairs, turns: list, signs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the agreements (m,) of random directions with every label, sorted."""
    directions = random_directions(pairs.d, n_random, np.random.default_rng([seed, 2]))
    differences = [_differences(pairs, train) for train, _ in turns]
    shares = {name: [] for name in signs}
    for start in range(0, directions.shape[1], BLOCK):
        W = directions[:, start : start + BLOCK]
        read = [np.where(D @ W > 0, 1.0, -1.0) for D in differences]
        for name, s in signs.items():
            shares[name].append(_right(read, turns, s[:, None]).mean(axis=0))
    return {name: np.sort(np.concatenate(found)) for name, found in shares.items()}
