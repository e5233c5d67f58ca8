"""Contrast-consistent search: what reads the two sides of every pair as opposites, surely.

Problem. Find a direction that separates true from false without labels: p⁺ and p⁻ of a pair ought
to add up to one (consistency), and not both be ½ (confidence). The loss

    mean[(p⁺ + p⁻ − 1)² + min(p⁺, p⁻)²],   p = σ(θ·x̃ + b),

is a minimum over 2ⁿ patterns of which side is smaller, and has as many local minima as clustering
has. Where pairs are few, many directions reach zero, most of which mean nothing.

Solution. All restarts are columns of one problem, whitened once, descended by quasi-Newton steps.
The minimum is smoothed and θ held short by a ridge, and both are then let go: the smoothing
carries a column over shallow minima, and the ridge settles which of many directions of zero loss
is reached, the shortest. What is still undecided then is searched around the best column.

Reference. C. Burns, H. Ye, D. Klein, J. Steinhardt, "Discovering latent knowledge in language
models without supervision", 2022, arXiv 2212.03827, equations 1 to 3. Annealing: K. Rose,
"Deterministic annealing for clustering, compression, classification, regression", 1998.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nullprobe._core import parameters
from nullprobe._core.parallel import Workers
from nullprobe._core.random_state import RandomState, generator
from nullprobe.probes.base.pairs import PairEstimator
from nullprobe.probes.pairs.contrast_loss import Problem, Restarts
from nullprobe.probes.solvers.descent import descend

FLATTENED = 0.5  # spread of the logits below which a ridge has left nothing of a column
KEPT, LEAST_GAIN, MOST_ROUNDS, PATIENCE = 16, 1e-7, 80, 10  # of a search around the best
NEAREST, FARTHEST = 0.03, 2.0  # how far it goes, next to the length of θ in whitened units


class Stage(NamedTuple):
    """Smoothing τ, least ridge λ, evaluations, and the decrease below which columns rest."""

    smoothing: float
    ridge: float
    steps: int
    tolerance: float


PATH = (
    Stage(0.2, 1e-2, 30, 1e-5),
    Stage(0.05, 1e-3, 20, 1e-5),
    Stage(0.0, 0.0, 60, 1e-5),
)
NEARBY = (Stage(0.0, 0.0, 25, 1e-7),)
LAST = Stage(0.0, 0.0, 40, 1e-9)
SETTLED = Stage(0.0, 0.0, 10, 1e-9)  # where every pair is decided


def ccs(
    negative: np.ndarray,
    positive: np.ndarray,
    starts: np.ndarray,
    *,
    bias: bool = True,
    ridge: float = 1e-6,
    n_searches: int = 3,
    rng: np.random.Generator,
) -> tuple[Restarts, Restarts]:
    """Minimise the loss of contrast-consistent search.

    Parameters
    ----------
    negative, positive : ndarray of shape (n, d)
        Sides, each normalised on its own.
    starts : ndarray of shape (d, m)
        Directions to start from, such as standard normal ones.
    bias : bool
        Whether there is a b.
    ridge : float
        λ at the end of the path: λ|θ|²/2 is added to what is minimised.
    n_searches : int
        Searches around the best column where pairs are left undecided, each with starts of its
        own; 0 for none.
    rng : Generator
        Source of the search around the best restart.

    Returns
    -------
    best : Restarts
        A single column, of least loss.
    restarts : Restarts
        All columns, before the search around the best of them.
    """
    with Workers() as workers:
        problem = Problem(negative, positive, bias=bias, workers=workers)
        V, values = _descended(problem, starts, ridge)
        best, last = V[:, [values.argmin()]], SETTLED
        if problem.undecided(best):
            found, last = [(best, float(values.min()))], LAST
            columns = (V, values)
            for number in range(n_searches):
                if number:  # what surrounds the best of some starts may hold back them all
                    columns = _descended(problem, rng.standard_normal(starts.shape), ridge)
                found.append(_search(problem, *columns, ridge, rng))
            best, _ = min(found, key=lambda one: one[1])
        best, _ = _follow(problem, best, last, ridge)
        restarts, found = problem.ends(V), problem.ends(best)
        least = restarts.losses.argmin()
        if restarts.losses[least] < found.losses[0]:
            found = problem.ends(V[:, [least]])
        return found, restarts


def _descended(problem: Problem, starts: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Follow the path from directions (d, m); return the columns (r + 1, m) and their values."""
    V = first = problem.coordinates(starts)
    values = np.zeros(V.shape[1])
    for stage in PATH:
        V, values = _follow(problem, V, stage, ridge)
        if stage.smoothing:
            # A ridge under which nothing but zero is left was no part of the way.
            V = np.where(problem.spread(V) < FLATTENED, first, V)
    return V, values


