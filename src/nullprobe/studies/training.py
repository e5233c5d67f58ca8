"""Training of a study's models; torch is imported when a model is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nullprobe._core.validation import complain
from nullprobe.corpora.corpus import Corpus
from nullprobe.studies.definition import Budget

if TYPE_CHECKING:
    from nullprobe.worlds.language_models.corpus_model import CorpusModel

STEPS = 1000
EXTRA = ("torch", "transformers", "tokenizers")


def train(  # noqa: PLR0913  each option is one idea
    corpus: Corpus,
    *,
    seed: int,
    budget: Budget | None = None,
    steps: int = STEPS,
    word_weights: Sequence[float] = (),
    snapshots: Sequence[int] = (),
    batch: int | None = None,
) -> CorpusModel:
    """Train a small GPT on a corpus, or load it from the cache; twin and tokenizer come with it.

    Parameters
    ----------
    corpus : Corpus
    seed : int
    budget : Budget, optional
        A quick one trains a quarter of the steps.
    steps : int
        Of a full run.
    word_weights : sequence of V floats
        Weight of each word in the loss; 1 by default.
    snapshots : sequence of int
        Steps of a full run after which the model is kept as well.
    batch : int, optional
        Texts of a step; 32 by default.

    Raises
    ------
    InputError
        If torch and transformers are not installed, or what arrives is no corpus.

    Examples
    --------
    >>> from nullprobe.corpora import Mess3
    >>> train(Mess3(), seed=0, steps=1, budget=Budget(cache=False))
    CorpusModel(random_state=0, words=4, layers=2, width=64)
    """
    need_corpus(corpus)
    budget = budget or Budget()
    return Training(corpus, seed, steps, tuple(word_weights), tuple(snapshots), batch).made(budget)


@dataclass(frozen=True, eq=False)
class Training:
    """A training that a study asks for: what `train` is called with, but for the budget.

    Attributes
    ----------
    corpus : Corpus
    seed : int
    steps : int
    word_weights : tuple of V floats
    snapshots : tuple of int
    batch : int or None
    in_full : bool
        Whether a quick run takes all steps, too.
    """

    corpus: Corpus
    seed: int
    steps: int = STEPS
    word_weights: tuple[float, ...] = ()
    snapshots: tuple[int, ...] = ()
    batch: int | None = None
    in_full: bool = False

    def task(self, budget: Budget) -> tuple[Corpus, Any, int]:
        """Return corpus, lessons and seed, as the trainer takes them."""
        budget = replace(budget, quick=budget.quick and not self.in_full)
        lessons = module("corpus_training").Lessons(
            budget.steps(self.steps),
            tuple(float(weight) for weight in self.word_weights),
            tuple(sorted({budget.steps(step) for step in self.snapshots})),
            **({} if self.batch is None else {"batch": self.batch}),
        )
        return self.corpus, lessons, self.seed

    def made(self, budget: Budget) -> CorpusModel:
        """Return the trained model: one that is ready, or one from the cache, or a new one."""
        corpus, lessons, seed = self.task(budget)
        models = module("cached_training")
        if budget.ready:
            ready = budget.ready.get(models.Begun(corpus, lessons, seed, None).name)
            if ready is not None:
                return ready
        return models.train(
            corpus, lessons, random_state=seed, cache=budget.cache, progress=budget.report
        )


def need_corpus(corpus: object) -> None:
    """Complain of what is no corpus."""
    lacks = [
        name for name in ("words", "length", "sample", "observers") if not hasattr(corpus, name)
    ]
    if lacks:
        complain(
            "a corpus needs words, length, sample(n, rng) and observers(ids)",
            f"a {type(corpus).__name__} without {', '.join(lacks)} arrived",
            "take one of nullprobe.corpora",
        )


def further(  # noqa: PLR0913  what the steps are
    model: Any,
    corpus: Corpus,
    *,
    seed: int,
    steps: int,
    rate: float,
    budget: Budget | None = None,
    watch: Callable[[int], object] = lambda step: None,
) -> None:
    """Train a model in place on the texts of another corpus.

    Parameters
    ----------
    model : GPT2LMHeadModel
    corpus : Corpus
        With the words that the model knows.
    seed : int
        Of the texts.
    steps : int
        Of a full run.
    rate : float
        Highest learning rate.
    budget : Budget, optional
    watch : callable
        Called with the number of steps done, after each step.
    """
    budget, training = budget or Budget(), module("corpus_training")
    how = module("descent").Descent(peak=rate)
    steps = budget.steps(steps)

    def after(step: int) -> None:
        budget.report("training further", step, steps)
        watch(step)

    training.learn(model, corpus, training.Lessons(steps, descent=how), seed=seed, watch=after)
    model.eval()


def module(name: str) -> Any:
    """Return a module of ``worlds.language_models``, or complain if torch is not installed."""
    try:
        return import_module(f"nullprobe.worlds.language_models.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        complain(
            "studies need torch and transformers",
            f"there is no module {error.name!r}",
            'run pip install "nullprobe[models]"',
        )
