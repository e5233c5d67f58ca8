"""Load vision encoders and their image processors; no pickles, no remote code."""

from __future__ import annotations

import os
from typing import Any

import torch
import transformers

from nullprobe._core import parameters, validation
from nullprobe.models import devices, packages
from nullprobe.models.checkpoint import find
from nullprobe.models.loading import DTYPES, complain_of_missing, origin_of, refusals, saved_kind
from nullprobe.models.progress_bars import without_bars
from nullprobe.models.provenance import note

PROCESSOR = "preprocessor_config.json"


def load_vision(
    name: str | os.PathLike[str],
    *,
    dtype: str = "auto",
    device: str | None = None,
    revision: str | None = None,
) -> tuple[transformers.PreTrainedModel, Any]:
    """Load a model that reads images, and its image processor.

    Parameters
    ----------
    name : str or path
        A folder that ``save_pretrained`` wrote, of the model and of its processor, or a name on the
        hub.
    dtype, device, revision
        As for :func:`load`; ``device`` must be a single device.

    Returns
    -------
    model : transformers.PreTrainedModel
        In evaluation mode. A pooler without weights in the files is removed.
    processor : transformers.BaseImageProcessor

    Raises
    ------
    InputError
        If the model does not exist, has no safetensors, lacks weights, or needs remote code.
    """
    parameters.choice("dtype", dtype, list(DTYPES))
    place = devices.placed(device)
    if place is not None and not isinstance(place, torch.device):
        validation.complain(
            "the device of a vision encoder must be a single one",
            f"{device!r} arrived",
            "pass such as 'cpu' or 'cuda'",
        )
    packages.need(["PIL"], "images", extra="images")
    base = find(name, revision)
    if base.is_gguf or not (base.path / PROCESSOR).is_file():
        validation.complain(
            f"{base.name!r} must hold a vision encoder with its image processor",
            f"it has no {PROCESSOR}",
            "save the processor into the same folder with its save_pretrained",
        )
    files: dict[str, Any] = {
        "pretrained_model_name_or_path": str(base.path),
        "local_files_only": True,
    }
    with refusals(base), without_bars():
        kind, config = saved_kind(files)
        model, report = kind.from_pretrained(
            **files, trust_remote_code=False, config=config, use_safetensors=True,
            dtype=DTYPES[dtype], output_loading_info=True,
        )  # fmt: skip
        processor = transformers.AutoImageProcessor.from_pretrained(
            **files, trust_remote_code=False
        )
        missing = sorted(report["missing_keys"])
        if any("pooler" not in one for one in missing):
            complain_of_missing(base, [one for one in missing if "pooler" not in one])
        for module in model.modules() if missing else ():
            if hasattr(module, "pooler"):
                module.pooler = None
        model.config._name_or_path = model.name_or_path = base.name
        note(model, origin_of(base))
        if place is not None:
            model.to(place)
    return model.eval(), processor
