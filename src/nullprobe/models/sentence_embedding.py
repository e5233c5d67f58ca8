"""Sentence embeddings: one vector per text, as a model of sentence-transformers returns it.

Problem. The embedding of a text depends on the pooling, on modules after it, on a prompt and on the
longest text. A second implementation would differ in one of these.
Solution. ``encode`` of sentence-transformers computes the rows of the site
``sentence_embedding``. All other sites belong to the transformer inside.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from nullprobe._core import validation
from nullprobe.models.site import EMBEDDING, OUTPUT, Site
from nullprobe.models.texts import Text

LIBRARY = "sentence_transformers"


@dataclass(frozen=True, eq=False)
class Embedder:
    """A model of sentence-transformers.

    Attributes
    ----------
    model : sentence_transformers.SentenceTransformer
    transformer : transformers.PreTrainedModel
        The model inside, in which all other sites are.
    path : str
        Path of ``transformer`` in ``model``.
    """

    model: Any
    transformer: nn.Module
    path: str

    @property
    def site(self) -> Site:
        """The site of the embedding, after the last module."""
        width = getattr(self.model, "get_embedding_dimension", None)
        width = width or self.model.get_sentence_embedding_dimension
        return Site(EMBEDDING, "", OUTPUT, int(width()))

    def outer(self, sites: dict[str, Site]) -> dict[str, Site]:
        """Return sites of the transformer with their paths in the whole model."""
        return {
            name: replace(site, path=f"{self.path}.{site.path}") for name, site in sites.items()
        }

    def embed(self, texts: Sequence[Text], max_length: int | None = None) -> Tensor:
        """Return the embeddings (n, d) of texts, in float32 or float64."""
        with _limited(self.model, max_length), torch.no_grad():
            rows = self.model.encode(
                [one.words for one in texts],
                batch_size=len(texts),
                convert_to_tensor=True,
                show_progress_bar=False,
            )
        return rows.to(torch.float64 if rows.dtype == torch.float64 else torch.float32)

    def need_words(self, texts: Sequence[Text]) -> None:
        """Raise InputError unless all texts are strings."""
        for i, one in enumerate(texts):
            if not one.words or one.continuation is not None:
                validation.complain(
                    f"{EMBEDDING} needs texts as strings",
                    f"text {i} (counted from 0) is a chat, token ids or a pair",
                    "pass the text as one string",
                )

    def described(self) -> list[dict[str, Any]]:
        """Return the modules and the prompt as plain values; pooling has no weights."""
        modules = [
            {"type": type(one).__name__, **one.get_config_dict()}
            for one in list(self.model)[1:]
            if hasattr(one, "get_config_dict")
        ]
        prompt = (self.model.prompts or {}).get(self.model.default_prompt_name, "")
        dim = getattr(self.model, "truncate_dim", None)
        return [*modules, {"prompt": prompt, "truncate_dim": dim}]


def embedder_of(model: Any) -> Embedder | None:
    """Return the embedder that a model of sentence-transformers is, or None for other models.

    Raises
    ------
    InputError
        If its first module is not a transformer.
    """
    library = sys.modules.get(LIBRARY)  # whoever has such a model has imported the library
    if library is None or not isinstance(model, library.SentenceTransformer):
        return None
    inside: Any = getattr(model[0], "auto_model", None)
    path = next((path for path, one in model.named_modules() if one is inside), None)
    if path is None:
        validation.complain(
            "the first module of an embedding model must be a transformer",
            f"it is {type(model[0]).__name__}",
            "encode the texts with sentence-transformers, and pass the embeddings as a file",
        )
    return Embedder(model, inside, path)


@contextmanager
def _limited(model: Any, max_length: int | None) -> Iterator[None]:
    """Cut texts at ``max_length`` tokens within the block."""
    before = model.max_seq_length
    try:
        if max_length is not None:
            model.max_seq_length = max_length
        yield
    finally:
        if max_length is not None:
            model.max_seq_length = before
