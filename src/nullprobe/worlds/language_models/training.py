"""A small GPT, and how it learns to tell true statements from false ones.

Problem. Whether a statement is true is a product of three signs: of the fact, of the value named
and of the negation. As long as none of it is understood there is no gradient, and a network that
is shown everything at once sits on that plateau for longer than a test may take.

Solution. What it sees at first is little: affirmative statements about four entities. Whenever it
gets these right it meets two more, and once it knows all of them, negations. A step draws new
statements each time, and counts what follows the statement ten times as much as any other word.
In the end it is taught to be certain of a verdict to nine tenths: a model that is certain without
limit holds little else in mind, and then whatever is removed from a state is truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from nullprobe.worlds.language_models.facts import VERDICTS, Facts

Progress = Callable[[str, int, int], object]  # stage, done, of how many

PAD, UNKNOWN, END = "<pad>", "<unk>", "<end>"
SPECIAL = (PAD, UNKNOWN, END)

ARCHITECTURE = {
    "n_positions": 16,
    "n_embd": 64,
    "n_layer": 4,
    "n_head": 2,
    "activation_function": "relu",  # half the time of a gelu's
    "initializer_range": 0.125,  # 1/√64: features of the usual .02 are too small to start from
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
}
BATCH = 64
PEAK, FLOOR, WARM_UP = 3e-3, 0.02, 50  # learning rate, its share at the end, steps to the peak
BETAS, WEIGHT_DECAY, LARGEST_GRADIENT = (0.9, 0.99), 0.1, 1.0
OTHER_WORDS = 0.1  # weight of a word other than the verdict
DOUBT = 0.1  # probability of the wrong verdict that is taught in the end
FIRST, MORE = 4, 2  # entities that are known at first, and that are met at a time
MORE_NEGATIONS, NEGATIONS = 0.1, 0.5
UNDERSTOOD = 0.35  # loss of the verdict, in nats, at which there is more to learn
MEMORY = 0.9  # of that loss, from step to step
PAUSE = 10  # steps from one novelty to the next
RECIPE = 1  # counts changes of the code below that change weights
THREADS = 1  # the order of sums depends on it; so small a network is no faster with two


@contextmanager
def untouched(seed: int) -> Iterator[None]:
    """Give a block seeded random numbers, float32, one CPU thread; leave no trace of it.

    Notes
    -----
    Whatever the caller has set is set again afterwards: the state of the generator, the number of
    threads, the default dtype and device, and whether gradients are recorded.
    """
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]), torch.device("cpu"), torch.inference_mode(False):
        try:
            torch.set_num_threads(THREADS)
            torch.set_default_dtype(torch.float32)
            torch.default_generator.manual_seed(seed)
            with torch.enable_grad():
                yield
        finally:
            torch.set_num_threads(threads)
            torch.set_default_dtype(dtype)


def newborn(words: list[str], seed: int) -> GPT2LMHeadModel:
    """Return a model that has learned nothing yet; the same seed, the same weights.

    Parameters
    ----------
    words : list of str
        Its vocabulary, ``SPECIAL`` first.
    seed : int
    """
    pad, _, end = (words.index(token) for token in SPECIAL)
    ids = {"pad_token_id": pad, "bos_token_id": end, "eos_token_id": end}
    with untouched(seed):
        return GPT2LMHeadModel(GPT2Config(vocab_size=len(words), **ids, **ARCHITECTURE)).eval()


def train(
    model: GPT2LMHeadModel,
    facts: Facts,
    words: list[str],
    *,
    steps: int,
    seed: int,
    progress: Progress | None = None,
) -> None:
    """Teach a newborn model, in place, what the statements to learn from say.

    Parameters
    ----------
    model : GPT2LMHeadModel
    facts : Facts
    words : list of str
        Its vocabulary.
    steps : int
        Batches.
    seed : int
        Of the statements drawn.
    progress : callable, optional
        Called with a stage, the steps done and all steps.
    """
    rng = np.random.default_rng([seed, 1])
    index = {word: i for i, word in enumerate(words)}
    lesson = Lesson(len(facts.values))
    with untouched(seed):
        model.train()
        said = torch.tensor([index[verdict] for verdict in VERDICTS])
        optimiser = _optimiser(model)
        for step in range(steps):
            drawn = facts.learn(BATCH, rng, known=lesson.known, negations=lesson.negations)
            ids, places = _batch(*drawn, index)
            for group in optimiser.param_groups:
                group["lr"] = _rate(step, steps)
            loss, verdicts = _losses(model, ids, places, said, lesson.doubt)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
            optimiser.step()
            lesson.go_on(verdicts)
            if progress is not None:
                progress("training", step + 1, steps)
        optimiser.zero_grad()
        model.eval()


@dataclass
class Lesson:
    """How much of the world is shown, which grows with what is understood.

    Attributes
    ----------
    entities : int
        All there are.
    known : int
        Those that are shown.
    negations : float
        Share of statements that are negated.
    doubt : float
        Probability of the wrong verdict that is taught.
    loss : float
        Loss of the verdicts, a moving average.
    waited : int
        Steps since something was new.
    """

    entities: int
    known: int = FIRST
    negations: float = 0.0
    doubt: float = 0.0
    loss: float = float(np.log(2))
    waited: int = 0

    def go_on(self, loss: float) -> None:
        """Take in the loss of a batch, and show more if it is understood."""
        self.loss = MEMORY * self.loss + (1 - MEMORY) * loss
        self.waited += 1
        if self.loss >= UNDERSTOOD or self.waited < PAUSE:
            return
        self.waited = 0
        if self.known < self.entities:
            self.known = min(self.entities, self.known + MORE)
        elif self.negations < NEGATIONS:
            self.negations = min(NEGATIONS, self.negations + MORE_NEGATIONS)
        else:
            self.doubt = DOUBT


def _optimiser(model: GPT2LMHeadModel) -> torch.optim.Optimizer:
    matrices = [weights for weights in model.parameters() if weights.ndim > 1]
    others = [weights for weights in model.parameters() if weights.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": others}]
    return torch.optim.AdamW(groups, lr=PEAK, betas=BETAS, weight_decay=0.0)


def _rate(step: int, steps: int) -> float:
    """Return the learning rate: up in a line, down in half a cosine."""
    down = FLOOR + (1 - FLOOR) * (1 + np.cos(np.pi * step / steps)) / 2
    return float(PEAK * min(1.0, (step + 1) / WARM_UP) * down)


def _batch(
    texts: list[str], words: list[str], index: dict[str, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the ids (n, length) of texts and the words after them, and where these stand (n,)."""
    rows = [text.split() for text in texts]
    places = [len(row) for row in rows]
    ids = torch.full((len(rows), max(places) + 2), index[PAD])
    for i, (row, word) in enumerate(zip(rows, words, strict=True)):
        said = [index[one] for one in (*row, word, END)]
        ids[i, : len(said)] = torch.tensor(said)
    return ids, torch.tensor(places)


def _losses(
    model: GPT2LMHeadModel,
    ids: torch.Tensor,
    places: torch.Tensor,
    verdicts: torch.Tensor,
    doubt: float,
) -> tuple[torch.Tensor, float]:
    """Return the weighted loss of a batch, and the mean loss of true against false alone."""
    pad = model.config.pad_token_id
    # Padding stands on the right, where no word that counts looks.
    logits = model(ids, attention_mask=torch.ones_like(ids), use_cache=False).logits[:, :-1]
    targets = ids[:, 1:]
    each = cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    last = torch.arange(len(ids)), places - 1
    weights = OTHER_WORDS * (targets != pad)
    weights[last] = 1.0
    found = -logits[last].log_softmax(dim=1)[:, verdicts]
    truth = (targets[last][:, None] == verdicts).float()
    given = truth.any(dim=1)
    doubtful = (((1 - doubt) * truth + doubt * (1 - truth)) * found).sum(dim=1)
    each = each.index_put(last, torch.where(given, doubtful, each[last]))
    judged = cross_entropy(logits[last][given][:, verdicts], truth[given].argmax(dim=1))
    return (weights * each).sum() / weights.sum(), float(judged.detach())