def _follow(
    problem: Problem, V: np.ndarray, stage: Stage, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    def objective(V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return problem(V, smoothing=stage.smoothing, ridge=max(ridge, stage.ridge))

    return descend(objective, V, steps=stage.steps, tolerance=stage.tolerance)


def _search(
    problem: Problem, V: np.ndarray, values: np.ndarray, ridge: float, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Return the best column (r + 1, 1) after descents from near the few best, and its value."""
    m = max(V.shape[1], KEPT)
    far = np.geomspace(NEAREST, FARTHEST, m)
    unlucky = 0
    for _ in range(MOST_ROUNDS):
        # What rounds to the same loss is the same minimum.
        order = np.unique(values.round(7), return_index=True)[1][:KEPT]
        V, values = V[:, order], values[order]
        start = V[:, np.resize(np.arange(len(order)), m)]
        lengths = np.linalg.norm(start, axis=0) / np.sqrt(len(start))
        kick = rng.standard_normal(start.shape) * (rng.permutation(far) * lengths)
        kick[-1] *= problem.bias  # without b it stays 0
        found = start + kick.astype(start.dtype)
        for stage in NEARBY:
            found, reached = _follow(problem, found, stage, ridge)
        unlucky = 0 if reached.min() < values.min() - LEAST_GAIN else unlucky + 1
        V, values = np.hstack([V, found]), np.concatenate([values, reached])
        if unlucky == PATIENCE:
            break
    return V[:, [values.argmin()]], float(values.min())


class CCS(PairEstimator):
    """Find, without labels, a direction that reads the two sides of every pair as opposites.

    Parameters
    ----------
    n_init : int
        Random directions to start from.
    bias : bool
        Whether the probe has a bias b.
    ridge : float
        λ: the path ends with λ|θ|²/2 added to the loss, θ in units of the standard deviations.
    positive_fraction : float or None
        Share of the training pairs whose positive side is true, where that is known (from how the
        questions were made) and not ½: it settles the sign without labels.
    n_searches : int
        Searches around the best restart, where pairs are left undecided (noisy pairs, more of
        them than features): they find lower minima and take most of the time; 0 for none.
    random_state : int, Generator or None
        Source of the directions.

    Attributes
    ----------
    probe_ : PairedProbe
        The fitted reader, of the least loss that was found.
    loss_, consistency_, confidence_ : float
        Its loss on the training pairs, and the two parts of it.
    restarts_ : Restarts
        Where the restarts ended. The best of them is then searched around, so that ``loss_`` may
        be less than the least of ``restarts_.losses``.
    sign_ : str
        How it was settled which end of the direction is true: "from labels", "from
        positive_fraction", or "unresolved".

    Notes
    -----
    Not guaranteed: that the direction has to do with truth. Whatever flips within each pair
    reaches a low loss, and the most salient such feature usually wins: compare with
    ``RandomProbe`` and ``CRC``, never with 50 % alone. Nor is the least loss the best probe:
    where features are many next to pairs, there are directions of hardly any loss that read
    nothing, and the ridge is what keeps clear of them.

    References
    ----------
    C. Burns et al., "Discovering latent knowledge in language models without supervision", 2022,
    arXiv 2212.03827.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 200)
    >>> shared, truth = rng.normal(size=(200, 5)), np.outer(2 * y - 1, [3, 0, 0, 0, 0])
    >>> negative = shared - truth + rng.normal(size=(200, 5))
    >>> positive = shared + truth + rng.normal(size=(200, 5))
    >>> ccs = CCS().fit(negative[:100], positive[:100])
    >>> ccs.sign_, ccs.score(negative[100:], positive[100:], y[100:]) > 0.95
    ('unresolved', True)
    """

    def __init__(
        self,
        n_init: int = 10,
        bias: bool = True,
        ridge: float = 1e-6,
        positive_fraction: float | None = None,
        n_searches: int = 3,
        random_state: RandomState = 0,
    ) -> None:
        self.n_init = n_init
        self.bias = bias
        self.ridge = ridge
        self.positive_fraction = positive_fraction
        self.n_searches = n_searches
        self.random_state = random_state

    def read(self, negative: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
        """Return weights (d,) and bias, fitted to normalised sides (n, d)."""
        m = parameters.whole_number("n_init", self.n_init, least=1)
        ridge = parameters.real_number("ridge", self.ridge, least=0.0)
        rng = generator(self.random_state)
        starts = rng.standard_normal((negative.shape[1], m))
        best, self.restarts_ = ccs(
            negative,
            positive,
            starts,
            bias=bool(self.bias),
            ridge=ridge,
            n_searches=parameters.whole_number("n_searches", self.n_searches, least=0),
            rng=rng,
        )
        self.consistency_, self.confidence_ = float(best.consistency[0]), float(best.confidence[0])
        self.loss_ = self.consistency_ + self.confidence_
        return best.weights[:, 0], float(best.bias[0])
