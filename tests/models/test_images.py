"""Vision encoders: the states of images are those that transformers itself gives."""

import numpy as np
import pytest
import torch
from support import tiny_vision

from nullprobe import CapturedFolder, InputError, models

pytestmark = pytest.mark.slow  # importing transformers takes seconds

HIDDEN = "layers.0.output"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return tiny_vision.draw_folder(tmp_path_factory.mktemp("images"), n=8)


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vit")
    tiny_vision.save(folder, "vit")
    return models.load_vision(folder)


def pixels(processor, images):
    opened = [tiny_vision.pillow.open(path).convert("RGB") for path in images]
    return processor(opened, return_tensors="pt")["pixel_values"]


@pytest.mark.parametrize("family", tiny_vision.FAMILIES)
def test_every_family_gives_the_states_of_transformers(family, images, tmp_path):
    plain = tiny_vision.save(tmp_path / "m", family)
    model, processor = models.load_vision(tmp_path / "m")
    before = tiny_vision.FAMILIES[family][1]
    sites = [HIDDEN, "pooled_output"] + ["image_embedding"] * (family in ("clip", "siglip"))
    with torch.no_grad():
        tower = getattr(plain, "vision_model", plain)
        states = []
        layer = tower.get_submodule(models.sites(tower)[HIDDEN].path)
        layer.register_forward_hook(
            lambda _, __, out: states.append(out if isinstance(out, torch.Tensor) else out[0])
        )
        pooled = tower(pixel_values=pixels(processor, images)).pooler_output
    (hidden,) = states
    for tokens in ("class", "mean") if before else ("mean",):
        args = model, processor, images, sites
        found = models.capture_images(*args, tokens=tokens, batch_size=3)
        right = hidden[:, 0] if tokens == "class" else hidden[:, before:].mean(dim=1)
        np.testing.assert_allclose(found[HIDDEN], right, atol=1e-5)
        np.testing.assert_allclose(found["pooled_output"], pooled, atol=1e-5)
        if "image_embedding" in sites:
            with torch.no_grad():
                output = plain.get_image_features(pixel_values=pixels(processor, images))
            right = getattr(output, "pooler_output", output)
            np.testing.assert_allclose(found["image_embedding"], right, atol=1e-5)
    if not before:
        with pytest.raises(InputError) as error:
            models.capture_images(*args, tokens="class")
        assert "class token" in error.value.required


def test_a_folder_holds_the_rows_in_order_and_continues(vit, images, tmp_path):
    y = [path.parent.name for path in images]
    args = *vit, images, [HIDDEN, "pooled_output"]
    more = {"labels": {"y": y}, "concept": "y", "shard_size": 3}
    states = CapturedFolder(models.capture_images_to(tmp_path / "s", *args, **more))
    plain = models.capture_images(*args)
    for site in plain:
        np.testing.assert_allclose(states[site], plain[site], atol=1e-6)
    assert states.labels["y"].tolist() == y
    assert states.about["inputs"] == "images"
    written = {file.name: file.read_bytes() for file in (tmp_path / "s").iterdir()}
    (tmp_path / "s" / "000001.safetensors").unlink()
    models.capture_images_to(tmp_path / "s", *args, **more)
    assert {file.name: file.read_bytes() for file in (tmp_path / "s").iterdir()} == written
    with pytest.raises(InputError) as error:  # another order is another capture
        models.capture_images_to(tmp_path / "s", *vit, images[::-1], args[-1], **more)
    assert "text hash" in error.value.received


def truncated(path):
    path.write_bytes(path.read_bytes()[:-60])


def text(path):
    path.write_text("not an image")


def empty(path):
    path.write_bytes(b"")


def postscript(path):  # its reader would run another program
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


def bomb(path):
    tiny_vision.pillow.new("1", (20_000, 20_000)).save(path)


def huge(path):
    tiny_vision.pillow.new("1", (9_000, 9_000)).save(path)


def missing(path):
    path.unlink()


@pytest.mark.parametrize("spoil", [truncated, text, empty, postscript, bomb, huge, missing])
def test_a_bad_image_is_refused_by_its_name(spoil, vit, tmp_path):
    images = tiny_vision.draw_folder(tmp_path / "images", n=4)
    spoil(images[2])
    with pytest.raises(InputError) as error:
        models.capture_images(*vit, images, "pooled_output")
    assert images[2].name in str(error.value)


def test_any_bytes_in_an_image_give_an_input_error_or_rows(vit, tmp_path):
    rng = np.random.default_rng(0)
    for suffix in (".png", ".jpg", ".gif", ".bmp", ".webp", ".tiff"):
        whole = tiny_vision.draw(tmp_path / f"image{suffix}").read_bytes()
        for i in range(12):
            content = bytearray(whole)
            for at in rng.integers(0, len(content), 4):
                content[at] = rng.integers(0, 256)
            path = tmp_path / f"odd{i}{suffix}"
            path.write_bytes(content)
            try:
                rows = models.capture_images(*vit, [path], "pooled_output")["pooled_output"]
            except InputError as error:
                named = path.name in str(error)
            else:
                named = np.isfinite(rows).all()
            assert named


def test_grey_transparent_and_turned_images_are_read_as_they_are_shown(vit, tmp_path):
    library = tiny_vision.pillow
    base = library.open(tiny_vision.draw(tmp_path / "base.png", size=(12, 12)))
    turned = base.transpose(library.Transpose.ROTATE_90)
    exif = library.Exif()
    exif[274] = 6  # shown after a quarter turn to the right
    turned.save(tmp_path / "turned.png", exif=exif)
    grey = base.convert("L")
    grey.save(tmp_path / "grey.png")
    grey.convert("RGB").save(tmp_path / "grey_rgb.png")
    paths = [tmp_path / f"{name}.png" for name in ("base", "turned", "grey", "grey_rgb")]
    rows = models.capture_images(*vit, paths, "pooled_output")["pooled_output"]
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-6)
    np.testing.assert_allclose(rows[2], rows[3], atol=1e-6)
    assert np.abs(rows[0] - rows[2]).max() > 1e-3


def test_a_model_of_texts_and_a_folder_without_a_processor_are_refused(images, tmp_path):
    tiny_vision.save(tmp_path / "m", "vit")
    (tmp_path / "m" / "preprocessor_config.json").unlink()
    with pytest.raises(InputError):
        models.load_vision(tmp_path / "m")
    with pytest.raises(InputError):
        models.capture_images(torch.nn.Linear(2, 2), lambda _: None, images, "pooled_output")


def test_a_pooler_without_weights_in_the_files_is_not_read(images, tmp_path):
    config = tiny_vision.transformers.AutoConfig.for_model("vit", **tiny_vision.VISION)
    model = tiny_vision.transformers.ViTModel(config, add_pooling_layer=False)
    model.save_pretrained(tmp_path)
    tiny_vision.transformers.ViTImageProcessor(size={"height": 8, "width": 8}).save_pretrained(
        tmp_path
    )
    loaded = models.load_vision(tmp_path)
    assert models.capture_images(*loaded, images, HIDDEN)[HIDDEN].shape == (8, 16)
    with pytest.raises(InputError) as error:
        models.capture_images(*loaded, images, "pooled_output")
    assert "pooled_output" in str(error.value)
