"""INLP: iterative nullspace projection, until rows beside the fit tell nothing more.

Problem. Remove what a linear probe reads of a concept, whichever probe that is, and then what it
reads in what is left: not the directions of one fit, but of fit after fit.

Solution. Each round fits the probe to what is left of X, and its directions join one orthonormal
basis Q (d, r): x ↦ x − Q Qᵀ(x − μ). How many rounds is not fixed beforehand: some rows are kept
from the fits, and when the probe no longer reads them above chance, its directions are noise.
As many rounds are then made with all rows, since an eraser is as good as its sample is large.
A probe that needs moments only is given projected moments, and no row is touched.

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
from nullprobe.erasers.estimator import EraserEstimator, chosen
from nullprobe.erasers.fits import fitted, kept_share
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
        """Return some of the rows."""
        return Sample(self.X[rows], self.z.take(rows), None if self.w is None else self.w[rows])

    def moments(self) -> Moments:
        """Return the moments of these rows."""
        return Moments.of(self.X, self.z, sample_weight=self.w)


def search(space: Nullspace, held: Sample, *, alpha: float) -> tuple[list[float], int, str]:
    """Go round until held-out rows tell nothing more.

    Parameters
    ----------
    space : Nullspace
    held : Sample
        Rows that the probe is judged by, about the mean of those that it is fitted to.
    alpha : float
        How often noise may be called readable.

    Returns
    -------
    readings : list of float
        Held-out reading of the probe of each round.
    n_rounds : int
        Rounds whose directions were taken.
    why : str
        Why there was no further one.
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
    """Choose rows (n,) bool to judge by: a share of each class, one at least, never all."""
    held = np.zeros(len(z), dtype=bool)
    strata = np.zeros(len(z), dtype=int) if z.codes is None else z.codes
    for s in range(strata.max() + 1):
        members = rng.permutation(np.flatnonzero(strata == s))
        held[members[: min(max(1, round(share * len(members))), len(members) - 1)]] = True
    return held


def _told(z: Concept, held: np.ndarray) -> Concept:
    """Return the concept without the numbers that do not vary in the training rows."""
    if z.codes is not None:
        return z
    values = z.data[~held]
    return Concept(None, None, z.data[:, (values != values[:1]).any(axis=0)])


def _why_not(sample: Sample, held: np.ndarray) -> str:
    """Return why there can be no rounds, or nothing."""
    z = sample.z
    if not (z.data != z.data[:1]).any():
        return NO_CONCEPT
    if not held.any():
        return TOO_FEW
    there = sample.take(held)
    nothing = np.zeros((len(there.X), z.n_scores))
    reading, _ = above_chance(nothing, there.z, alpha=0.0, weights=there.w)
    return TOO_FEW if np.isnan(reading) else ""


class INLP(EraserEstimator):
    """Erase what a probe reads, round by round, until held-out rows tell nothing more.

    Parameters
    ----------
    probe : estimator or None
        A linear probe with ``fit(X, y)``, and ``fit(X, y, sample_weight=...)`` where there are
        weights: one of ours, or one of scikit-learn's with ``coef_``. It is cloned each round
        and fitted to what is left of X about its mean, with classes as codes 0, 1, 2, ...
        ``None`` for ``LDAProbe()``.
    max_rank : int or None
        Most directions to remove; ``None`` for no bound but d.
    validation_fraction : float in (0, 1)
        Share of the rows, of each class alike, by which it is settled how many rounds there are:
        rounds with the other rows go on until these are not read above chance. As many rounds
        with all rows then make the eraser.
    alpha : float in [0, 1]
        How often directions of noise may be taken for some of the concept, each round. 1 goes on
        to ``max_rank``, or till nothing is left.
    random_state : int, Generator or None
        Source of the choice of the held-out rows.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map, an orthogonal projection about the mean of all rows: ``reading`` (d, r)
        holds orthonormal directions in the order in which they were found.
    scores_ : tuple of float
        Reading of each round's probe on the held-out rows, which it was not fitted to, before its
        directions go: the mean AUC of the classes, or the mean correlation with the numbers.
    stopped_ : str
        Why the rounds ended. Where "nothing more is read", the last of ``scores_`` is the one
        that was not above chance.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.

    Notes
    -----
    Not guaranteed: that class means are equal, on the sample or elsewhere, so this is weaker than
    ``LEACE``, which removes fewer directions besides. That the probe reads nothing more means
    that an effect, if any is left, is too small for the held-out rows to show. The projection is
    orthogonal in the units that X comes in: divide features by their standard deviations where
    these differ much, or the rounds begin with the smallest features.

    The held-out rows belong to the fit: a reading to be quoted needs other rows, and a fresh
    probe. A class of a single row cannot be held out, so it has no say in when the rounds end.

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
            Concept to erase in place of y, as in a pipeline whose y is something else.

        Raises
        ------
        InputError
            If the input is empty, not finite, or of lengths that differ, or the probe not linear.
        """
        frame = X
        X, z, w = rows(X, chosen(y, concept), sample_weight, kind=self.kind)
        self._check_parameters(z, weighted=w is not None)
        sample = Sample(arrays.host_native(validation.finite(X)), z.present(), w)
        if w is not None and not w.all():  # a weight of 0 is a row that is not there
            sample = sample.take(np.flatnonzero(w))
            sample = Sample(sample.X, sample.z.present(), sample.w)
        Q, moments, readings, stopped = self._null_out(sample)
        validate_data(self, frame, skip_check_array=True)
        self.scores_, self.stopped_ = tuple(readings), stopped
        more = {"probe": type(self._reader()).__name__, "stopped": stopped}
        self._see(sample.X)
        return self._adopt(fitted("INLP", moments, Q, Q.T, kept_share(moments, Q, Q.T), **more))

    def _null_out(self, sample: Sample) -> tuple[np.ndarray, Moments, list[float], str]:
        """Return the basis (d, r), the moments of all rows, the readings, and why they end."""
        held = _held_out(sample.z, float(self.validation_fraction), generator(self.random_state))
        told = Sample(sample.X, _told(sample.z, held), sample.w)
        why_not = _why_not(told, held)
        if why_not:
            return np.zeros((sample.X.shape[1], 0)), sample.moments(), [], why_not
        train, there = told.take(~held), told.take(held)
        first, second = train.moments(), there.moments()
        there = Sample(arrays.host(there.X) - first.mean, there.z, there.w)
        space = self._space(train, first)
        readings, n_rounds, why = search(space, there, alpha=float(self.alpha))
        # How often is settled; which directions is a question for all rows.
        whole = self._space(told, first + second)
        for _ in range(n_rounds) if why == NOTHING_READ else count():
            if whole.is_full or not whole.grow(whole.read()):
                break
        mute = told.z.n_columns - len(np.unique(there.z.data)) if told.z.is_classes else 0
        if mute:
            why += f", but classes of one row had no say ({mute})"
        return whole.basis, first + second, readings, why

    def _space(self, sample: Sample, moments: Moments) -> Nullspace:
        """Return the empty nullspace of a sample."""
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
                "a probe of a numeric concept must predict numbers",
                f"{type(probe).__name__} is a classifier",
                "pass a linear regressor, such as Ridge() or LDAProbe(), or labels as y",
            )
