"""Generation: texts that a model writes after prompts, with and without erasers.

Problem. Padding, batches and the model's settings may change the text, and the change would look
like an effect of the erasers.
Solution. Each prompt runs alone through the model's ``generate``, once without and once with the
erasers. If tokens are drawn at random, both runs draw the same random numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe._core.frames import Table
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.erasers import AffineEraser
from nullprobe.models.behaviour import Texts
from nullprobe.models.editing.erasing import erase, paired
from nullprobe.models.forward import evaluating, input_device
from nullprobe.models.texts import sequence

STAGE = "generate"


@dataclass(frozen=True, repr=False)
class Generated:
    """Texts that a model writes after n prompts.

    Attributes
    ----------
    prompts : tuple of n str, or of n lists of messages
    before : tuple of n str
        Text without erasers, without the prompt and special tokens.
    after : tuple of n str
        Text with the erasers active.
    ids_before, ids_after : tuple of n pairs (list of int, list of int)
        Token ids of each prompt and of the new text. :func:`capture` takes these pairs as texts;
        with ``tokens="continuation"`` it reads the states of generated tokens.

    Examples
    --------
    >>> texts = Generated(("The sea is",), before=(" deep",), after=(" here",))
    >>> len(texts), texts.before[0] == texts.after[0]
    (1, False)
    """

    prompts: tuple[Any, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    ids_before: tuple[tuple[list[int], list[int]], ...] = ()
    ids_after: tuple[tuple[list[int], list[int]], ...] = ()

    def __repr__(self) -> str:
        """Return how many texts there are, and how many of them differ, in one line."""
        changed = sum(a != b for a, b in zip(self.before, self.after, strict=True))
        return f"Generated({len(self.before)} texts, {changed} of them differ)"

    def __len__(self) -> int:
        """Return the number n of prompts."""
        return len(self.prompts)

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each prompt; a chat is JSON text.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return TEXTS.frame([self], kind)


TEXTS = Table(
    dict.fromkeys(("prompt", "before", "after"), str),
    lambda one: [
        {
            "prompt": prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False),
            "before": before,
            "after": after,
        }
        for prompt, before, after in zip(one.prompts, one.before, one.after, strict=True)
    ],
)


def generate(
    model: nn.Module,
    tokenizer: Any,
    prompts: Sequence[Any],
    *,
    erasers: Mapping[str, AffineEraser],
    max_new_tokens: int = 50,
    chat: bool = False,
    sample: bool = False,
    temperature: float | None = None,
    layers: str | None = None,
    random_state: RandomState = 0,
    progress: Progress = False,
) -> Generated:
    """Return the texts that a model writes after each prompt, before and after erasing.

    Parameters
    ----------
    model : PreTrainedModel
        A decoder with a language-model head; it is left as it was.
    tokenizer : PreTrainedTokenizerBase
    prompts : sequence of n str, chats or token ids
        As for :func:`capture`. A chat ends where the model's answer begins.
    erasers : mapping of str to AffineEraser
        Site → eraser, as for :func:`erase`. All are active together.
    max_new_tokens : int
        Largest number of new tokens after a prompt.
    chat : bool
        Whether strings are messages of the user, which the model's chat template renders.
    sample : bool
        Whether tokens are drawn at random. By default, the most probable token is chosen (greedy).
    temperature : float > 0, optional
        Divisor of the logits before a token is drawn. Needs ``sample=True``.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.
    random_state : int, Generator or None
        Same seed, same text of a prompt, for any other prompts.
    progress : bool or callable
        True shows a bar on stderr; a function is called with ``("generate", texts done, 2n)``.

    Returns
    -------
    Generated

    Raises
    ------
    InputError
        If the model cannot continue texts, a prompt with the new tokens does not fit into its
        context, the tokenizer has no chat template, or :func:`erase` refuses the erasers.

    Notes
    -----
    Prompts run one by one, so texts are equal to the output of ``model.generate`` for one prompt.
    All other settings come from ``model.generation_config``. Erasers edit the prompt and each new
    token.

    Examples
    --------
    An eraser of every direction at the head: the model writes the same after each prompt.

    >>> from nullprobe import worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> prompts = "the colour of lena is", "perhaps the city of karl is"
    >>> erasers = {"final_norm": AffineEraser(np.zeros(64), np.eye(64), np.eye(64))}
    >>> args = organism.model, organism.tokenizer, prompts
    >>> texts = generate(*args, erasers=erasers, max_new_tokens=3)
    >>> len(texts), texts.after[0] == texts.after[1]
    (2, True)
    """
    _need_decoder(model)
    parameters.whole_number("max_new_tokens", max_new_tokens, least=1)
    prompts = sequence(prompts, "prompt")
    seed, bars = integer_seed(random_state), reporting(progress)
    how = {"max_new_tokens": max_new_tokens, **_choice(sample, temperature)}
    if not paired(model, erasers, layers):
        validation.complain(
            "at least one eraser is needed",
            "none was passed",
            "pass {'layers.3.output': eraser}",
        )
    inputs = [
        [{"role": "user", "content": p}] if chat and isinstance(p, str) else p for p in prompts
    ]
    texts = Texts(model, tokenizer, inputs)
    encoded, limit = texts.ids, texts.limit
    for i, ids in enumerate(encoded):
        if limit is not None and len(ids) + max_new_tokens > limit + 1:
            validation.complain(
                f"a prompt and the new tokens must fit into {limit} tokens",
                f"prompt {i} (counted from 0) has {len(ids)}, and max_new_tokens is "
                f"{max_new_tokens}",
                "pass a smaller max_new_tokens or a shorter prompt",
            )
    written: list[str] = []
    pairs: list[tuple[list[int], list[int]]] = []
    with bars as report, evaluating(model):
        for edited in (False, True):
            for i, ids in enumerate(encoded):
                # One block per text: at its end, an edit that did not run raises an error.
                with erase(model, erasers, layers=layers) if edited else nullcontext():
                    new = _continued(model, ids, how, _of_prompt(seed, i))
                written.append(tokenizer.decode(new, skip_special_tokens=True))
                pairs.append((ids.tolist(), new))
                report(STAGE, len(written), 2 * len(encoded))
    n = len(encoded)
    before, after = tuple(written[:n]), tuple(written[n:])
    return Generated(tuple(prompts), before, after, tuple(pairs[:n]), tuple(pairs[n:]))


def _need_decoder(model: nn.Module) -> None:
    can = getattr(model, "can_generate", lambda: False)()
    if not can or getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        validation.complain(
            "the model must be a decoder that continues texts",
            f"{type(model).__name__} arrived",
            "load it with AutoModelForCausalLM",
        )


def _choice(sample: bool, temperature: float | None) -> dict[str, Any]:
    """Return the arguments of ``model.generate`` that choose tokens."""
    if temperature is None:
        return {"do_sample": sample}
    if not sample:
        validation.complain(
            "temperature needs sample=True",
            f"temperature={temperature!r} arrived without it",
            "leave temperature out to choose the most probable tokens",
        )
    value = parameters.real_number("temperature", temperature, least=0.0)
    if value == 0.0:
        validation.complain(
            "temperature must be above 0",
            "it is 0",
            "leave sample and temperature out to choose the most probable tokens",
        )
    return {"do_sample": True, "temperature": value}


def _continued(model: Any, ids: np.ndarray, how: Mapping[str, Any], seed: int) -> list[int]:
    """Return the ids that a model writes after one prompt."""
    device = input_device(model)
    prompt_ids = torch.from_numpy(ids.astype(np.int64))[None].to(device)
    with torch.no_grad(), _seeded(seed, device):
        # The mask is needed because a prompt may contain the padding token.
        mask = torch.ones_like(prompt_ids)
        out = model.generate(input_ids=prompt_ids, attention_mask=mask, **how)
    return cast(torch.Tensor, out)[0, len(ids) :].tolist()


def _of_prompt(seed: int, i: int) -> int:
    return int(np.random.SeedSequence([seed, i]).generate_state(1, np.uint64)[0])


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from a seed within the block; then restore the state of torch's generators."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
