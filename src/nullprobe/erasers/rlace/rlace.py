"""R-LACE: the orthogonal projection of rank r after which the best linear predictor does worst.

Problem. Of all orthogonal projections that remove r directions, find the one that maximises the
least loss of a linear predictor of Z; published as alternating stochastic gradient steps on a
relaxation, 50,000 of them, each with an eigendecomposition of a (d, d) matrix.

Solution. No predictor does worse than the best constant, and none does better once Cov(X, Z) = 0:
from rank(C) directions on, mean projection is optimal and nothing is iterated. Below that,
squared loss gives up the leading canonical directions of the concept, exactly. Only log loss
below rank(C) is a game to be played, on the rows, with bounds on its value (`game`).

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
from nullprobe.erasers.estimator import MomentEraser, chosen
from nullprobe.erasers.fits import orthogonal
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.erasers.rlace.game import Game, Rules, play
from nullprobe.erasers.rlace.predictors import Predictors
from nullprobe.moments import Moments

LEAST = 1e-12  # of ridge and tol
TIE = 1e-10  # share of a canonical correlation that is no difference


def rlace(
    moments: Moments, *, rank: int | None = None, loss: str = "auto"
) -> tuple[AffineEraser, Game]:
    """Return the eraser where it has a closed form, and the value of its game.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).
    rank : int or None
        Most directions to remove; None for rank(C), C = Cov(X, Z), beyond which none are removed.
    loss : {"auto", "log", "squared"}
        What predictors minimise: nats for class labels, or squares summed over the rank(C)
        uncorrelated unit-variance variables of the concept that X covaries with. "auto" is "log"
        for class labels and "squared" for numbers.

    Raises
    ------
    InputError
        Under log loss, for a numeric concept and for a rank below rank(C), which needs rows.

    Notes
    -----
    With ρ₁ ≥ ρ₂ ≥ ... the canonical correlations, the value under squared loss is
    rank(C) − Σ ρᵢ² over i > rank. From rank(C) on, guaranteed on the fitting sample is what mean
    projection guarantees, being the same map; below it, that no other orthogonal projection of
    this rank leaves a larger loss. Not guaranteed: anything about 0-1 loss, nonlinear readers,
    or rows that were not in the sample.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import Moments
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]]), ["a", "a", "b", "b"]
    >>> eraser, game = rlace(Moments.of(X, y))
    >>> eraser.rank, game.exact
    (1, True)
    """
    most, loss = _question(rank, loss, moments.classes)
    closed = _closed_form(moments, most, loss)
    if closed is None:
        known = moments.concept_basis().rank
        validation.complain(
            f"log loss below rank(C) = {known} needs the rows",
            f"moments and rank = {rank} arrived",
            f"call RLACE(rank={rank}).fit(X, y) on all rows at once, or choose loss='squared' or "
            f"a rank of {known}",
        )
    return closed


def _question(rank: Any, loss: Any, classes: tuple | None) -> tuple[int, str]:
    """Return the most directions to remove and the loss of the game, or complain about one."""
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
    """Return the eraser and its game; None where that takes rows."""
    basis = moments.concept_basis()
    W = (basis.scale[:, None] * basis.correlation).T
    trivial = float(entr(moments.concept_mean).sum() if loss == "log" else basis.rank)
    if rank >= basis.rank:
        game = Game(trivial, trivial, trivial, basis.rank, iterations=0, exact=True)
        return orthogonal("R-LACE", moments, W), game
    if loss == "log":
        return None
    whitened = moments.factor().whiten(basis.correlation.T)
    # Of directions that are read alike (all, with fewer rows than features), the first are those
    # that features know best, and rounding decides nothing.
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
    """Return the eraser that plays best under log loss on rows of positive weight."""
    assert z.codes is not None, "log loss was asked about labels"
    X, w = X - moments.mean, w / w.sum()
    white = _whitened(X, w, moments)
    predictors = Predictors(white, z.codes, w, rules.ridge)
    A, game = play(predictors, rules, rng)
    # x = L x_w, so that u sees nothing of A exactly where it is orthogonal to L A = Cov(x, Aᵀ x_w).
    W = (white @ A * w[:, None]).T @ X
    return orthogonal(f"R-LACE, rank {rules.rank}", moments, W), game


def _whitened(X: np.ndarray, w: np.ndarray, moments: Moments) -> np.ndarray:
    """Return rows (n, q) of mean 0 and second moment I, in the range of the covariance.

    Twice: moments of float32 data are too coarse for Böhning's bound, which takes I for granted.
    """
    white = moments.factor().whiten(X * linalg.reciprocal(moments.scale))
    white -= w @ white
    lower = cholesky(white.T @ (w[:, None] * white), lower=True)
    return solve_triangular(lower, white.T, lower=True).T


class RLACE(MomentEraser):
    """Erase a concept with the orthogonal projection that a linear predictor likes least.

    Parameters
    ----------
    rank : int or None
        Most directions to remove; None for as many as the concept has, which guards: a smaller
        rank leaves something to be read.
    loss : {"auto", "log", "squared"}
        What predictors minimise. "auto" is log loss for class labels, and squared loss for
        numbers, which need it.
    max_iter : int
        Steps that the ascent may take from each start; only log loss below rank(C) takes any.
    tol : float
        What a step must gain, in nats, for the ascent to go on.
    ridge : float
        Predictors of the game pay ½ ridge |V|² for weights V on whitened features: it makes
        the game's lower bound certain, and is part of its value. The other cases have none.
    random_state : int, Generator or None
        Which partitions of many classes are looked at for starts of the ascent.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map, an orthogonal projection about the mean.
    game_ : Game
        Bounds on the largest least loss that removing ``rank`` directions leaves.
    n_iter_ : int
        Steps of the ascent, from all starts; 1 where the game is solved in closed form.
    moments_ : Moments
        What ``partial_fit`` continues from, where moments suffice.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.

    Notes
    -----
    ``partial_fit`` and ``from_moments`` complain under log loss below rank(C), which needs all
    rows at once. What is found there is the best of several ascents, not certain to be the best
    there is: ``game_.gap`` is the most by which it may fall short.

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

    def __init__(
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
            Concept to erase in place of y, as in a pipeline whose y is something else.

        Raises
        ------
        InputError
            If the input is empty, not finite, of lengths that differ, or a parameter is wrong.
        """
        frame = X
        X, z, w = rows(X, chosen(y, concept), sample_weight, kind=self.kind)
        (rules, loss), rng = self._rules(z.classes), generator(self.random_state)
        moments = self._gather(X, z, w)
        won = _closed_form(moments, rules.rank, loss)
        if won is None:
            w = np.ones(len(z)) if w is None else w
            kept = np.flatnonzero(w)  # a weight of 0 is a row that is not there
            X_, z = arrays.host(arrays.take(X, kept)), z.take(kept).present()
            won = _played(X_, z, w[kept], moments, rules, rng)
        validate_data(self, frame, skip_check_array=True)
        self._see(X)
        return self._keep(moments, *won)

    def _rules(self, classes: tuple | None) -> tuple[Rules, str]:
        """Return the parameters and the loss, or complain about one."""
        most, loss = _question(self.rank, self.loss, classes)
        rules = Rules(
            most,
            parameters.real_number("ridge", self.ridge, least=LEAST),
            parameters.whole_number("max_iter", self.max_iter, least=1),
            parameters.real_number("tol", self.tol, least=LEAST),
        )
        return rules, loss

    def _gather(self, X: Array, z: Concept, w: np.ndarray | None, task: Any = None) -> Moments:
        self._rules(z.classes)  # a wrong parameter is known before anything is read
        return Moments.of(X, z, sample_weight=w)

    def _store(self, moments: Moments) -> Self:
        self._rules(moments.classes)
        return self._keep(moments, *rlace(moments, rank=self.rank, loss=self.loss))

    def _keep(self, moments: Moments, eraser: AffineEraser, game: Game) -> Self:
        self.moments_, self.game_, self.n_iter_ = moments, game, max(1, game.iterations)
        return self._adopt(eraser)
