"""What was trained is kept and fetched: whole, undamaged, and nothing else in its place."""

import pytest
from support.organisms import brief, same
from transformers import AutoModelForCausalLM, AutoTokenizer

from nullprobe import InputError
from nullprobe.worlds.language_models import checkpoints, training
from nullprobe.worlds.language_models import organism as room
from nullprobe.worlds.language_models.facts import vocabulary


def test_what_was_made_once_is_fetched(tmp_path):
    steps = []
    first = brief(cache=tmp_path, progress=lambda *said: steps.append(said))
    assert steps == [("training", done, 3) for done in (1, 2, 3)]
    again = brief(cache=tmp_path, progress=lambda *said: steps.append(said))
    assert len(steps) == 3
    assert same(first.model, again.model)
    assert same(again.untrained, first.untrained)
    assert not again.model.training
    [folder] = tmp_path.iterdir()
    assert folder.name.startswith("language-")


def test_what_was_kept_is_loaded_by_plain_transformers(tmp_path):
    made = brief(cache=tmp_path)
    [folder] = tmp_path.iterdir()
    model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    assert same(model, made.model)
    text = made.statements(4).texts[0]
    assert tokenizer(text)["input_ids"] == made.tokenizer(text)["input_ids"]
    assert tokenizer.pad_token == made.tokenizer.pad_token


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [{"random_state": 1}, {"n_entities": 24}, {"steps": 4}],
    ids=["seed", "entities", "steps"],
)
def test_another_organism_is_kept_elsewhere(tmp_path, change):
    brief(cache=tmp_path)
    made = brief(cache=tmp_path, **change)
    assert len(list(tmp_path.iterdir())) == 2
    assert same(made.model, brief(**change).model)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PEAK", "NEGATIONS", "torch", "transformers"])
def test_whatever_weights_depend_on_has_a_folder_of_its_own(tmp_path, monkeypatch, name):
    brief(cache=tmp_path)
    if name in ("torch", "transformers"):
        monkeypatch.setattr(getattr(room, name), "__version__", "0")
    else:
        monkeypatch.setattr(training, name, 0.25)
    brief(cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def cut(folder):
    path = folder / checkpoints.WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])


def flip(folder):
    """One bit of one weight: the format itself does not notice."""
    path = folder / checkpoints.WEIGHTS
    found = bytearray(path.read_bytes())
    found[-50] ^= 1
    path.write_bytes(found)


def lose(folder):
    (folder / checkpoints.WEIGHTS).unlink()


def scribble(folder):
    (folder / checkpoints.RECORD).write_text("[]")


def misfit(folder):
    """Weights of another world, rightly recorded."""
    made = brief(n_entities=24, cache=folder.parent)
    assert made.model.config.vocab_size != brief().model.config.vocab_size
    [other] = [path for path in folder.parent.iterdir() if path != folder]
    for name in (checkpoints.WEIGHTS, checkpoints.RECORD):
        (folder / name).write_bytes((other / name).read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("damage", [cut, flip, lose, scribble, misfit])
def test_damaged_weights_are_made_anew(tmp_path, damage):
    made = brief(cache=tmp_path)
    [folder] = tmp_path.iterdir()
    damage(folder)
    others = set(tmp_path.iterdir())
    steps = []
    again = brief(cache=tmp_path, progress=lambda *said: steps.append(said))
    assert len(steps) == 3
    assert same(again.model, made.model)
    assert set(tmp_path.iterdir()) == others
    brief(cache=tmp_path, progress=lambda *said: steps.append(said))
    assert len(steps) == 3


def test_a_run_that_is_cut_off_leaves_nothing(tmp_path, monkeypatch):
    def cut_off(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        brief(cache=tmp_path, progress=cut_off)
    assert list(tmp_path.iterdir()) == []
    made = brief()
    monkeypatch.setattr(type(made.tokenizer), "save_pretrained", cut_off)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.keep(tmp_path / "there", made.model, made.tokenizer)
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_come_at_the_same_time_one_is_kept(tmp_path, monkeypatch):
    made = brief()
    place = tmp_path / "there"
    replace = checkpoints.os.replace

    def overtaken(source, target):
        if not place.exists():
            monkeypatch.setattr(checkpoints.os, "replace", replace)
            checkpoints.keep(place, made.model, made.tokenizer)
        replace(source, target)

    monkeypatch.setattr(checkpoints.os, "replace", overtaken)
    checkpoints.keep(place, made.model, made.tokenizer)
    assert list(tmp_path.iterdir()) == [place]
    assert checkpoints.fetch(place, training.newborn([*training.SPECIAL, *vocabulary(12)], 5))


def test_the_folder_is_the_one_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NULLPROBE_CACHE", raising=False)
    assert checkpoints.cache_folder(None) == tmp_path / "home" / "nullprobe"
    monkeypatch.setenv("NULLPROBE_CACHE", str(tmp_path / "named"))
    assert checkpoints.cache_folder(True) == tmp_path / "named"
    assert checkpoints.cache_folder(tmp_path / "given") == tmp_path / "given"
    assert checkpoints.cache_folder(False) is None


def test_a_cache_that_cannot_be_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cache .* must be a writable folder"):
        brief(cache=tmp_path / "file")
