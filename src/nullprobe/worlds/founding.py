"""The experiment that motivated this library.

Two independent features predict the concept, but one projection removes all linearly available
information. Is this a fact about a model, or about linear algebra?
"""

from __future__ import annotations

import numpy as np

from nullprobe._core.parameters import whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe.worlds.world import World, labels

VALUES = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
# Probabilities of these values; rows: negatives, positives.
FIRST = np.array([[0.6, 0.2, 0.1, 0.1, 0.0], [0.0, 0.1, 0.2, 0.3, 0.4]])
SECOND = np.array([[0.3, 0.3, 0.3, 0.1, 0.0], [0.0, 0.05, 0.05, 0.1, 0.8]])


def two_features(
    *,
    n_per_class: int = 100,
    d: int = 3,
    standardise: bool = False,
    random_state: RandomState = 0,
) -> World:
    """Draw two classes that two independent, discrete features predict; all others are noise.

    Parameters
    ----------
    n_per_class : int
        Number of rows in each class.
    d : int
        Number of columns, at least 2; all but the first two are standard normal noise.
    standardise : bool
        Whether each column is standardised to mean 0 and standard deviation 1.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World
        With n = 2 ``n_per_class`` rows.

    Notes
    -----
    After mean projection on the population, the best halfspace has accuracy .625 for every d,
    standardised or not: equal means do not imply a 0-1 loss at chance. Before it, the best
    halfspace has accuracy .9475, and the Bayes rule .955.

    Examples
    --------
    >>> world = two_features(n_per_class=50, d=3)
    >>> world.X.shape, world.y.sum(), world.truth["one_direction"]
    ((100, 3), np.int64(50), 'yes')
    """
    n_per_class = whole_number("n_per_class", n_per_class, least=1)
    d = whole_number("d", d, least=2)
    rng = generator(random_state)
    y = labels(rng, n_per_class, n_per_class)
    X = rng.standard_normal((len(y), d))
    for column, probabilities in enumerate((FIRST, SECOND)):
        for label, p in enumerate(probabilities):
            X[y == label, column] = rng.choice(VALUES, size=n_per_class, p=p)
    if standardise:
        spread = X.std(axis=0)
        # In a handful of rows, all values may be the same.
        X = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return World(
        name="two_features",
        X=X,
        y=y,
        groups=None,
        truth={
            "readable": "yes",
            "one_direction": "yes",
            "no_halfspace": "no",
            "gone": "no",
            "bayes_accuracy": 0.955,
            "halfspace_accuracy": 0.9475,
            "halfspace_accuracy_after_mean_projection": 0.625,
        },
        description=(
            f"Two independent discrete features, each predictive, among d={d} columns; "
            f"n_per_class={n_per_class}, standardise={standardise}."
        ),
    )
