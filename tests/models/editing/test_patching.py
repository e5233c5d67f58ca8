"""Interchange in the forward pass: the whole state is the partner's, nothing is nothing."""

import copy

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe import InputError
from nullprobe.models import capture
from nullprobe.models.behaviour import Texts, log_probabilities
from nullprobe.models.contrasts import contrasts
from nullprobe.models.editing.patching import Patch, Places, patch

N = 7
RNG = np.random.default_rng(5)
LENGTHS = RNG.integers(3, 9, N)
FIRST, SECOND = ([" ".join(RNG.choice(tiny.WORDS, size=m)) for m in LENGTHS] for _ in range(2))
ONE, OTHER = ["w3"] * N, ["w7"] * N
RESIDUAL = ["embeddings", "layers.0.output", "layers.1.output"]


def every_token():
    return Places.of([np.arange(m) for m in LENGTHS])


def axes(r):
    return np.linalg.qr(np.random.default_rng(1).normal(size=(16, r)))[0]


def whole(site, family="gpt2", batch_size=3, model=None):
    """Return the contrasts of the first texts with all states of the second ones, and of those."""
    model, tokenizer = model or tiny.model_of(family), tiny.word_tokenizer()
    states = capture(model, tokenizer, SECOND, site, tokens="every")[site]
    edit = {site: Patch(states, places=every_token())}
    a, b = (Texts(model, tokenizer, texts, batch_size=batch_size) for texts in (FIRST, SECOND))
    return contrasts(a, ONE, OTHER, [edit, {}])[0], contrasts(b, ONE, OTHER, [{}])[0]


