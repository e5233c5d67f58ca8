"""INLP: iterative nullspace projection, until a probe reads held-out rows at chance.

Problem. Remove the directions that a linear probe reads a concept from, for any linear probe. Then
refit the probe and remove again: one fit does not find all directions.

Solution. Each round fits the probe to X without the directions removed so far, and adds its
directions to one orthonormal basis Q (d, r): x ↦ x − Q Qᵀ(x − μ). Held-out rows set the number of
rounds: when the probe reads them no better than chance, its directions are noise. The same number
of rounds is then run on all rows, because an eraser improves with the size of its sample. A probe
that needs only moments gets projected moments, without a copy of the rows.

Reference. S. Ravfogel, Y. Elazar, H. Gonen, M. Twiton, Y. Goldberg, "Null it out: guarding
protected attributes by iterative nullspace projection", ACL 2020, arXiv 2004.07667, algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, Self

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import validate_data

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept
from nullprobe.data.rows import rows
from nullprobe.erasers.estimator import EraserEstimator, concept_to_erase
from nullprobe.erasers.fits import fitted, remaining_share
from nullprobe.moments import Moments
from nullprobe.probes.base.nullspace import Nullspace, need_usable
from nullprobe.probes.linear.lda import LDAProbe
from nullprobe.stats.metrics import above_chance

# Why the rounds ended.
NOTHING_READ = "nothing more is read"
NOTHING_LEFT = "nothing is left"
MAX_RANK = "max_rank is reached"
NO_CONCEPT = "the concept does not vary in the rows to fit to"
TOO_FEW = "too few rows to hold some out"


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows X (n, d), their concept, and their weights (n,) or None."""

    X: np.ndarray
    z: Concept
    w: np.ndarray | None

    def take(self, rows: np.ndarray) -> Sample:
        """Return the sample of these rows (positions or a mask)."""
        return Sample(self.X[rows], self.z.take(rows), None if self.w is None else self.w[rows])

    def moments(self) -> Moments:
        """Return the moments of these rows."""
        return Moments.of(self.X, self.z, sample_weight=self.w)


def search(space: Nullspace, held: Sample, *, alpha: float) -> tuple[list[float], int, str]:
    """Run rounds until the probe reads held-out rows at chance.

    Parameters
    ----------
    space : Nullspace
    held : Sample
        Rows that score the probe, minus the mean of its fitting rows.
    alpha : float
        Significance level of the stopping test.

    Returns
    -------
    readings : list of float
        Held-out reading of the probe in each round.
    n_rounds : int
        Number of rounds whose directions were removed.
    end : str
        Why the rounds ended.
    """
    readings, n_rounds = [], 0
    while not space.is_full:
        W = space.read()
        reading, above = above_chance(held.X @ W, held.z, alpha=alpha, weights=held.w)
        readings.append(reading)
        if not above:
            return readings, n_rounds, NOTHING_READ
        if not space.grow(W):
            return readings, n_rounds, NOTHING_LEFT
        n_rounds += 1
    d, rank = space.basis.shape
    return readings, n_rounds, MAX_RANK if rank == space.most < d else NOTHING_LEFT


def _held_out(z: Concept, share: float, rng: np.random.Generator) -> np.ndarray:
    """Choose held-out rows (n,) bool: a share of each class, at least one row, never all rows."""
    held = np.zeros(len(z), dtype=bool)
    strata = np.zeros(len(z), dtype=int) if z.codes is None else z.codes
    for s in range(strata.max() + 1):
        members = rng.permutation(np.flatnonzero(strata == s))
        held[members[: min(max(1, round(share * len(members))), len(members) - 1)]] = True
    return held


def _varying_concept(z: Concept, held: np.ndarray) -> Concept:
    """Return the concept without numeric columns that are constant in the training rows."""
    if z.codes is not None:
        return z
    values = z.data[~held]
    return Concept(None, None, z.data[:, (values != values[:1]).any(axis=0)])


def _reason_for_no_rounds(sample: Sample, held: np.ndarray) -> str:
    """Return why there can be no rounds; empty if there can."""
    z = sample.z
    if not (z.data != z.data[:1]).any():
        return NO_CONCEPT
    if not held.any():
        return TOO_FEW
    scored = sample.take(held)
    nothing = np.zeros((len(scored.X), z.n_scores))
    reading, _ = above_chance(nothing, scored.z, alpha=0.0, weights=scored.w)
    return TOO_FEW if np.isnan(reading) else ""


