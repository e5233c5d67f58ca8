"""Worlds of contrast pairs, in which truth flips within every pair, with or without a distractor.

Side s = ±1 of question i is the row q_i + s (t_i a u + z_i c v) + prompt_s + noise. q_i is the
content of the question, the same on both sides. t_i = ±1 is the truth of the positive side, and
z_i = ±1 is a distractor that flips as well. After each side is centred, the two sides of a pair
differ on average only along u and v.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nullprobe._core.parameters import real_number, whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.pairs import ContrastPairs
from nullprobe.worlds.world import normal_cdf, size, unit_vector

SHARED = 10  # directions along which questions differ


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
        1 where the positive side is true.
    groups : ndarray of shape (n,)
        Prompt template of each pair.
    direction : ndarray of shape (d,)
        Unit vector u, the direction of truth.
    distractor : ndarray of shape (n,), or None
        1 where the distractor is on the positive side.
    truth : mapping of str to float
        Theoretical values: the accuracy of the best direction.
    description : str
        One sentence on how the data were drawn, with the arguments.

    Examples
    --------
    >>> world = distractor(n=100, d=8)
    >>> world
    PairWorld('distractor', n=100, d=8)
    >>> gap = (world.positive - world.negative) @ world.direction
    >>> bool(((gap > np.median(gap)) == (world.y == 1)).mean() > 0.9)
    True
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
        """The data as ContrastPairs, with labels and groups."""
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
    """Draw pairs in which only truth flips.

    Parameters
    ----------
    n : int
        Number of pairs; the positive side is true in half of them, in random order.
    d : int
        Columns.
    signal : float
        Distance of each side from the middle along the direction of truth. The noise of each
        column has a standard deviation of 1.
    shared : float
        Standard deviation of the content that both sides share, along each of min(10, d) random
        directions.
    prompt : float
        Standard deviation of the effect of the prompt of a side, in each column.
    n_prompts : int
        Number of prompt templates; each pair has a random one.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    PairWorld

    Notes
    -----
    The difference of the sides is 2 ``signal`` along u, with noise of variance 2. Without prompt
    effects, the accuracy of the best direction is therefore Φ(√2 ``signal``). With several
    templates the prompt effects flip, too, unless each template is normalised separately.

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
    return _draw("contrast", (n, d), signal, None, arguments, random_state)


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
    """Draw pairs in which truth flips, and a more salient distractor that is unrelated to truth.

    Parameters
    ----------
    n, d, signal, shared, prompt, n_prompts, random_state
        As for :func:`contrast`.
    salience : float
        Distance of each side from the middle along the direction of the distractor, which is
        orthogonal to the direction of truth.

    Returns
    -------
    PairWorld
        With ``distractor``. It is on the positive side in half of the pairs with a true positive
        side, and in half of the other pairs.

    Notes
    -----
    Both flip within every pair, so consistency and confidence do not distinguish them.

    Examples
    --------
    >>> world = distractor(n=100, d=8)
    >>> bool(abs(np.corrcoef(world.y, world.distractor)[0, 1]) < 1e-12)
    True
    """
    signal = real_number("signal", signal, least=0.0)
    salience = real_number("salience", salience, least=0.0)
    arguments = {"shared": shared, "prompt": prompt, "n_prompts": n_prompts}
    return _draw("distractor", (n, d), signal, salience, arguments, random_state)


def _draw(
    name: str,
    shape: tuple[int, int],
    signal: float,
    salience: float | None,
    arguments: Mapping[str, float],
    random_state: RandomState,
) -> PairWorld:
    n, d = size(*shape, least=(4, 1 if salience is None else 2))
    n_prompts = whole_number("n_prompts", arguments["n_prompts"], least=1)
    shared, prompt = (real_number(k, arguments[k], least=0.0) for k in ("shared", "prompt"))
    rng = generator(random_state)
    u, v = unit_vector(rng, d), unit_vector(rng, d)
    if d > 1:
        v -= (u @ v) * u
        v /= np.linalg.norm(v)
    # Both labels and all four combinations are as balanced as n allows.
    y, other = rng.permutation(np.stack([np.arange(n) % 2, np.arange(n) // 2 % 2]), axis=1)
    flips = np.outer((2 * y - 1) * signal, u)
    if salience is not None:
        flips += np.outer((2 * other - 1) * salience, v)
    directions = np.array([unit_vector(rng, d) for _ in range(min(SHARED, d))])
    middle = shared * rng.standard_normal((n, len(directions))) @ directions
    effects = prompt * rng.standard_normal((2, n_prompts, d))
    groups = rng.integers(0, n_prompts, n)
    noise = rng.standard_normal((2, n, d))
    argument = "" if salience is None else f"{salience=}, "
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
            f"Pairs that differ by truth{'' if salience is None else ' and by a distractor'}; "
            f"{n=}, {d=}, {signal=}, {argument}{shared=}, {prompt=}, {n_prompts=}."
        ),
    )
