"""The model organism: trained or fetched, the same to the byte, and nothing else is touched."""

import subprocess
import sys

import pytest
import torch
from support.organisms import brief, same

from nullprobe import (
    ComesFrom,
    Holds,
    InputError,
    LDAProbe,
    audit,
    audit_use,
    models,
    worlds,
)
from nullprobe.worlds.language_models import training
from nullprobe.worlds.language_models.facts import vocabulary


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


@pytest.fixture(scope="module")
def grown():
    """Return an organism that was trained; the rest trains three steps."""
    return worlds.language(steps=700, cache=False)


@pytest.mark.slow
def test_truth_is_read_of_what_was_learned_and_of_nothing_else(grown):
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
    # What the words do tell is there to be read, of use or not.
    assert accuracy(bag, drawn.negated) == accuracy(bag, drawn.unrelated["sure"]) == 1
    assert all(accuracy(layer, drawn.unrelated["exclaimed"]) > 0.59 for layer in trained)


@pytest.mark.slow
def test_verdicts_are_what_is_known_of_it(grown):
    """Truth is beyond twin and words, and used; how a statement ends is not."""
    drawn, site = grown.statements(400, 2), "layers.3.output"
    before, after = (
        models.capture(model, grown.tokenizer, drawn.texts, site)[site]
        for model in (grown.untrained, grown.model)
    )
    words = {"bag of words": grown.bag_of_words(drawn.texts)}
    told = {"claims": ["readable"], "draws": 99, "baselines": words, "untrained": {"twin": before}}
    # Statements of the same words but for their ending have nearly the same states.
    with pytest.warns(UserWarning, match="copies"):
        truth = audit(after, drawn.truth, **told)["readable"]
    with pytest.warns(UserWarning, match="copies"):
        ending = audit(after, drawn.unrelated["exclaimed"], **told)["readable"]
    assert (truth.holds, truth.comes_from) == (Holds.YES, ComesFrom.TRAINING)
    assert (ending.holds, ending.comes_from) == (Holds.YES, ComesFrom.INPUTS)
    used = [
        audit_use(
            grown.model,
            grown.tokenizer,
            drawn.texts,
            y,
            site,
            answers=drawn.right,
            n_draws=59,
            batch_size=200,
        )[site]["used"]
        for y in (drawn.truth, drawn.unrelated["exclaimed"])
    ]
    assert used[0].holds is Holds.YES
    assert used[0].explanations[0].is_rejected
    assert used[0].observed < -0.2
    assert used[1].holds is not Holds.YES


@pytest.mark.slow
def test_answers_are_interchanged_with_the_truth_of_a_statement_and_not_with_its_ending(grown):
    """The word after a statement says whether it is true, whatever its last character is."""
    drawn, site = grown.statements(160, 5), "layers.3.output"
    options = {"answers": drawn.right, "groups": drawn.entity, "random_state": 0}
    options |= {"n_draws": 39, "batch_size": 64, "pairs": "match"}
    truth, ending = (
        audit_use(grown.model, grown.tokenizer, drawn.texts, y, site, **options)[site]["used"]
        for y in (drawn.truth, drawn.unrelated["exclaimed"])
    )
    assert (truth.holds, ending.holds) == (Holds.YES, Holds.NO)
    shares = [one.details["share_of_whole"] for one in (truth, ending)]
    assert shares[0] > 0.8
    assert abs(shares[1]) < 0.05


@pytest.mark.slow
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


@pytest.mark.slow
def test_whatever_the_caller_has_set_makes_no_difference_and_stays():
    expected = brief()
    threads = torch.get_num_threads()
    torch.manual_seed(7)
    before = torch.get_rng_state()
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
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "wrong", [{"random_state": -1}, {"random_state": "a"}, {"steps": 0}, {"n_entities": 5}]
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


SCRIPT = """
import json, sys

class Absent:
    name = ""
    def find_spec(self, name, *_):
        if name == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import nullprobe
print(sorted({"torch", "transformers", "tokenizers"} & set(sys.modules)))
for Absent.name in ("torch", "transformers"):
    try:
        nullprobe.worlds.language
    except nullprobe.InputError as error:
        print(error)
"""


@pytest.mark.slow
def test_what_is_missing_is_said_when_it_is_asked_for():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    before, *said = run.stdout.splitlines()
    assert before == "[]"
    for name, message in zip(("torch", "transformers"), said, strict=True):
        assert f"there is no module '{name}'" in message
        assert 'pip install "nullprobe[models]"' in message


def test_worlds_have_no_other_late_names():
    with pytest.raises(AttributeError, match="no attribute 'tongue'"):
        _ = worlds.tongue
