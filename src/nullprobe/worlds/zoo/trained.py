"""Trained networks of the zoo, whose truth is checked by interchanging whole states.

Problem. A network that gradient descent found ignores nothing to the last digit, and may have
learned something else than its program.

Solution. The truth is measured on new pairs of texts that differ in the concept alone: the last
token's whole state at the site becomes the partner's, and everything else stays. In a network that
uses the concept, the log-odds of the answer must move towards the partner's in *every* pair, by at
least ``LEAST`` of their range. In one that does not, no pair may move them by more than ``MOST``.
Any other network is refused, and the next seed is tried. No probe, eraser or subspace is involved.
"""

from __future__ import annotations

import copy
import hashlib
import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import transformers
from torch import nn
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from nullprobe._core.parameters import choice, whole_number
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, generator, integer_seed
from nullprobe.worlds.language_models import checkpoints
from nullprobe.worlds.language_models.corpus_training import PAD, UNKNOWN
from nullprobe.worlds.language_models.words import word_tokenizer
from nullprobe.worlds.zoo import learning
from nullprobe.worlds.zoo.circuits import CIRCUITS
from nullprobe.worlds.zoo.learning import log_odds, states_at, with_block, with_last, with_the_rest
from nullprobe.worlds.zoo.network import ZooTexts
from nullprobe.worlds.zoo.programs import LEARNED, Program
from nullprobe.worlds.zoo.questions import QUESTIONS, Question, pairs_of_texts
from nullprobe.worlds.zoo.weights import ANSWERS, LOUD

PROGRAMS = {**LEARNED, **CIRCUITS}
LEAST, MOST = 0.25, 0.15  # shares of the range of the log-odds
RIGHT = 0.99  # least share of answers as the program has them
N_PAIRS, N_TEXTS = 200, 500  # of a check
ATTEMPTS = 4
RANGE = 2 * LOUD  # of the log-odds of an answer, in nats