class INLP(EraserEstimator):
    """Erase the directions that a probe reads, in rounds, until it reads held-out rows at chance.

    Parameters
    ----------
    probe : estimator or None
        A linear probe with ``fit(X, y)``, or ``fit(X, y, sample_weight=...)`` if weights are
        passed: a probe of nullprobe, or of scikit-learn with ``coef_``. Each round fits a clone to
        centred X without the directions removed so far; classes are codes 0, 1, 2, ...
        ``None`` for ``LDAProbe()``.
    max_rank : int or None
        Most directions to remove; ``None`` for d.
    validation_fraction : float in (0, 1)
        Share of each class that is held out to set the number of rounds. Rounds on the other rows
        continue while the held-out rows are read better than chance. The eraser is then fitted
        with the same number of rounds on all rows.
    alpha : float in [0, 1]
        Significance level of the stopping test, per round. With 1, rounds continue until
        ``max_rank`` is reached or nothing is left.
    random_state : int, Generator or None
        Source of the held-out rows.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map, an orthogonal projection about the mean of all rows: ``reading`` (d, r)
        holds orthonormal directions, in the order of the rounds.
    scores_ : tuple of float
        Held-out score of each round's probe, before its directions are removed: the mean AUC of
        the classes, or the mean correlation with the numbers.
    stopped_ : str
        Why the rounds ended. After "nothing more is read", the last of ``scores_`` is the score
        that was not significantly above chance.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.

    Notes
    -----
    Not guaranteed: equal class means, on the sample or elsewhere. INLP is therefore weaker than
    ``LEACE``, which also removes fewer directions. A stop at chance means that any remaining
    effect is too small for the held-out rows to show. The projection is orthogonal in the units
    of X: divide features by their standard deviations if these differ much; otherwise the rounds
    begin with the smallest features.

    The held-out rows belong to the fit. A score to report needs other rows and a newly fitted
    probe. A class of one row cannot be held out, so it does not count when the rounds end.

    References
    ----------
    S. Ravfogel et al., "Null it out", 2020, arXiv 2004.07667, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(2000) % 2
    >>> X = rng.normal(size=(2000, 5)) + 2 * y[:, None] * [1, 1, 0, 0, 0]
    >>> inlp = INLP().fit(X, y)
    >>> inlp.eraser_.rank, inlp.stopped_
    (1, 'nothing more is read')
    >>> np.round(inlp.scores_, 2).tolist()
    [0.97, 0.54]
    """

    def __init__(
        self,
        probe: Any = None,
        max_rank: int | None = None,
        validation_fraction: float = 0.2,
        alpha: float = 0.05,
        random_state: RandomState = 0,
        kind: str | None = None,
    ) -> None:
        self.probe = probe
        self.max_rank = max_rank
        self.validation_fraction = validation_fraction
        self.alpha = alpha
        self.random_state = random_state
        self.kind = kind

    def fit(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Self:
        """Fit the eraser; the work is done on the host.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation: NumPy array, torch tensor, dask array or data frame.
        y : array-like of shape (n,) or (n, k)
            Concept: labels or numbers.
        sample_weight : array-like of shape (n,), optional
        concept : array-like of shape (n,) or (n, k), optional
            Concept to erase instead of y: in a pipeline, y is what the pipeline predicts.

        Raises
        ------
        InputError
            If the input is empty or not finite, if lengths differ, or if the probe is not linear.
        """
        frame = X
        X, z, w = rows(X, concept_to_erase(y, concept), sample_weight, kind=self.kind)
        self._check_parameters(z, weighted=w is not None)
        sample = Sample(arrays.host_native(validation.finite(X)), z.present(), w)
        if w is not None and not w.all():  # rows of weight 0 do not count
            sample = sample.take(np.flatnonzero(w))
            sample = Sample(sample.X, sample.z.present(), sample.w)
        Q, moments, readings, stopped = self._null_out(sample)
        validate_data(self, frame, skip_check_array=True)
        self.scores_, self.stopped_ = tuple(readings), stopped
        more = {"probe": type(self._reader()).__name__, "stopped": stopped}
        self._remember_rows(sample.X)
        return self._adopt(
            fitted("INLP", moments, Q, Q.T, remaining_share(moments, Q, Q.T), **more)
        )

    def _null_out(self, sample: Sample) -> tuple[np.ndarray, Moments, list[float], str]:
        """Return the basis (d, r), the moments of all rows, the readings, and why rounds ended."""
        held = _held_out(sample.z, float(self.validation_fraction), generator(self.random_state))
        varying = Sample(sample.X, _varying_concept(sample.z, held), sample.w)
        reason = _reason_for_no_rounds(varying, held)
        if reason:
            return np.zeros((sample.X.shape[1], 0)), sample.moments(), [], reason
        train, scored = varying.take(~held), varying.take(held)
        first, second = train.moments(), scored.moments()
        scored = Sample(arrays.host(scored.X) - first.mean, scored.z, scored.w)
        space = self._space(train, first)
        readings, n_rounds, end = search(space, scored, alpha=float(self.alpha))
        # The number of rounds is set; all rows now determine the directions.
        whole = self._space(varying, first + second)
        for _ in range(n_rounds) if end == NOTHING_READ else count():
            if whole.is_full or not whole.grow(whole.read()):
                break
        single = varying.z.n_columns - len(np.unique(scored.z.data)) if varying.z.is_classes else 0
        if single:
            end += f", but classes of one row were not held out ({single})"
        return whole.basis, first + second, readings, end

    def _space(self, sample: Sample, moments: Moments) -> Nullspace:
        """Return the nullspace of a sample, before the first round."""
        most = moments.d if self.max_rank is None else min(moments.d, self.max_rank)
        return Nullspace(self._reader(), sample.X, sample.z, w=sample.w, moments=moments, most=most)

    def _reader(self) -> Any:
        return LDAProbe() if self.probe is None else self.probe

    def _check_parameters(self, z: Concept, *, weighted: bool) -> None:
        if self.max_rank is not None:
            parameters.whole_number("max_rank", self.max_rank, least=1)
        parameters.share("alpha", self.alpha)
        if not 0 < parameters.share("validation_fraction", self.validation_fraction) < 1:
            validation.complain(
                "validation_fraction must lie between 0 and 1",
                f"{self.validation_fraction!r} arrived",
                "try 0.2",
            )
        probe = self._reader()
        need_usable(probe, weighted=weighted)
        if not z.is_classes and is_classifier(probe):
            validation.complain(
                "the probe of a numeric concept must be a regressor",
                f"{type(probe).__name__} is a classifier",
                "pass a linear regressor, such as Ridge() or LDAProbe(), or labels as y",
            )
