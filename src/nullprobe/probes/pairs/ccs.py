"""Contrast-consistent search: a direction that predicts opposites for the two sides of each pair.

Problem. Find a direction that separates true from false without labels. The probabilities p⁺ and p⁻
of a pair should add up to one (consistency), and should not both be ½ (confidence). The loss

    mean[(p⁺ + p⁻ − 1)² + min(p⁺, p⁻)²],   p = σ(θ·x̃ + b),

depends on which of 2ⁿ patterns says which side is smaller, and has many local minima, as clustering
has. With few pairs, many directions reach zero, and most of these have no meaning.

Solution. All restarts are columns of one problem, which is whitened once and solved by quasi-Newton
steps. At first the minimum is smoothed, and a ridge keeps θ short; then both are reduced. Smoothing
carries a column over shallow minima. The ridge selects the shortest of many directions with zero
loss. If some pairs remain undecided, a search around the best column follows.

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

FLATTENED = 0.5  # a column with a smaller spread of the logits was shrunk to zero by the ridge
# Search around the best column: columns per round, least gain, most rounds, rounds without gain.
BEST_COLUMNS, LEAST_GAIN, MOST_ROUNDS, PATIENCE = 16, 1e-7, 80, 10
NEAREST, FARTHEST = 0.03, 2.0  # its range, relative to the length of θ in whitened units


class Stage(NamedTuple):
    """Smoothing τ, least ridge λ, evaluations, and the decrease below which columns stop."""

    smoothing: float
    ridge: float
    steps: int
    tolerance: float


ANNEALING = (
    Stage(0.2, 1e-2, 30, 1e-5),
    Stage(0.05, 1e-3, 20, 1e-5),
    Stage(0.0, 0.0, 60, 1e-5),
)
NEARBY = (Stage(0.0, 0.0, 25, 1e-7),)
LAST = Stage(0.0, 0.0, 40, 1e-9)
DECIDED = Stage(0.0, 0.0, 10, 1e-9)  # if every pair is decided


def ccs(  # noqa: PLR0913  the settings of a search
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
        Sides, normalised separately.
    starts : ndarray of shape (d, m)
        Start directions, such as standard normal ones.
    bias : bool
        Whether the probe has a bias b.
    ridge : float
        λ of the penalty λ|θ|²/2 at the end of the path.
    n_searches : int
        Number of searches around the best column if pairs remain undecided, with separate starts;
        0 for none.
    rng : Generator
        Source of the searches.

    Returns
    -------
    best : Restarts
        The column with the least loss.
    restarts : Restarts
        All columns, before the search around the best column.

    Examples
    --------
    Pairs whose sides differ in the sign of the first feature:

    >>> rng = np.random.default_rng(0)
    >>> truth = np.outer(np.arange(60) % 2 * 2 - 1, [2.0, 0.0])
    >>> negative, positive = (rng.normal(size=(60, 2)) + sign * truth for sign in (-1, 1))
    >>> best, restarts = ccs(negative, positive, rng.normal(size=(2, 4)), n_searches=0, rng=rng)
    >>> restarts.losses.shape, bool(best.losses[0] <= restarts.losses.min())
    ((4,), True)
    """
    with Workers() as workers:
        problem = Problem(negative, positive, bias=bias, workers=workers)
        V, values = _anneal(problem, starts, ridge)
        best, last = V[:, [values.argmin()]], DECIDED
        if problem.undecided(best):
            results, last = [(best, float(values.min()))], LAST
            columns = (V, values)
            for number in range(n_searches):
                if number:  # other minima may surround other starts
                    columns = _anneal(problem, rng.standard_normal(starts.shape), ridge)
                results.append(_search(problem, *columns, ridge, rng))
            best, _ = min(results, key=lambda result: result[1])
        best, _ = _follow(problem, best, last, ridge)
        restarts, end = problem.ends(V), problem.ends(best)
        least = restarts.losses.argmin()
        if restarts.losses[least] < end.losses[0]:
            end = problem.ends(V[:, [least]])
        return end, restarts


def _anneal(problem: Problem, starts: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Follow the path from directions (d, m); return the columns (r + 1, m) and their values."""
    V = first = problem.coordinates(starts)
    values = np.zeros(V.shape[1])
    for stage in ANNEALING:
        V, values = _follow(problem, V, stage, ridge)
        if stage.smoothing:
            # A column that the ridge shrank to zero restarts from its start.
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
    """Return the best column (r + 1, 1) after descents from points near the best, and its value."""
    m = max(V.shape[1], BEST_COLUMNS)
    far = np.geomspace(NEAREST, FARTHEST, m)
    rounds_without_gain = 0
    for _ in range(MOST_ROUNDS):
        # Losses that are equal after rounding belong to the same minimum.
        order = np.unique(values.round(7), return_index=True)[1][:BEST_COLUMNS]
        V, values = V[:, order], values[order]
        start = V[:, np.resize(np.arange(len(order)), m)]
        lengths = np.linalg.norm(start, axis=0) / np.sqrt(len(start))
        kick = rng.standard_normal(start.shape) * (rng.permutation(far) * lengths)
        kick[-1] *= problem.bias  # without a bias it stays 0
        ends = start + kick.astype(start.dtype)
        for stage in NEARBY:
            ends, reached = _follow(problem, ends, stage, ridge)
        gained = reached.min() < values.min() - LEAST_GAIN
        rounds_without_gain = 0 if gained else rounds_without_gain + 1
        V, values = np.hstack([V, ends]), np.concatenate([values, reached])
        if rounds_without_gain == PATIENCE:
            break
    return V[:, [values.argmin()]], float(values.min())


class CCS(PairEstimator):
    """Find, without labels, a direction that predicts opposites for the two sides of each pair.

    Parameters
    ----------
    n_init : int
        Number of random start directions.
    bias : bool
        Whether the probe has a bias b.
    ridge : float
        λ of the penalty λ|θ|²/2 at the end of the path, with θ for standardised features.
    positive_fraction : float or None
        Share of the training pairs whose positive side is true, if it is known (from the design of
        the questions) and not ½. It sets the sign without labels.
    n_searches : int
        Number of searches around the best restart if pairs remain undecided (noisy pairs, more
        pairs than features). They find lower minima and take most of the time; 0 for none.
    random_state : int, Generator or None
        Source of the directions.

    Attributes
    ----------
    probe_ : PairedProbe
        The fitted probe with the least loss.
    loss_, consistency_, confidence_ : float
        Loss on the training pairs, and its two parts.
    restarts_ : Restarts
        Ends of the restarts. The search around the best of them may make ``loss_`` smaller than all
        ``restarts_.losses``.
    sign_ : str
        Source of the sign, which determines the end that predicts true: "from labels", "from
        positive_fraction", or "unresolved".

    Notes
    -----
    Not guaranteed: that the direction represents truth. Any feature that flips within each pair
    reaches a low loss, and the most salient such feature usually wins. Compare with ``RandomProbe``
    and ``CRC``, not with 50 % alone. The least loss is not always the best probe: if features
    outnumber pairs, some directions have almost no loss and no meaning. The ridge avoids these.

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