@dataclass(frozen=True, eq=False, repr=False)
class TrainedNetwork:
    """A network that has learned a program.

    Attributes
    ----------
    program : Program
    model : GPT2LMHeadModel
        On the CPU, in evaluation mode.
    tokenizer : PreTrainedTokenizerFast
        Each word is a token.
    site : str
        Where to ask: the output of the second of three layers, at the last token.
    random_state : int
    attempt : int
        Number of networks of this seed that were refused before.
    """

    program: Program
    model: GPT2LMHeadModel
    tokenizer: PreTrainedTokenizerFast
    random_state: int
    attempt: int
    site: str = f"layers.{learning.BEFORE - 1}.output"

    def __repr__(self) -> str:
        """Return the program and the seed."""
        return f"TrainedNetwork({self.program.name!r}, random_state={self.random_state})"

    @property
    def layer(self) -> nn.Module:
        """Return the module whose output is the site."""
        stack: Any = self.model.transformer
        return stack.h[learning.BEFORE - 1]

    def texts(self, question: str, n: int, random_state: RandomState = 0) -> ZooTexts:
        """Draw pairs of texts for a question: texts 2i and 2i + 1 are a pair.

        The answers are the program's. Where those of a pair are the same, they are the ones that
        the concept would give.

        Parameters
        ----------
        question : str
            One of ``questions.QUESTIONS`` about this program.
        n : int
            Number of texts, even.
        random_state : int, Generator or None
        """
        names = [name for name, one in QUESTIONS.items() if one.network == self.program.name]
        choice("question", question, names)
        about = QUESTIONS[question]
        n, rng = whole_number("n", n, least=4), generator(random_state)
        pairs = pairs_of_texts(self.program, about.changed, -(-n // 2), rng)
        ids = pairs.reshape(-1, pairs.shape[-1])
        values = self.program.read(ids)
        if about.concept is None:
            y = np.tile([0, 1], len(pairs)) ^ np.repeat(rng.integers(2, size=len(pairs)), 2)
        else:
            y = (values[about.concept] > 0).astype(int)
        right = (self.program.answer(values) > 0).astype(int)
        if (right[::2] == right[1::2]).any():
            right = y
        texts = [self.program.text(row) for row in ids]
        return ZooTexts(texts, y, [ANSWERS[k] for k in right], np.repeat(np.arange(len(pairs)), 2))


@dataclass(frozen=True)
class Truth:
    """What interchanging whole states does in a trained network, as shares of the range.

    Attributes
    ----------
    right : float
        Share of new texts whose answer is the program's.
    moved : dict of str to (float, float)
        Question → the smallest and the largest shift towards the partner's answer over all pairs;
        of an unused concept, of the absolute shift.
    blocks : dict of str to float
        Variable → share of texts whose answer is what the program computes with another text's
        value, after its block was interchanged. Empty without blocks.
    rest : float
        Largest absolute shift after everything but the blocks was interchanged.
    """

    right: float
    moved: dict[str, tuple[float, float]]
    blocks: dict[str, float]
    rest: float

    @property
    def holds(self) -> bool:
        """Whether the network does what its program and its questions say."""
        return (
            min([self.right, *self.blocks.values()]) >= RIGHT
            and self.rest <= MOST
            and all(
                low >= LEAST if QUESTIONS[name].used else high <= MOST
                for name, (low, high) in self.moved.items()
            )
        )


class Refused(RuntimeError):
    """No network of a seed does what its program says.

    Parameters
    ----------
    program : str
    seed : int
    """

    def __init__(self, program: str, seed: int) -> None:
        super().__init__(f"None of {ATTEMPTS} networks learned {program!r} from seed {seed}.")
        self.attempts = ATTEMPTS


def truth(program: Program, model: GPT2LMHeadModel, random_state: RandomState = 0) -> Truth:
    """Check what a network does, on new texts.

    Parameters
    ----------
    program : Program
    model : GPT2LMHeadModel
    random_state : int, Generator or None
        Seed of the texts.
    """
    rng = generator(random_state)
    ids = program.balanced(N_TEXTS, rng)
    values, source = program.read(ids), np.roll(np.arange(len(ids)), 1)
    with torch.no_grad():
        states = states_at(model, ids)
    odds, blocks, rest = log_odds(model, states), {}, 0.0
    if program.interchange == "blocks":
        for k, name in enumerate(program.variables):
            swapped = log_odds(model, with_block(states, states[source], k))
            wanted = program.answer({**values, name: values[name][source]})
            blocks[name] = float(np.mean(swapped * wanted > 0))
        n_blocks = len(program.variables)
        other = log_odds(model, with_the_rest(states, states[source], n_blocks))
        rest = float(np.abs(other - odds).max() / RANGE)
    moved = {
        name: _moved(program, model, question, rng)
        for name, question in QUESTIONS.items()
        if question.network == program.name and question.changed == (question.concept,)
    }
    return Truth(float(np.mean(odds * program.answer(values) > 0)), moved, blocks, rest)


def _moved(
    program: Program, model: GPT2LMHeadModel, question: Question, rng: np.random.Generator
) -> tuple[float, float]:
    pairs = pairs_of_texts(program, question.changed, N_PAIRS, rng)
    with torch.no_grad():
        one, two = (states_at(model, pairs[:, k]) for k in (0, 1))
    shift = (log_odds(model, with_last(one, two)) - log_odds(model, one)) / RANGE
    shift = shift * program.answer(program.read(pairs[:, 1])) if question.used else np.abs(shift)
    return float(shift.min()), float(shift.max())


def trained(
    program: str,
    *,
    random_state: RandomState = 0,
    cache: str | os.PathLike[str] | bool | None = None,
    progress: Progress = False,
) -> TrainedNetwork:
    """Train a network, or load it from the cache, and check its truth.

    Parameters
    ----------
    program : str
        One of ``trained.PROGRAMS``.
    random_state : int, Generator or None
        Seed of the initial weights and of the texts.
    cache : path or bool, optional
        Folder for trained weights, as for ``worlds.language``. False for no cache.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Raises
    ------
    InputError
        If the program is unknown, or the cache is not writable.
    Refused
        If the check refuses ``ATTEMPTS`` networks.

    Notes
    -----
    Training takes five to twenty seconds on one core. Refused networks are kept in the cache, too,
    so that they are not trained again.
    """
    choice("program", program, list(PROGRAMS))
    learns = PROGRAMS[program]
    seed, bars = integer_seed(random_state), reporting(progress)
    folder = checkpoints.cache_folder(cache)
    words = (*learns.words, PAD, UNKNOWN)
    tokenizer = word_tokenizer(words, learning.LONGEST, pad=PAD, unknown=UNKNOWN)
    with bars as report:
        for attempt in range(ATTEMPTS):
            at = int(np.random.SeedSequence([seed, attempt]).generate_state(1)[0])
            untrained, model, place = learning.newborn(learns, at), None, None
            if folder is not None:
                place = folder / f"zoo-{checkpoints.fingerprint(untrained, _recipe(learns, at))}"
                model = checkpoints.fetch(place, untrained)
            if model is None:
                model = copy.deepcopy(untrained)
                learning.learn(
                    model, learns, at, lambda done: report("training", done, learns.steps)
                )
                if place is not None:
                    checkpoints.keep(place, model, tokenizer)
            if truth(learns, model, np.random.default_rng([at, 2])).holds:
                return TrainedNetwork(learns, model.requires_grad_(False), tokenizer, seed, attempt)
    raise Refused(program, seed)


def _recipe(program: Program, seed: int) -> dict[str, object]:
    """Return everything that the trained weights depend on, except for the initial weights."""
    sample = program.balanced(500, np.random.default_rng([seed, 3]))
    answers = program.answer(program.read(sample))
    return {
        "program": [program.name, program.interchange, program.spoken, program.steps],
        "variables": list(program.variables),
        "words": list(program.words),
        "sample": hashlib.sha256(sample.tobytes() + answers.tobytes()).hexdigest(),
        "seed": seed,
        "descent": asdict(learning.DESCENT),
        "constants": [learning.ARCHITECTURE, learning.BLOCK, learning.BATCH, LOUD],
        "recipe": learning.RECIPE,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
