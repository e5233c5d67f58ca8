"""The model organism: trained or fetched, the same to the byte, and nothing else is touched."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from nullprobe import InputError, LDAProbe, worlds
from nullprobe.worlds import organism as room
from nullprobe.worlds import training, weights
from nullprobe.worlds.facts import vocabulary

FEW = {"n_entities": 12, "steps": 3}


def brief(**options):
    return worlds.language(**{"cache": False, **FEW, **options})


def same(model, other):
    mine, others = model.state_dict(), other.state_dict()
    return list(mine) == list(others) and all(
        mine[name].numpy().tobytes() == others[name].numpy().tobytes() for name in mine
    )


def states(model, tokenizer, texts):
    """Return what each layer gives out at the last token (layers, n, d), and the logits there."""
    batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    at = torch.arange(len(texts)), batch["attention_mask"].sum(dim=1) - 1
    found = []
    hooks = [
        block.register_forward_hook(
            lambda _, __, out: found.append((out[0] if isinstance(out, tuple) else out)[at])
        )
        for block in model.transformer.h
    ]
    with torch.no_grad():
        logits = model(batch["input_ids"], attention_mask=batch["attention_mask"]).logits[at]
    for hook in hooks:
        hook.remove()
    return torch.stack(found).double().numpy(), logits


def accuracy(X, y):
    """Return how often a linear probe is right on the second half of the rows."""
    half = len(y) // 2
    return LDAProbe().fit(X[:half], y[:half]).score(X[half:], y[half:])


def test_truth_is_read_of_what_was_learned_and_of_nothing_else():
    """The one test that trains to the end; the rest trains three steps."""
    grown = worlds.language(steps=900, cache=False)
    drawn = grown.statements(1600, 1)
    trained, logits = states(grown.model, grown.tokenizer, drawn.texts)
    verdicts = logits[:, grown.tokenizer.convert_tokens_to_ids(["false", "true"])].argmax(dim=1)
    right = verdicts.numpy() == drawn.truth
    assert right[drawn.negated == 0].mean() > 0.95
    assert right[drawn.negated == 1].mean() > 0.9
    assert accuracy(trained[-1], drawn.truth) > 0.95
    # 800 coin tosses are right in .59 of cases once in 10 million times.
    untrained, _ = states(grown.untrained, grown.tokenizer, drawn.texts)
    assert all(accuracy(layer, drawn.truth) < 0.59 for layer in untrained)
    bag = grown.bag_of_words(drawn.texts)
    assert accuracy(bag, drawn.truth) < 0.59
    # ... nor is it read where the words have hardly met.
    assert accuracy(bag, drawn.negated) == accuracy(bag, drawn.unrelated["sure"]) == 1
    assert all(accuracy(layer, drawn.unrelated["exclaimed"]) > 0.95 for layer in trained)


def test_the_same_seed_gives_the_same_bytes():
    one, two, other = brief(), brief(), brief(random_state=1)
    assert same(one.model, two.model)
    assert same(one.untrained, two.untrained)
    assert one.statements(50).texts == two.statements(50).texts
    assert not same(one.model, other.model)
    assert not same(one.untrained, other.untrained)


def test_the_twin_is_the_model_before_training():
    made = brief()
    assert same(made.untrained, training.newborn([*training.SPECIAL, *vocabulary(12)], 0))
    assert not same(made.model, made.untrained)
    assert made.model.config.to_dict() == made.untrained.config.to_dict()
    assert not made.model.training
    assert not made.untrained.training
    assert all(weights.grad is None for weights in made.model.parameters())


def test_whatever_the_caller_has_set_makes_no_difference_and_stays():
    expected = brief()
    threads = torch.get_num_threads()
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    try:
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float64)
        with torch.inference_mode(), torch.device("meta"):
            made = brief()
            assert torch.is_inference_mode_enabled()
            assert torch.empty(1).device.type == "meta"
        assert torch.get_num_threads() == 2
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)
    assert same(made.model, expected.model)
    assert same(made.untrained, expected.untrained)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002


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
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert same(model, made.model)
    text = made.statements(4).texts[0]
    assert tokenizer(text)["input_ids"] == made.tokenizer(text)["input_ids"]
    assert tokenizer.pad_token == made.tokenizer.pad_token


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
    path = folder / weights.WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])


def flip(folder):
    """One bit of one weight: the format itself does not notice."""
    path = folder / weights.WEIGHTS
    found = bytearray(path.read_bytes())
    found[-50] ^= 1
    path.write_bytes(found)


def lose(folder):
    (folder / weights.WEIGHTS).unlink()


def scribble(folder):
    (folder / weights.RECORD).write_text("[]")


def misfit(folder):
    """Weights of another world, rightly recorded."""
    made = brief(n_entities=24, cache=folder.parent)
    assert made.model.config.vocab_size != brief().model.config.vocab_size
    [other] = [path for path in folder.parent.iterdir() if path != folder]
    for name in (weights.WEIGHTS, weights.RECORD):
        (folder / name).write_bytes((other / name).read_bytes())


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
        weights.keep(tmp_path / "there", made.model, made.tokenizer)
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_come_at_the_same_time_one_is_kept(tmp_path, monkeypatch):
    made = brief()
    place = tmp_path / "there"
    replace = weights.os.replace

    def overtaken(source, target):
        if not place.exists():
            monkeypatch.setattr(weights.os, "replace", replace)
            weights.keep(place, made.model, made.tokenizer)
        replace(source, target)

    monkeypatch.setattr(weights.os, "replace", overtaken)
    weights.keep(place, made.model, made.tokenizer)
    assert list(tmp_path.iterdir()) == [place]
    assert weights.fetch(place, training.newborn([*training.SPECIAL, *vocabulary(12)], 5))


def test_the_folder_is_the_one_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NULLPROBE_CACHE", raising=False)
    assert weights.cache_folder(None) == tmp_path / "home" / "nullprobe"
    monkeypatch.setenv("NULLPROBE_CACHE", str(tmp_path / "named"))
    assert weights.cache_folder(True) == tmp_path / "named"
    assert weights.cache_folder(tmp_path / "given") == tmp_path / "given"
    assert weights.cache_folder(False) is None


def test_a_cache_that_cannot_be_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cache must be a folder that you may write to"):
        brief(cache=tmp_path / "file")


@pytest.mark.parametrize(
    "wrong", [{"random_state": -1}, {"random_state": None}, {"steps": 0}, {"n_entities": 5}]
)
def test_what_cannot_be_made_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        brief(**wrong)


def test_a_word_is_a_token_and_padding_stands_on_the_right():
    made = brief()
    texts = made.statements(40).texts
    batch = made.tokenizer(list(texts), padding=True)
    assert max(map(len, batch["input_ids"])) + 2 <= made.model.config.n_positions
    for text, ids, mask in zip(texts, batch["input_ids"], batch["attention_mask"], strict=True):
        words = text.split()
        assert sum(mask) == len(words)
        assert made.tokenizer.convert_ids_to_tokens(ids[: len(words)]) == words
        assert set(ids[len(words) :]) <= {made.tokenizer.pad_token_id}
    for verdict in (" true", " false"):
        assert len(made.tokenizer(verdict)["input_ids"]) == 1
        assert made.tokenizer.unk_token_id not in made.tokenizer(verdict)["input_ids"]
    assert made.model.config.pad_token_id == made.tokenizer.pad_token_id
    assert made.model.config.eos_token_id == made.tokenizer.eos_token_id


def test_a_bag_counts_words():
    made = brief()
    bag = made.bag_of_words(["the red of the owl .", "nobody ."])
    index = made.tokenizer.get_vocab()
    assert bag.shape == (2, len(made.tokenizer))
    assert bag[0].sum() == 6
    assert bag[0, index["the"]] == 2
    assert bag[0, index["red"]] == bag[1, index["."]] == bag[1, index["<unk>"]] == 1


def test_pairs_are_the_same_statements_with_either_verdict():
    made = brief()
    drawn, pairs = made.statements(30, 4), made.pairs(30, 4)
    assert len(pairs) == 30
    assert pairs.negative == tuple(f"{text} false" for text in drawn.texts)
    assert pairs.positive == tuple(f"{text} true" for text in drawn.texts)
    assert (pairs.truth == drawn.truth).all()
    assert (pairs.template == drawn.template).all()


def test_certainty_beyond_nine_tenths_is_not_taught():
    """Of all predictions, that one has the least loss."""
    made = brief(steps=1)
    words = made.tokenizer.convert_ids_to_tokens(range(len(made.tokenizer)))
    index = {word: i for i, word in enumerate(words)}
    drawn = made.statements(40)
    said = [word.strip() for word in drawn.right]
    ids, places = training._batch(list(drawn.texts), said, index)
    verdicts = torch.tensor([index["false"], index["true"]])
    assert [words[i] for i in ids[torch.arange(40), places]] == said

    class Fixed(torch.nn.Module):
        config = made.model.config

        def __init__(self, right):
            super().__init__()
            self.right = right

        def forward(self, ids, **_):
            logits = torch.full((*ids.shape, len(words)), -30.0)
            at = torch.arange(len(ids)), places - 1
            truth = torch.tensor(drawn.truth)
            logits[(*at, verdicts[truth])] = float(np.log(self.right))
            logits[(*at, verdicts[1 - truth])] = float(np.log(1 - self.right))
            return type("Output", (), {"logits": logits})

    def losses(doubt):
        found = [training._losses(Fixed(p), ids, places, verdicts, doubt) for p in SHARES]
        return np.array([[float(one) for one in pair] for pair in found]).T

    taught, judged = losses(0.1)
    assert SHARES[taught.argmin()] == 0.9
    assert SHARES[losses(0.0)[0].argmin()] == max(SHARES)
    np.testing.assert_allclose(judged, -np.log(SHARES), rtol=1e-4)


SHARES = (0.5, 0.8, 0.88, 0.9, 0.92, 0.99)


def test_more_is_shown_once_what_was_shown_is_understood():
    lesson = training.Lesson(entities=12)
    for _ in range(100):
        lesson.go_on(0.7)
    assert (lesson.known, lesson.negations) == (4, 0.0)
    seen = []
    for _ in range(200):
        lesson.go_on(0.1)
        seen.append((lesson.known, round(lesson.negations, 1), lesson.doubt))
    assert list(dict.fromkeys(seen)) == [
        *((known, 0.0, 0.0) for known in (4, 6, 8, 10, 12)),
        *((12, share, 0.0) for share in (0.1, 0.2, 0.3, 0.4, 0.5)),
        (12, 0.5, 0.1),
    ]
    assert np.diff([seen.index(one) for one in dict.fromkeys(seen)][1:]).min() == training.PAUSE


SCRIPT = """
import json, sys

class Absent:
    def find_spec(self, name, *_):
        if name == "{absent}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import nullprobe
before = sorted({{"torch", "transformers", "tokenizers"}} & set(sys.modules))
try:
    nullprobe.worlds.language
    said = ""
except nullprobe.InputError as error:
    said = str(error)
print(json.dumps([before, said]))
"""


@pytest.mark.parametrize("absent", ["torch", "transformers"])
def test_what_is_missing_is_said_when_it_is_asked_for(absent):
    code = SCRIPT.format(absent=absent)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, said = json.loads(done.stdout)
    assert before == []
    assert f"there is no module '{absent}'" in said
    assert 'pip install "nullprobe[models]"' in said


def test_worlds_have_no_other_late_names():
    with pytest.raises(AttributeError, match="no attribute 'tongue'"):
        worlds.tongue  # noqa: B018
