"""A small GPT, and its training to distinguish true statements from false ones.

Problem. The truth of a statement is a product of three signs: the fact, the value in the statement
and the negation. Before the model has learned one of them, there is no gradient. If all statements
are shown at once, training stays on this plateau for longer than a test may take.

Solution. A curriculum. Training starts with affirmative statements about four entities. When the
model has learned them, two more entities are added, and after all entities, negations. Each step
draws new statements. The loss of the verdict has ten times the weight of other words. In the last
stage the target probability of the right verdict is .9: the states of an overconfident model hold
little besides truth, so that any removal from a state would remove truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from nullprobe._core.progress import Report
from nullprobe.worlds.language_models.descent import Descent, descend, untouched
from nullprobe.worlds.language_models.facts import VERDICTS, Facts

PAD, UNKNOWN, END = "<pad>", "<unk>", "<end>"
SPECIAL = (PAD, UNKNOWN, END)

ARCHITECTURE = {
    "n_positions": 16,
    "n_embd": 64,
    "n_layer": 4,
    "n_head": 2,
    "activation_function": "relu",  # twice as fast as gelu
    "initializer_range": 0.125,  # 1/√64: with the default .02, features are too small at first
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
}
BATCH = 64
PEAK, FLOOR, WARM_UP = 3e-3, 0.02, 50  # learning rate, its final share, steps of warm-up
BETAS, WEIGHT_DECAY, LARGEST_GRADIENT = (0.9, 0.99), 0.1, 1.0
OTHER_WORDS = 0.1  # weight of a word other than the verdict
DOUBT = 0.1  # target probability of the wrong verdict in the last stage
FIRST, MORE = 4, 2  # number of entities at first, and number added per stage
MORE_NEGATIONS, NEGATIONS = 0.1, 0.5
UNDERSTOOD = 0.35  # loss of the verdict, in nats, below which the next stage starts
MEMORY = 0.9  # decay of the moving average of this loss
PAUSE = 10  # fewest steps per stage
RECIPE = 1  # version of the code below; to increase when a change affects the weights
THREADS = 1  # the order of sums depends on it; two threads are not faster for a small network


def newborn(words: list[str], seed: int) -> GPT2LMHeadModel:
    """Return an untrained model; the same seed gives the same weights.

    Parameters
    ----------
    words : list of str
        The vocabulary, ``SPECIAL`` first.
    seed : int
        Seed of the weights.
    """
    pad, _, end = (words.index(token) for token in SPECIAL)
    ids = {"pad_token_id": pad, "bos_token_id": end, "eos_token_id": end}
    with untouched(seed, threads=THREADS):
        return GPT2LMHeadModel(GPT2Config(vocab_size=len(words), **ids, **ARCHITECTURE)).eval()


def train(
    model: GPT2LMHeadModel,
    facts: Facts,
    words: list[str],
    *,
    steps: int,
    seed: int,
    report: Report,
) -> None:
    """Train an untrained model in place on statements about the facts.

    Parameters
    ----------
    model : GPT2LMHeadModel
    facts : Facts
    words : list of str
        The vocabulary.
    steps : int
        Number of batches.
    seed : int
        Seed of the statements.
    report : callable
        Called with the stage, the steps done and all steps.
    """
    rng = np.random.default_rng([seed, 1])
    index = {word: i for i, word in enumerate(words)}
    lesson = Lesson(len(facts.values))
    with untouched(seed, threads=THREADS):
        verdict_ids, losses = torch.tensor([index[verdict] for verdict in VERDICTS]), []

        def loss_of(_: int) -> torch.Tensor:
            drawn = facts.learn(BATCH, rng, known=lesson.known, negations=lesson.negations)
            ids, places = _batch(*drawn, index)
            loss, verdicts = _losses(model, ids, places, verdict_ids, lesson.doubt)
            losses.append(verdicts)
            return loss

        def after(step: int) -> None:
            lesson.advance(losses.pop())
            report("training", step, steps)

        how = Descent(PEAK, FLOOR, WARM_UP, BETAS, WEIGHT_DECAY, LARGEST_GRADIENT)
        descend(model, loss_of, steps=steps, how=how, after=after)


@dataclass
class Lesson:
    """State of the curriculum, which advances when the loss of the verdicts is small.

    Attributes
    ----------
    entities : int
        Number of all entities.
    known : int
        Number of entities in the statements.
    negations : float
        Share of negated statements.
    doubt : float
        Target probability of the wrong verdict.
    loss : float
        Moving average of the loss of the verdicts.
    waited : int
        Steps since the last stage started.
    """

    entities: int
    known: int = FIRST
    negations: float = 0.0
    doubt: float = 0.0
    loss: float = float(np.log(2))
    waited: int = 0

    def advance(self, loss: float) -> None:
        """Add the loss of a batch, and start the next stage if the average is small enough."""
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


def _batch(
    texts: list[str], words: list[str], index: dict[str, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the ids (n, length) of texts and their next words, and these words' places (n,)."""
    rows = [text.split() for text in texts]
    places = [len(row) for row in rows]
    ids = torch.full((len(rows), max(places) + 2), index[PAD])
    for i, (row, word) in enumerate(zip(rows, words, strict=True)):
        tokens = [index[one] for one in (*row, word, END)]
        ids[i, : len(tokens)] = torch.tensor(tokens)
    return ids, torch.tensor(places)


def _losses(
    model: GPT2LMHeadModel,
    ids: torch.Tensor,
    places: torch.Tensor,
    verdicts: torch.Tensor,
    doubt: float,
) -> tuple[torch.Tensor, float]:
    """Return the weighted loss of a batch, and the mean loss of true against false."""
    pad = model.config.pad_token_id
    # Padding is on the right; with causal attention, no other word depends on it.
    logits = model(ids, attention_mask=torch.ones_like(ids), use_cache=False).logits[:, :-1]
    targets = ids[:, 1:]
    each = cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    last = torch.arange(len(ids)), places - 1
    weights = OTHER_WORDS * (targets != pad)
    weights[last] = 1.0
    surprise = -logits[last].log_softmax(dim=1)[:, verdicts]
    truth = (targets[last][:, None] == verdicts).float()
    has_verdict = truth.any(dim=1)
    doubtful = (((1 - doubt) * truth + doubt * (1 - truth)) * surprise).sum(dim=1)
    each = each.index_put(last, torch.where(has_verdict, doubtful, each[last]))
    judged = cross_entropy(logits[last][has_verdict][:, verdicts], truth[has_verdict].argmax(dim=1))
    return (weights * each).sum() / weights.sum(), float(judged.detach())
