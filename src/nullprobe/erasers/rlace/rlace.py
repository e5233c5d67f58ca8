"""R-LACE: the orthogonal projection of rank r after which the best linear predictor is worst.

Problem. Find the orthogonal projection off r directions that maximises the least loss of a linear
predictor of Z. The published method takes 50,000 alternating stochastic gradient steps on a
relaxation, each with an eigendecomposition of a (d, d) matrix.

Solution. The best predictor is never worse than the best constant, and equals it when
Cov(X, Z) = 0. So from r = rank(C) on, mean projection is optimal, without iteration. Below rank(C),
squared loss has a closed form: remove the leading canonical directions of the concept. Only log
loss below rank(C) needs a search, which runs on the rows and bounds its value (`game`).

Reference. S. Ravfogel, M. Twiton, Y. Goldberg, R. Cotterell, "Linear adversarial concept
erasure", ICML 2022, arXiv 2201.12091.
"""

from __future__ import annotations

import sys
from typing import Any, Self

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.special import entr
from sklearn.utils.validation import validate_data

from nullprobe._core import arrays, linalg, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept
from nullprobe.data.rows import rows
from nullprobe.erasers.estimator import MomentEraser, concept_to_erase
from nullprobe.erasers.fits import orthogonal
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.erasers.rlace.game import Game, Rules, play
from nullprobe.erasers.rlace.predictors import Predictors
from nullprobe.moments import Moments

LEAST = 1e-12  # smallest ridge and tol
TIE = 1e-10  # canonical correlations that differ by less, relatively, are equal


def rlace(
    moments: Moments, *, rank: int | None = None, loss: str = "auto"
) -> tuple[AffineEraser, Game]:
    """Return the closed form of the eraser, and the value of its game.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).
    rank : int or None
        Most directions to remove; None for rank(C), C = Cov(X, Z). More are never removed.
    loss : {"auto", "log", "squared"}
        Loss that predictors minimise. "log": log loss in nats, for class labels. "squared":
        squared errors, summed over the rank(C) uncorrelated unit-variance variables of the concept
        that X covaries with. "auto": "log" for class labels, "squared" for numbers.

    Raises
    ------
    InputError
        Under log loss, if the concept is numeric, or if the rank is below rank(C): it needs rows.

    Notes
    -----
    Let ρ₁ ≥ ρ₂ ≥ ... be the canonical correlations. The value under squared loss is
    rank(C) − Σ ρᵢ² over i > rank. Guaranteed on the fitting sample: from rank(C) on, what mean
    projection guarantees, because it is the same map; below rank(C), that no other orthogonal
    projection of this rank leaves a larger loss. Not guaranteed: anything about 0-1 loss,
    nonlinear probes, or rows outside the sample.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import Moments
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]]), ["a", "a", "b", "b"]
    >>> eraser, game = rlace(Moments.of(X, y))
    >>> eraser.rank, game.exact
    (1, True)
    """
    most, loss = _checked_rules(rank, loss, moments.classes)
    solution = _closed_form(moments, most, loss)
    if solution is None:
        full_rank = moments.concept_basis().rank
        validation.complain(
            f"log loss below rank(C) = {full_rank} needs the rows",
            f"moments and rank = {rank} arrived",
            f"call RLACE(rank={rank}).fit(X, y) on all rows at once, or use loss='squared' or "
            f"a rank of {full_rank}",
        )
    return solution


def _checked_rules(rank: Any, loss: Any, classes: tuple | None) -> tuple[int, str]:
    """Return the most directions to remove and the loss of the game, or complain."""
    most = sys.maxsize if rank is None else parameters.whole_number("rank", rank, least=1)
    parameters.choice("loss", loss, ["auto", "log", "squared"])
    if loss == "auto":
        loss = "squared" if classes is None else "log"
    if loss == "log" and classes is None:
        validation.complain(
            "log loss needs class labels",
            "the concept is numeric",
            "pass loss='squared', or labels as strings or integers",
        )
    return most, loss


def _closed_form(moments: Moments, rank: int, loss: str) -> tuple[AffineEraser, Game] | None:
    """Return the eraser and its game; None if they need rows."""
    basis = moments.concept_basis()
    W = (basis.scale[:, None] * basis.correlation).T
    trivial = float(entr(moments.concept_mean).sum() if loss == "log" else basis.rank)
    if rank >= basis.rank:
        game = Game(trivial, trivial, trivial, basis.rank, iterations=0, exact=True)
        return orthogonal("R-LACE", moments, W), game
    if loss == "log":
        return None
    whitened = moments.factor().whiten(basis.correlation.T)
    # With fewer rows than features, all directions are equally readable. Among equal ones, those
    # that correlate most with features come first, so that rounding does not decide.
    whitened *= 1.0 - TIE * np.arange(basis.rank)[:, None]
    turn, rho, _ = np.linalg.svd(whitened, full_matrices=False)
    value = trivial - float((np.clip(rho[rank:], 0.0, 1.0) ** 2).sum())
    game = Game(value, value, trivial, rank, iterations=0, exact=True)
    return orthogonal(f"R-LACE, rank {rank}", moments, turn[:, :rank].T @ W), game


