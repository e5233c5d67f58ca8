"""Worlds of contrast pairs: what flips within every pair, and whether it is the truth.

Side s = ±1 of question i is a row q_i + s (t_i a u + z_i c v) + prompt_s + noise: q_i is what the
question is about, the same on both sides; t_i = ±1 says whether the positive side is true; z_i = ±1
is something else that flips along. Nothing but u and v differs within pairs on average once each
side is brought to mean zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nullprobe._core.parameters import real_number, whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.pairs import ContrastPairs
from nullprobe.worlds.world import normal_cdf, size, unit_vector

SHARED = 10  # directions that questions differ along


@dataclass(frozen=True, eq=False, repr=False)
class PairWorld:
    """Contrast pairs with a known answer.

    Attributes
    ----------
    name : str
        Name of the function that drew them.
    negative, positive : ndarray of shape (n, d)
        The two sides, float64.
    y : ndarray of shape (n,)
        1 where the positive side is the true one.
    groups : ndarray of shape (n,)
        Prompt template of each pair.
    direction : ndarray of shape (d,)
        Unit vector u, along which truth lies.
    distractor : ndarray of shape (n,), or None
        1 where the other thing that flips is on the positive side.
    truth : mapping of str to float
        Numbers that theory gives: accuracy of the best reader of truth, of the best direction.
    description : str
        One sentence: how the data were drawn, with the arguments used.
    """

    name: str
    negative: np.ndarray
    positive: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    direction: np.ndarray
    distractor: np.ndarray | None
    truth: Mapping[str, float]
    description: str

    def __repr__(self) -> str:
        """Return the name and the numbers of pairs and features."""
        return f"PairWorld({self.name!r}, n={len(self.y)}, d={len(self.direction)})"

    @property
    def pairs(self) -> ContrastPairs:
        """The same as ContrastPairs, with labels and groups."""
        return ContrastPairs(self.negative, self.positive, self.y, self.groups)


def contrast(
    *,
    n: int = 1000,
    d: int = 64,
    signal: float = 2.0,
    shared: float = 3.0,
    prompt: float = 3.0,
    n_prompts: int = 1,
    random_state: RandomState = 0,
) -> PairWorld:
    """Draw pairs in which truth is the one thing that flips.

    Parameters
    ----------
    n : int
        Pairs; the positive side is the true one in half of them, in random order.
    d : int
        Columns.
    signal : float
        How far either side lies from the middle along the direction of truth; the noise of each
        column has a standard deviation of 1.
    shared : float
        Standard deviation of what both sides share, along each of min(10, d) random directions.
    prompt : float
        Standard deviation, in each column, of what a side owes to its prompt.
    n_prompts : int
        Prompt templates, drawn at random for each pair.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    PairWorld

    Notes
    -----
    The difference of the sides lies 2 ``signal`` from zero along u, its noise has variance 2: the
    best direction is right in Φ(√2 ``signal``) of cases once the prompt effects are gone. With
    several templates these flip, too, unless each is normalised on its own.

    Examples
    --------
    >>> world = contrast(n=100, d=8)
    >>> world, world.pairs
    (PairWorld('contrast', n=100, d=8), ContrastPairs(n=100, d=8, with labels, in 1 groups))
    >>> world.positive.shape, world.y.sum(), round(world.truth["best_accuracy"], 3)
    ((100, 8), np.int64(50), 0.998)
    """
    signal = real_number("signal", signal, least=0.0)
    arguments = {"shared": shared, "prompt": prompt, "n_prompts": n_prompts}
    return _draw("contrast", n, d, signal, None, arguments, random_state)


def distractor(
    *,
    n: int = 1000,
    d: int = 64,
    signal: float = 2.0,
    salience: float = 4.0,
    shared: float = 3.0,
    prompt: float = 3.0,
    n_prompts: int = 1,
    random_state: RandomState = 0,
) -> PairWorld:
    """Draw pairs in which something flips that is plainer to see than truth, and unrelated to it.

    Parameters
    ----------
    n, d, signal, shared, prompt, n_prompts, random_state
        As for :func:`contrast`.
    salience : float
        How far either side lies from the middle along the direction of the distractor, which is
        orthogonal to that of truth.

    Returns
    -------
    PairWorld
        With ``distractor``; it is on the positive side in half of the true positives, and in half
        of the others.

    Notes
    -----
    Both flip within every pair, so consistency and confidence cannot tell one from the other.

    Examples
    --------
    >>> world = distractor(n=100, d=8)
    >>> bool(abs(np.corrcoef(world.y, world.distractor)[0, 1]) < 1e-12)
    True
    """
    signal = real_number("signal", signal, least=0.0)
    salience = real_number("salience", salience, least=0.0)
    arguments = {"shared": shared, "prompt": prompt, "n_prompts": n_prompts}
    return _draw("distractor", n, d, signal, salience, arguments, random_state)


def _draw(
    name: str,
    n: int,
    d: int,
    signal: float,
    salience: float | None,
    arguments: Mapping[str, float],
    random_state: RandomState,
) -> PairWorld:
    n, d = size(n, d, least=(4, 1 if salience is None else 2))
    n_prompts = whole_number("n_prompts", arguments["n_prompts"], least=1)
    shared, prompt = (real_number(k, arguments[k], least=0.0) for k in ("shared", "prompt"))
    rng = generator(random_state)
    u, v = unit_vector(rng, d), unit_vector(rng, d)
    if d > 1:
        v -= (u @ v) * u
        v /= np.linalg.norm(v)
    # Both labels and all four combinations are as even as n allows.
    y, other = rng.permutation(np.stack([np.arange(n) % 2, np.arange(n) // 2 % 2]), axis=1)
    flips = np.outer((2 * y - 1) * signal, u)
    if salience is not None:
        flips += np.outer((2 * other - 1) * salience, v)
    directions = np.array([unit_vector(rng, d) for _ in range(min(SHARED, d))])
    middle = shared * rng.standard_normal((n, len(directions))) @ directions
    effects = prompt * rng.standard_normal((2, n_prompts, d))
    groups = rng.integers(0, n_prompts, n)
    noise = rng.standard_normal((2, n, d))
    told = "" if salience is None else f"{salience=}, "
    return PairWorld(
        name=name,
        negative=middle - flips + effects[0][groups] + noise[0],
        positive=middle + flips + effects[1][groups] + noise[1],
        y=y,
        groups=groups,
        direction=u,
        distractor=None if salience is None else other,
        truth={"best_accuracy": normal_cdf(2**0.5 * signal)},
        description=(
            f"Pairs that differ by truth{'' if salience is None else ' and by something else'}; "
            f"{n=}, {d=}, {signal=}, {told}{shared=}, {prompt=}, {n_prompts=}."
        ),
    )
