"""A captured folder is what was captured, or it is refused and the file is named."""

import json
import shutil

import numpy as np
import pytest
from support import captured_folder as small

from nullprobe import InputError
from nullprobe.data import captured_shards, files, formats, manifest
from nullprobe.data.captured import CapturedFolder


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return small.write(tmp_path_factory.mktemp("captured") / "good")


@pytest.fixture
def bad(good, tmp_path):
    return shutil.copytree(good, tmp_path / "bad")


def everything():
    return {name: np.concatenate([small.arrays(i)[name] for i in range(4)])
            for name in small.arrays(0)}  # fmt: skip


def test_a_folder_is_a_mapping_of_its_sites(good):
    states, right = CapturedFolder(str(good)), everything()
    assert list(states) == list(small.SITES)
    assert (len(states), sum(states.rows), states.concept, states.groups) == (2, 40, "kind", None)
    assert (small.FIRST in states, "kind" in states) == (True, False)
    for site, X in states.items():
        assert X.dtype == np.float32
        np.testing.assert_array_equal(X, right[site])
    np.testing.assert_array_equal(states.text, np.arange(40))
    assert states.labels["kind"].tolist() == [False, True] * 20
    assert states.labels["other"].tolist() == [i % 3 for i in range(40)]
    np.testing.assert_array_equal(states.labels["size"], right["size"])
    with pytest.raises(InputError, match="layers"):
        states["layers.7.output"]


def test_every_reader_returns_the_same(good):
    right = everything()
    table = files.read(good, concept="kind", leave_out=["text", "other", "size", small.LAST])
    np.testing.assert_array_equal(table.X, right[small.FIRST])
    assert set(formats.names(good)) == set(right)
    assert list(formats.load(good, only=["size", small.LAST])) == ["size", small.LAST]


@pytest.mark.parametrize("way", [*small.STRUCTURE, *small.HASHED])
def test_a_folder_that_was_tampered_with_is_refused(way, bad):
    spoil, file = {**small.STRUCTURE, **small.HASHED}[way]
    spoil(bad)
    with pytest.raises(InputError, match=file):
        CapturedFolder(bad).read()
    with pytest.raises(InputError, match=file):
        files.read(bad, concept="kind", leave_out=["text", "other", "size", small.LAST])


@pytest.mark.parametrize("way", small.STRUCTURE)
@pytest.mark.filterwarnings("ignore:.*earlier version")
def test_without_hashes_shapes_texts_and_codes_are_verified(way, bad):
    spoil, file = small.STRUCTURE[way]
    small.as_first_format(bad)
    spoil(bad)
    for read in (
        lambda: CapturedFolder(bad).read(),
        lambda: files.read(bad, concept="kind", leave_out=["text", "other", "size", small.LAST]),
    ):
        with pytest.raises(InputError, match=file):
            read()


@pytest.mark.parametrize(
    "change",
    [{"texts": "many"}, {"shard size": 0}, {"texts": -1}, {"sites": [1]}, {"labels": None},
     {"shards": 0}, {"texts": 30}, {"texts": True}],
)  # fmt: skip
def test_a_manifest_of_the_first_format_must_fit_together(change, bad):
    small.as_first_format(bad)
    small.say(**change)(bad)
    with pytest.raises(InputError, match=r"manifest\.json"):
        CapturedFolder(bad)


def test_a_folder_of_the_first_format_is_read_with_a_warning(bad):
    small.as_first_format(bad)
    with pytest.warns(UserWarning, match="without hashes"):
        states = CapturedFolder(bad)
    for name, right in everything().items():
        if name in small.SITES:
            np.testing.assert_array_equal(states[name], right)


@pytest.mark.parametrize("change", ["-1", "twice", "texts", "a text without rows"])
def test_values_are_verified_where_hashes_are_right(change, bad, monkeypatch):
    """What another writer of the format did wrong is found, and we do not write it."""
    name, edit = {
        "-1": ("kind", lambda a: a - 1),
        "twice": ("kind", lambda a: a * 2),
        "texts": ("text", lambda a: a + 1),
        "a text without rows": ("text", lambda a: a + (a == 14)),
    }[change]
    before = {path.name: path.read_bytes() for path in bad.iterdir()}
    with pytest.raises(InputError, match="000001"):
        small.forge(1, small.put(name, edit))(bad)
    assert {path.name: path.read_bytes() for path in bad.iterdir()} == before
    with monkeypatch.context() as patch:
        patch.setattr(captured_shards.Shard, "check", lambda *_: None)
        small.forge(1, small.put(name, edit))(bad)
    with pytest.raises(InputError, match="000001"):
        CapturedFolder(bad).read()
    assert CapturedFolder(bad)[small.FIRST].shape == (40, 4)


def test_what_is_not_read_is_not_hashed(bad, monkeypatch):
    small.flip(3, -1)(bad)  # the last array of the file
    content = (bad / "000003.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    touched = max(small.SITES, key=lambda name: header[name]["data_offsets"])
    untouched = next(name for name in small.SITES if name != touched)
    assert CapturedFolder(bad)[untouched].shape == (40, 4)
    with pytest.raises(InputError, match="000003"):
        CapturedFolder(bad)[touched]


def test_texts_with_several_rows_are_groups_unless_others_are_named(tmp_path):
    several = CapturedFolder(small.write(tmp_path / "several", repeats=3))
    assert (sum(several.rows), several.groups) == (120, "text")
    np.testing.assert_array_equal(several.text, np.repeat(np.arange(40), 3))
    for name, y in several.labels.items():
        assert y.reshape(40, 3).tolist() == [[v] * 3 for v in y[::3].tolist()], name
    named = CapturedFolder(small.write(tmp_path / "named", repeats=3, groups="other"))
    assert named.groups == "other"


def test_other_files_beside_the_shards_do_not_matter(bad):
    (bad / "notes.txt").write_text("mine")
    (bad / ".hidden.safetensors").write_bytes(b"")
    (bad / "result.json").write_text("{}")
    assert CapturedFolder(bad)[small.FIRST].shape == (40, 4)


def test_no_other_folder_is_captured(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(3))
    for path in (tmp_path, tmp_path / "a.npz", tmp_path / "nothing"):
        with pytest.raises(InputError, match="captured states"):
            CapturedFolder(path)


def test_a_manifest_may_be_laid_out_anew(bad):
    small.say()(bad)
    assert manifest.manifest(bad) is not None
    assert len(CapturedFolder(bad).read()) == 6


def test_a_manifest_of_more_shards_than_can_be_counted_is_refused_at_once(bad):
    about = json.loads((bad / "manifest.json").read_text())
    about |= {"format": manifest.FIRST_FORMAT, "texts": 10**12, "shard size": 1, "shards": 10**12}
    (bad / "manifest.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match=f"{10**12 - 4} are missing"):
        CapturedFolder(bad)
