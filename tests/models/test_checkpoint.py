"""Files of a model: which are meant, and what is fetched of a repository on the hub."""

import json
import warnings

import pytest
from support import small_hub
from support import tiny_models as tiny

from nullprobe import InputError, models
from nullprobe.cli import main
from nullprobe.models import checkpoint
from nullprobe.models.provenance import described


def load(served, home, name="us/tiny", *, offline=False, **options):
    """Load a model as a user does; return what it is, or the message that refuses it."""
    with small_hub.at(served.address, home, offline=offline):
        try:
            model, tokenizer = models.load(name, **options)
            sites = models.sites(models.structure(name, options.get("revision")))
        except InputError as error:
            return {"refused": str(error)}
    return {"is": described(model), "words": len(tokenizer), "sites": len(sites)}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    root = tmp_path_factory.mktemp("repositories")
    new, old = tiny.make("gpt2"), tiny.make("gpt2", seed=1)
    new.save_pretrained(root / "new", max_shard_size="20KB")
    tiny.word_tokenizer().save_pretrained(root / "new")
    tiny.save(root / "old", old)
    (root / "new" / "own.py").write_text("raise SystemExit('code of others has run')")
    (root / "new" / "pytorch_model.bin").write_bytes(b"a pickle")
    (root / "new" / "consolidated.safetensors").write_bytes(b"the same weights once more")
    (root / "only pickles").mkdir()
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (root / "only pickles" / file).write_bytes((root / "old" / file).read_bytes())
    (root / "only pickles" / "pytorch_model.bin").write_bytes(b"a pickle")
    tiny.save(root / "damaged", old)
    (root / "damaged" / checkpoint.INDEX).write_text("{")
    return {
        "us/tiny": {"main": root / "new", "v1": root / "old"},
        "us/pickles": {"main": root / "only pickles"},
        "us/damaged": {"main": root / "damaged"},
    }


@pytest.fixture
def served(repositories):
    with small_hub.hub(repositories) as served:
        yield served


@pytest.mark.slow
def test_a_model_of_the_hub_has_its_commit_and_is_loaded_again_without_a_network(served, tmp_path):
    found = load(served, tmp_path)
    assert (found["words"], found["sites"]) == (44, 14)
    assert found["is"]["name"] == "us/tiny"
    assert found["is"]["revision"] == small_hub.COMMITS["main"]
    assert found["is"]["format"] == "safetensors"
    assert found["is"]["files"] == {}
    assert len(served.fetched(".safetensors")) == len(
        list(served.repositories["us/tiny"]["main"].glob("model-*"))
    )
    assert not [path for suffix in (".py", ".bin") for path in served.fetched(suffix)]
    asked = len(served.asked)
    assert load(served, tmp_path, offline=True) == found
    assert len(served.asked) == asked


@pytest.mark.slow
def test_a_revision_may_be_a_tag_or_a_commit(served, tmp_path):
    revisions = {"revision": "v1"}, {"revision": small_hub.COMMITS["v1"]}, {}
    of_tag, of_commit, of_main = (load(served, tmp_path, **each) for each in revisions)
    assert of_tag["is"] == of_commit["is"]
    assert of_tag["is"]["revision"] == small_hub.COMMITS["v1"]
    assert of_tag["is"]["weights"] != of_main["is"]["weights"]


@pytest.mark.slow
def test_commands_take_a_name_and_a_revision(served, tmp_path):
    (tmp_path / "texts.csv").write_text("text\nw1 w2\nw3\n")
    asked = ["us/tiny", str(tmp_path / "texts.csv"), "--text", "text", "--site", "embeddings"]
    options = ["--revision", "v1", "--out", str(tmp_path / "states")]
    with small_hub.at(served.address, tmp_path / "home"):
        assert main(["capture", *asked, *options]) == 0
    manifest = json.loads((tmp_path / "states" / "manifest.json").read_text("utf-8"))
    assert manifest["model"]["revision"] == small_hub.COMMITS["v1"]
    asked = len(served.fetched(".safetensors"))
    with small_hub.at(served.address, tmp_path / "other home"):
        assert main(["sites", "us/tiny", "--revision", "v1"]) == 0
    assert len(served.fetched(".safetensors")) == asked


@pytest.mark.slow
def test_an_adapter_on_the_hub_names_its_model_there(repositories, tmp_path):
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(target_modules=["c_proj"], init_lora_weights=False, r=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = peft.get_peft_model(tiny.make("gpt2"), config)
    model.save_pretrained(tmp_path / "change")
    said = json.loads((tmp_path / "change" / checkpoint.ADAPTER).read_text("utf-8"))
    said["base_model_name_or_path"] = "us/tiny"
    (tmp_path / "change" / checkpoint.ADAPTER).write_text(json.dumps(said))
    there = {**repositories, "us/change": {"v1": tmp_path / "change", "main": tmp_path / "change"}}
    with small_hub.hub(there) as served:
        requests = {"name": "us/change"}, {"name": "us/tiny", "adapter": "us/change"}
        by_name, given = (load(served, tmp_path / "home", **each)["is"] for each in requests)
    assert by_name == given
    assert (given["name"], given["adapter"]["name"]) == ("us/tiny", "us/change")
    assert given["revision"] == given["adapter"]["revision"] == small_hub.COMMITS["main"]


@pytest.mark.slow
def test_what_the_hub_does_not_have_is_refused(served, tmp_path):
    expected = {
        ("us/unknown", ""): "the hub returned an error",
        ("us/tiny", "v2"): "the hub returned an error",
        ("us/pickles", ""): ".safetensors",
        ("us/damaged", ""): "JSON object",
    }
    for (name, revision), message in expected.items():
        found = load(served, tmp_path, name, **({"revision": revision} if revision else {}))
        assert message in found["refused"], name


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_an_error_in_words(tmp_path):
    with small_hub.hub({}) as gone:
        pass
    assert "the hub returned an error" in load(gone, tmp_path)["refused"]


def test_a_revision_of_local_files_is_refused(tmp_path):
    with pytest.raises(InputError, match="revision"):
        checkpoint.find(tmp_path, "main")


@pytest.mark.parametrize("content", [b"[1]", b"{", b"\xff"])
def test_a_damaged_json_file_is_refused(tmp_path, content):
    (tmp_path / checkpoint.ADAPTER).write_bytes(content)
    with pytest.raises(InputError, match="JSON object"):
        checkpoint.Checkpoint("here", tmp_path).json(checkpoint.ADAPTER)