def _played(
    X: np.ndarray,
    z: Concept,
    w: np.ndarray,
    moments: Moments,
    rules: Rules,
    rng: np.random.Generator,
) -> tuple[AffineEraser, Game]:
    """Return the best eraser of the game under log loss, from rows of positive weight."""
    assert z.codes is not None, "log loss needs labels"
    X, w = X - moments.mean, w / w.sum()
    white = _whitened(X, w, moments)
    predictors = Predictors(white, z.codes, w, rules.ridge)
    A, game = play(predictors, rules, rng)
    # x = L x_w: a direction u is blind to A exactly if it is orthogonal to L A = Cov(x, Aᵀ x_w).
    W = (white @ A * w[:, None]).T @ X
    return orthogonal(f"R-LACE, rank {rules.rank}", moments, W), game


def _whitened(X: np.ndarray, w: np.ndarray, moments: Moments) -> np.ndarray:
    """Return rows (n, q) of mean 0 and second moment I, in the range of the covariance.

    It whitens twice: Böhning's bound assumes I, and moments of float32 data are too coarse for it.
    """
    white = moments.factor().whiten(X * linalg.reciprocal(moments.scale))
    white -= w @ white
    lower = cholesky(white.T @ (w[:, None] * white), lower=True)
    return solve_triangular(lower, white.T, lower=True).T


class RLACE(MomentEraser):
    """Erase a concept with the orthogonal projection that is worst for a linear predictor.

    Parameters
    ----------
    rank : int or None
        Most directions to remove; None for the rank of the concept, which guards it. A smaller
        rank leaves the concept partly readable.
    loss : {"auto", "log", "squared"}
        Loss that predictors minimise. "auto": log loss for class labels, squared loss for numbers.
    max_iter : int
        Most steps of the ascent from each start. Only log loss below rank(C) iterates.
    tol : float
        The ascent stops when a step gains less than this, in nats.
    ridge : float
        Predictors of the game have the penalty ½ ridge |V|² on weights V of whitened features. It
        makes the game's lower bound certain, and is part of its value. Closed forms have none.
    random_state : int, Generator or None
        Source of the partitions of classes that start the ascent.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map, an orthogonal projection about the mean.
    game_ : Game
        Bounds on the largest least loss after removing ``rank`` directions.
    n_iter_ : int
        Steps of the ascent, summed over all starts; 1 for a closed form.
    moments_ : Moments
        Moments of the fitting rows; ``partial_fit`` adds to them where moments suffice.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.

    Notes
    -----
    ``partial_fit`` and ``from_moments`` raise an error under log loss below rank(C), which needs
    all rows at once. There the eraser is the best of several ascents, and may not be optimal:
    it falls short by at most ``game_.gap``.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(300) % 3
    >>> X = rng.normal(size=(300, 5)) + np.eye(3, 5)[y] * [1.0, 2.0, 3.0, 0.0, 0.0]
    >>> one, every = (RLACE(rank=rank).fit(X, y).game_ for rank in (1, None))
    >>> one.exact, one.lower <= one.upper <= one.trivial
    (False, True)
    >>> every.exact, every.rank, every.lower == every.upper == every.trivial
    (True, 2, True)
    """

    def __init__(  # noqa: PLR0913  a constructor
        self,
        rank: int | None = None,
        loss: str = "auto",
        max_iter: int = 50,
        tol: float = 1e-6,
        ridge: float = 1e-4,
        random_state: RandomState = 0,
        kind: str | None = None,
    ) -> None:
        self.rank = rank
        self.loss = loss
        self.max_iter = max_iter
        self.tol = tol
        self.ridge = ridge
        self.random_state = random_state
        self.kind = kind

    def fit(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Self:
        """Fit the eraser.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation: NumPy array, torch tensor, dask array or data frame.
        y : array-like of shape (n,) or (n, k)
            Concept: labels, or numbers under squared loss.
        sample_weight : array-like of shape (n,), optional
        concept : array-like of shape (n,) or (n, k), optional
            Concept to erase instead of y: in a pipeline, y is what the pipeline predicts.

        Raises
        ------
        InputError
            If the input is empty or not finite, if lengths differ, or if a parameter is wrong.
        """
        frame = X
        X, z, w = rows(X, concept_to_erase(y, concept), sample_weight, kind=self.kind)
        (rules, loss), rng = self._rules(z.classes), generator(self.random_state)
        moments = self._gather(X, z, w)
        solution = _closed_form(moments, rules.rank, loss)
        if solution is None:
            w = np.ones(len(z)) if w is None else w
            positive = np.flatnonzero(w)  # rows of weight 0 do not count
            X_, z = arrays.host(arrays.take(X, positive)), z.take(positive).present()
            solution = _played(X_, z, w[positive], moments, rules, rng)
        validate_data(self, frame, skip_check_array=True)
        self._remember_rows(X)
        return self._store_solution(moments, *solution)

    def _rules(self, classes: tuple | None) -> tuple[Rules, str]:
        """Return the parameters and the loss, or complain about one."""
        most, loss = _checked_rules(self.rank, self.loss, classes)
        rules = Rules(
            most,
            parameters.real_number("ridge", self.ridge, least=LEAST),
            parameters.whole_number("max_iter", self.max_iter, least=1),
            parameters.real_number("tol", self.tol, least=LEAST),
        )
        return rules, loss

    def _need_labels(self, z: Concept) -> None:
        self._rules(z.classes)  # complains about parameters before reading data

    def _store(self, moments: Moments) -> Self:
        self._rules(moments.classes)
        return self._store_solution(moments, *rlace(moments, rank=self.rank, loss=self.loss))

    def _store_solution(self, moments: Moments, eraser: AffineEraser, game: Game) -> Self:
        self.moments_, self.game_, self.n_iter_ = moments, game, max(1, game.iterations)
        return self._adopt(eraser)
