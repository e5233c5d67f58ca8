"""Training of a study's models; torch is imported when a model is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        If torch and transformers are not installed.

    Examples
    --------
    >>> from nullprobe.corpora import Mess3
    >>> train(Mess3(), seed=0, steps=1, budget=Budget(cache=False))
    CorpusModel(random_state=0, words=4, layers=2, width=64)
    """
    budget = budget or Budget()
    models, training = module("corpus_model"), module("corpus_training")
    lessons = training.Lessons(
        budget.steps(steps),
        tuple(float(weight) for weight in word_weights),
        tuple(sorted({budget.steps(step) for step in snapshots})),
        **({} if batch is None else {"batch": batch}),
    )
    return models.train(
        corpus, lessons, random_state=seed, cache=budget.cache, progress=budget.report
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
