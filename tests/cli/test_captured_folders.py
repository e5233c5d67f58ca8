"""Commands that read captured states refuse a folder that is not what was captured."""

import shutil

import pytest
from support import captured_folder as small
from support.command_files import documents, done, refused

FEW = ["--draws", "39", "--claims", "readable"]
LEFT = [a for name in ("text", "other", "size", small.LAST) for a in ("--leave-out", name)]
PAIRS = ["--negative", small.FIRST, "--positive", small.LAST, "--concept", "kind"]
COMMANDS = {
    "audit": ["audit", "bad", *FEW],
    "audit of pairs": ["audit", "bad", *FEW, "--pairs", *PAIRS],
    "baseline": ["audit", "good", *FEW, "--baseline", "other=bad"],
    "compare": ["compare", "bad", "--concept", "kind", *LEFT, "--erasers", "leace",
                "--probes", "linear"],
    "compare-pairs": ["compare-pairs", "bad", *PAIRS],
    "fit": ["fit", "bad", "--site", small.FIRST, "--out", "e.safetensors"],
}  # fmt: skip
WAYS = {
    name: {**small.STRUCTURE, **small.HASHED}[name]
    for name in ("a shard over another", "two shards swapped", "a shard twice", "a missing shard",
                 "a code of -1", "values edited", "labels edited", "a cut end", "no shards",
                 "classes in another order", "one bit of a state")
}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return small.write(tmp_path_factory.mktemp("captured") / "good")


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_was_tampered_with_is_refused(command, way, good, folder, capsys):
    for name in ("good", "bad"):
        shutil.copytree(good, folder / name)
    spoil, file = WAYS[way]
    spoil(folder / "bad")
    assert file in refused(capsys, *COMMANDS[command])


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_folder_untouched_is_read(command, good, folder, capsys):
    for name in ("good", "bad"):
        shutil.copytree(good, folder / name)
    done(capsys, *COMMANDS[command])


@pytest.mark.slow
def test_an_audit_of_texts_with_several_rows_takes_these_as_groups(folder, capsys):
    small.write(folder / "bad", repeats=2)
    done(capsys, "audit", "bad", *FEW, "--out", "out")
    found = next((folder / "out").glob("*.json")).read_text("utf-8")
    assert '"groups": "text"' in found


@pytest.mark.slow
def test_captured_states_are_audited_as_a_series_beside_an_untrained_twin(good, folder, capsys):
    shutil.copytree(good, folder / "good")
    small.write(folder / "twin", seed=1)
    done(capsys, "audit", "good", *FEW, "--order", "size", "--untrained", "twin=twin")
    for document in documents("good-kind-audit.json"):
        assert document["provenance"]["dependence"]["order"] == "one series"
        assert document["provenance"]["untrained"] == ["twin"]
        compared = [one["name"] for claim in document["claims"] for one in claim["beside"]]
        assert compared == ["twin"]
