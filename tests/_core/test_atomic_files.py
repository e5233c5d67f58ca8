import os
import stat

import pytest

from nullprobe._core.atomic_files import TEMPORARY, whole_file
from nullprobe._core.validation import InputError


def test_a_finished_block_replaces_the_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half():
        with whole_file(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_block_that_removes_its_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def remove():
        with whole_file(path) as temporary:
            temporary.unlink()

    with pytest.raises(FileNotFoundError):
        remove()
    assert path.read_text() == "old"


def test_the_temporary_file_has_the_suffix_and_folder_of_the_target(tmp_path):
    with whole_file(tmp_path / "a.npz") as temporary:
        assert temporary.suffix == ".npz"
        assert temporary.parent == tmp_path


def test_a_new_file_has_the_rights_that_any_new_file_has(tmp_path):
    (tmp_path / "plain").write_text("")
    with whole_file(tmp_path / "whole"):
        pass
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "whole")]
    assert rights[0] == rights[1]


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real.txt")
    with whole_file(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_missing_folder_is_refused_and_not_made(tmp_path):
    with pytest.raises(InputError, match="must exist"), whole_file(tmp_path / "no" / "a.txt"):
        pass
    assert not any(tmp_path.iterdir())


def test_a_folder_is_not_a_file_to_replace(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="must name a file"), whole_file(tmp_path / "a"):
        pass


def test_a_file_that_is_replaced_keeps_its_rights(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    with whole_file(path) as temporary:
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs an administrator"
)
def test_a_file_that_is_replaced_keeps_its_owner(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    os.chown(path, 1234, 2345)
    with whole_file(path):
        pass
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_leftovers_are_removed_and_files_that_are_being_written_are_not(tmp_path):
    leftover = tmp_path / f"{TEMPORARY}0123.txt"
    leftover.write_text("half")
    with whole_file(tmp_path / "a.txt") as first, whole_file(tmp_path / "b.txt") as second:
        assert not leftover.exists()
        with whole_file(first) as same:
            same.write_text("a")
        with whole_file(tmp_path / "c.txt"):
            pass
        second.write_text("b")
    assert [(tmp_path / name).read_text() for name in ("a.txt", "b.txt", "c.txt")] == ["a", "b", ""]
    assert len(list(tmp_path.iterdir())) == 3
