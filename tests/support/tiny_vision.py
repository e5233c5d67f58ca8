"""Tiny vision encoders with random weights, and images that Pillow wrote."""

import numpy as np
import pytest
from support import tiny_models as tiny

transformers = pytest.importorskip("transformers")
pillow = pytest.importorskip("PIL.Image")

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
}
VISION = {**SMALL, "image_size": 8, "patch_size": 4}
BOTH = {
    "text_config": {**SMALL, "vocab_size": 40, "max_position_embeddings": 8},
    "vision_config": VISION,
}
# Family → settings, number of tokens before the patches.
FAMILIES = {
    "vit": (VISION, 1),
    "dinov2": (VISION, 1),
    "dinov2_with_registers": ({**VISION, "num_register_tokens": 2}, 3),
    "clip": ({**BOTH, "projection_dim": 6}, 1),
    "clip_vision_model": (VISION, 1),
    "siglip": (BOTH, 0),
}


def save(folder, family):
    """Save a vision encoder and its image processor, and return the model."""
    config = transformers.AutoConfig.for_model(family, **FAMILIES[family][0])
    model = transformers.AutoModel.from_config(config, trust_remote_code=False).eval()
    tiny.loud(model).save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 8, "width": 8}).save_pretrained(folder)
    return model


def draw(path, *, seed=0, size=(12, 9), brightness=0):
    """Write a random image."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 120, (*size, 3), dtype=np.uint8) + np.uint8(brightness)
    path.parent.mkdir(parents=True, exist_ok=True)
    pillow.fromarray(pixels).save(path)
    return path


def draw_folder(folder, n=12, suffix=".png"):
    """Write images in folders for two classes, which differ in brightness; return sorted paths."""
    return sorted(
        draw(folder / name / f"{i}{suffix}", seed=10 * i + k, size=(8 + i, 10), brightness=80 * k)
        for k, name in enumerate(("day", "night"))
        for i in range(n // 2)
    )
