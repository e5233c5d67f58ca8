"""Build or load the whole zoo: networks set by hand, trained networks, and circuits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from nullprobe._core.parameters import real_number
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.validation import complain
from nullprobe.worlds.language_models.checkpoints import cache_folder
from nullprobe.worlds.zoo.circuits import CIRCUITS
from nullprobe.worlds.zoo.kinds import KINDS
from nullprobe.worlds.zoo.network import flipped, network
from nullprobe.worlds.zoo.questions import QUESTIONS
from nullprobe.worlds.zoo.trained import PROGRAMS, Refused, trained

UNUSED, USED, CIRCUIT = 60, 30, 10  # networks of each kind; of each circuit
SIZES = [(width, depth) for width in (16, 32, 48) for depth in (3, 4, 6)]  # of those set by hand
N_CHECKED = 40  # texts by which a network that is set by hand is checked


@dataclass(frozen=True)
class Census:
    """How many networks there are, all checked.

    Attributes
    ----------
    networks : dict of str to int
        Kind or program → number of networks.
    refused : dict of str to int
        Program → number of trained networks that the check of their truth refused.
    """

    networks: dict[str, int]
    refused: dict[str, int]

    def __str__(self) -> str:
        """Return a line for each kind, and the sum."""
        lines = [
            f"{name:16s} {n:4d}"
            + (f"  ({self.refused[name]} refused)" if self.refused.get(name) else "")
            for name, n in self.networks.items()
        ]
        return "\n".join([*lines, f"{'all':16s} {sum(self.networks.values()):4d}"])


def build(
    cache: str | os.PathLike[str] | None = None, *, share: float = 1.0, progress: Progress = False
) -> Census:
    """Build all networks of the zoo, or load them from the cache, and check the truth of each.

    Parameters
    ----------
    cache : path, optional
        Folder for trained weights. By default the folder in the environment variable
        NULLPROBE_CACHE, or else "nullprobe" in the user's cache directory.
    share : float
        Of the networks of each kind, at least one of each; above 0, at most 1.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Returns
    -------
    Census

    Raises
    ------
    InputError
        If ``share`` is out of range, or the cache is not writable.
    RuntimeError
        If a network that is set by hand does not do what its kind says.

    Notes
    -----
    By the times of single trainings, all networks take about half an hour on one core, once. Each
    is saved as soon as it is trained, so that a run that is cut off continues. Networks that are
    set by hand take milliseconds, and are not saved.

    Examples
    --------
    >>> build(share=0.01)  # doctest: +SKIP
    """
    share = real_number("share", share, least=0.0)
    if not 0.0 < share <= 1.0:
        complain("share must be above 0 and at most 1", f"{share} arrived")
    cache_folder(cache)
    planned = list(_planned(share))
    networks, refused = dict.fromkeys([*KINDS, *PROGRAMS], 0), dict.fromkeys(PROGRAMS, 0)
    with reporting(progress) as report:
        for done, (name, seed) in enumerate(planned, 1):
            if name in KINDS:
                _set_by_hand(name, seed)
                networks[name] += 1
            else:
                try:
                    refused[name] += trained(name, random_state=seed, cache=cache).attempt
                    networks[name] += 1
                except Refused as refusal:
                    refused[name] += refusal.attempts
            report("networks", done, len(planned))
    return Census(networks, refused)


def _planned(share: float) -> Iterator[tuple[str, int]]:
    for name, kind in KINDS.items():
        yield from ((name, k) for k in range(ceil(share * (USED if kind.used else UNUSED))))
    for name in PROGRAMS:
        is_used = any(one.used for one in QUESTIONS.values() if one.network == name)
        n = CIRCUIT if name in CIRCUITS else USED if is_used else UNUSED
        yield from ((name, k) for k in range(ceil(share * n)))


def _set_by_hand(kind: str, seed: int) -> None:
    width, depth = SIZES[seed % len(SIZES)]
    made = network(kind, random_state=seed, width=width, depth=depth)
    changes = flipped(made, made.texts(N_CHECKED, seed))
    if (changes > 0) != made.kind.used:
        raise RuntimeError(f"The network {kind!r} of seed {seed} does not do what its kind says.")