@pytest.mark.parametrize("site", RESIDUAL)
@pytest.mark.parametrize("family", ["gpt2", "llama", "gpt_neox", "opt", "mixtral"])
def test_the_whole_state_of_all_tokens_makes_the_model_run_the_partner(family, site):
    moved, partner = whole(site, family)
    np.testing.assert_allclose(moved, partner, rtol=0, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_the_batch_size_changes_nothing(batch_size):
    moved, partner = whole("layers.0.output", batch_size=batch_size)
    np.testing.assert_allclose(moved, partner, rtol=0, atol=1e-5)


def test_a_model_in_bfloat16_gets_the_states_of_the_partner_exactly():
    model = copy.deepcopy(tiny.model_of("llama")).to(torch.bfloat16)
    moved, partner = whole("layers.0.output", model=model, batch_size=1)
    np.testing.assert_array_equal(moved, partner)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_where_nothing_moves_the_states_stay_the_same_to_the_bit(dtype):
    states = torch.randn(4, 16, dtype=dtype)
    states[0, 0] = -0.0
    donors = np.random.default_rng(0).normal(size=(4, 16))
    for one in (
        Patch(donors, np.zeros((16, 2)), np.zeros((2, 16))),
        Patch(donors, np.zeros((16, 0)), np.zeros((0, 16))),
        Patch(np.zeros((4, 16)), adds=True),
    ):
        moved = one.moved(states, np.arange(4))
        assert moved.dtype == dtype
        assert torch.equal(torch.signbit(moved), torch.signbit(states))
        assert torch.equal(moved, states)


def test_an_interchange_moves_a_state_to_the_partner_within_the_subspace_alone():
    Q = axes(3)
    states, donors = (
        torch.randn(5, 16, dtype=torch.float64),
        np.random.default_rng(0).normal(size=(5, 16)),
    )
    moved = Patch(donors, Q, Q.T).moved(states, np.arange(5)).numpy()
    np.testing.assert_allclose(moved @ Q, donors @ Q, atol=1e-12)
    beyond = np.eye(16) - Q @ Q.T
    np.testing.assert_allclose(moved @ beyond, states.numpy() @ beyond, atol=1e-12)


def test_an_oblique_map_reads_with_one_side_and_writes_with_the_other():
    R, W = axes(2), np.random.default_rng(2).normal(size=(2, 16))
    x, donors = np.random.default_rng(3).normal(size=(2, 4, 16))
    moved = Patch(donors, R, W).moved(torch.from_numpy(x), np.arange(4)).numpy()
    np.testing.assert_allclose(moved, x + (donors - x) @ R @ W, atol=1e-12)


def test_only_the_tokens_of_the_rule_are_edited():
    """In a causal model, an edit of the last token leaves the states before it alone."""
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer()
    ids, mask = _padded(tokenizer, FIRST, "right")
    plain = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    ends = LENGTHS - 1
    with patch(model, {"layers.0.output": Patch(np.ones((N, 16)))}, ends):
        edited = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    changed = (edited.hidden_states[1] != plain.hidden_states[1]).any(dim=-1)
    expected = torch.zeros_like(changed)
    expected[torch.arange(N), torch.from_numpy(ends)] = True
    assert torch.equal(changed, expected)


def _padded(tokenizer, texts, side):
    tokenizer = tiny.word_tokenizer(side=side)
    both = tokenizer(list(texts), padding=True, return_tensors="pt")
    return both["input_ids"], both["attention_mask"]


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side_gives_the_same_predictions(side):
    model, tokenizer = tiny.model_of("llama"), tiny.word_tokenizer()
    site = "layers.0.output"
    donors = capture(model, tokenizer, SECOND, site)[site]
    Q = axes(4)
    ids, mask = _padded(tokenizer, FIRST, side)
    ends = LENGTHS - 1 if side == "right" else np.full(N, -1)
    with torch.no_grad(), patch(model, {site: Patch(donors, Q, Q.T)}, ends):
        logits = model(input_ids=ids, attention_mask=mask).logits
    last = torch.from_numpy(ends % ids.shape[1])
    chosen = logits[torch.arange(N), last]
    texts = Texts(model, tokenizer, FIRST, batch_size=2)
    edit = {site: Patch(donors, Q, Q.T, places=Places.of([[m - 1] for m in LENGTHS]))}
    alone = contrasts(texts, ONE, OTHER, [edit])[0]
    three, seven = (tokenizer.convert_tokens_to_ids(word) for word in ("w3", "w7"))
    np.testing.assert_allclose(chosen[:, three] - chosen[:, seven], alone, rtol=0, atol=1e-5)


def _continued(model, ids, mask, patches=None, **more):
    how = {"max_new_tokens": 4, "do_sample": False, "eos_token_id": None, **more}
    if patches is None:
        return model.generate(input_ids=ids, attention_mask=mask, **how)[:, ids.shape[1] :]
    with patch(model, patches, [-1] * len(ids)):
        return model.generate(input_ids=ids, attention_mask=mask, **how)[:, ids.shape[1] :]


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_generation_starts_as_the_partner_does(family):
    """The whole state at the last layer decides the first new token, in a padded batch."""
    model, tokenizer = tiny.model_of(family), tiny.word_tokenizer()
    a, b = (_padded(tokenizer, texts, "left") for texts in (FIRST, SECOND))
    site = "layers.1.output"
    donors = capture(model, tokenizer, SECOND, site)[site]
    plain, partner = (_continued(model, *each) for each in (a, b))
    moved = _continued(model, *a, {site: Patch(donors)})
    assert torch.equal(moved[:, 0], partner[:, 0])
    assert not torch.equal(plain[:, 0], partner[:, 0])
    still = _continued(model, *a, {site: Patch(donors, np.zeros((16, 1)), np.zeros((1, 16)))})
    assert torch.equal(still, plain)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_generation_with_and_without_a_cache_writes_the_same(family):
    model, tokenizer = tiny.model_of(family), tiny.word_tokenizer()
    ids, mask = _padded(tokenizer, FIRST, "left")
    site = "layers.0.output"
    patches = {site: Patch(capture(model, tokenizer, SECOND, site)[site])}
    cached, whole_texts = (
        _continued(model, ids, mask, patches, use_cache=use) for use in (True, False)
    )
    assert torch.equal(cached, whole_texts)


def test_answers_of_several_tokens_are_compared_by_their_log_probabilities():
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer()
    texts = Texts(model, tokenizer, FIRST)
    long, short = ["w3 w4"] * N, ["w7"] * N
    edit = {"layers.0.output": Patch(np.ones((N, 16)), places=Places.of([[1]] * N))}
    high, low = (log_probabilities(texts, each, [{}, edit]) for each in (long, short))
    found = contrasts(texts, long, short, [{}, edit])
    np.testing.assert_allclose(found, high - low, atol=1e-12)
    single = contrasts(texts, ONE, OTHER, [{}, edit])
    high, low = (log_probabilities(texts, each, [{}, edit]) for each in (ONE, OTHER))
    np.testing.assert_allclose(single, high - low, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Patch(np.ones((2, 4)), np.ones((4, 1))), "reading and writing"),
        (lambda: Patch(np.ones((2, 4)), np.ones((4, 1)), np.ones((1, 3))), r"\(4, r\)"),
        (
            lambda: Patch(np.ones((2, 4)), np.ones((4, 1)), np.ones((1, 4)), adds=True),
            "neither if it adds",
        ),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("patches", "message"),
    [
        ({"layers.0.output": Patch(np.ones((N, 5)))}, "width of the states, 16"),
        ({"layers.0.output": Patch(np.ones((N + 1, 16)))}, f"{N} positions"),
        ({"layers.0.output": np.ones((N, 16))}, "needs a Patch"),
        ({"layers.9.output": Patch(np.ones((N, 16)))}, "layers.9.output"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(patches, message):
    with pytest.raises(InputError, match=message), patch(tiny.model_of("gpt2"), patches, [-1] * N):
        pass
