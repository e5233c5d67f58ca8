"""Progress bars of other libraries: kept away while a model is read or written."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from tqdm.auto import tqdm
from transformers import modeling_gguf_pytorch_utils as gguf
from transformers.utils import logging


@contextmanager
def without_bars() -> Iterator[None]:
    """Keep the progress bars of transformers away within the block; those of downloads stay."""
    own, downloads = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    _show_bars(False, downloads)
    # That of the conversion of GGUF files, which no setting of transformers governs.
    gguf.tqdm = functools.partial(tqdm, disable=True)  # pyright: ignore[reportPrivateImportUsage]
    try:
        yield
    finally:
        gguf.tqdm = tqdm  # pyright: ignore[reportPrivateImportUsage]
        _show_bars(own, downloads)


def _show_bars(own: bool, downloads: bool) -> None:
    # The bars of transformers take those of downloads with them, but for where the environment
    # has settled them, which is warned of.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (logging.enable_progress_bar if own else logging.disable_progress_bar)()
        (enable_progress_bars if downloads else disable_progress_bars)()
