"""Hide the progress bars of other libraries while a model is read or written."""

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
    """Hide the progress bars of transformers within the block; bars of downloads stay."""
    loading, downloads = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    _show_bars(False, downloads)
    # No setting of transformers hides the bar of the conversion of GGUF files.
    gguf.tqdm = functools.partial(tqdm, disable=True)  # pyright: ignore[reportPrivateImportUsage]
    try:
        yield
    finally:
        gguf.tqdm = tqdm  # pyright: ignore[reportPrivateImportUsage]
        _show_bars(loading, downloads)


def _show_bars(loading: bool, downloads: bool) -> None:
    # Transformers also switches the bars of downloads, so they are set last. huggingface_hub warns
    # if an environment variable already decides.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (logging.enable_progress_bar if loading else logging.disable_progress_bar)()
        (enable_progress_bars if downloads else disable_progress_bars)()
