"""Results in files of torch: torch itself reads them without unpickling objects."""

import numpy as np
import pytest

from nullprobe import LEACE, InputError
from nullprobe.cli import main
from nullprobe.data.formats import load
from nullprobe.data.writing import save

torch = pytest.importorskip("torch")

DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", ">f4", ">i8")


def read(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (4, 3), (2, 3, 4)])
def test_arrays_of_every_type_and_shape_are_tensors_of_the_same_values(suffix, shape, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {name: (rng.random(shape) * 9).astype(name) for name in DTYPES}
    arrays = {name: np.asarray(a) for name, a in arrays.items()}
    path = tmp_path / f"a{suffix}"
    save(path, arrays)
    content = read(path)
    assert list(content) == list(arrays)
    for name, array in arrays.items():
        assert isinstance(content[name], torch.Tensor)
        assert content[name].numpy().dtype == np.dtype(name).newbyteorder("=")
        np.testing.assert_array_equal(content[name].numpy(), array)
    back = load(path)
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)


def test_text_is_a_list_and_arrays_in_other_orders_are_whole(tmp_path):
    path = tmp_path / "a.pt"
    x = np.arange(12.0).reshape(4, 3)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    arrays = {"T": x.T, "back": x[::-1, ::-2], "mapped": mapped, "y": np.array(["a", "bb", "é"])}
    save(path, arrays)
    content = read(path)
    assert content["y"] == ["a", "bb", "é"]
    for name in ("T", "back", "mapped"):
        np.testing.assert_array_equal(content[name], arrays[name])
    assert load(path)["y"].tolist() == ["a", "bb", "é"]


def test_a_type_that_torch_lacks_is_refused_and_no_file_is_left(tmp_path):
    with pytest.raises(InputError) as error:
        save(tmp_path / "a.pt", {"when": np.array(["2024-01-01"], dtype="M8[D]")})
    assert "'when'" in error.value.required
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("source", [".pt", ".npz", ".parquet"])
def test_apply_writes_a_file_of_torch_that_keeps_the_rest(source, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), np.array(["no", "yes"] * 20)
    path, out = tmp_path / f"rows{source}", tmp_path / "erased.pt"
    if source == ".parquet":
        pd = pytest.importorskip("pandas")
        pd.DataFrame({"X": list(X), "y": y}).to_parquet(path)
    else:
        save(path, {"X": X, "y": y})
    eraser = tmp_path / "e.safetensors"
    assert main(["fit", str(path), "--concept", "y", "--out", str(eraser)]) == 0
    assert main(["apply", str(eraser), str(path), "--out", str(out)]) == 0
    content = read(out)
    np.testing.assert_allclose(content["X"], LEACE().fit(X, y).transform(X), atol=1e-6)
    assert content["y"] == y.tolist()
