"""What a baked model has left of a concept is measured, not believed."""

import numpy as np
import pytest
from support import tiny_models as tiny
from support.baking import without_mean

from nullprobe import InputError, leace
from nullprobe.models import bake, capture_moments, effect, erase, scrub
from nullprobe.models.behaviour import Texts, log_probabilities, metrics

N = 80
Y = np.random.default_rng(0).permutation(np.arange(N) % 2)
TEXTS = [f"{start} w{y}" for start, y in zip(tiny.texts(N, longest=6), Y, strict=True)]
INPUTS = ["layers.*.attention_input", "layers.*.mlp_input"]
pytestmark = pytest.mark.filterwarnings("ignore:only inputs of blocks")


def model_and_tokenizer():
    return tiny.model_of("gpt2"), tiny.word_tokenizer()


def baked_at(sites):
    model, tokenizer = model_and_tokenizer()
    return bake(model, scrub(model, tokenizer, TEXTS, Y, sites), tol=1.0)


def test_the_stream_goes_round_the_inputs_of_blocks_and_the_number_says_so():
    model, tokenizer = model_and_tokenizer()
    found = effect(model, baked_at(INPUTS), tokenizer, TEXTS, Y)
    assert found.metric.chance == 0.5
    assert found.before > 0.95
    assert found.after > 0.95  # all that was edited, for nothing
    assert found.after_interval[0] > 0.9
    assert found.change_interval[0] <= 0.0 <= found.change_interval[1]


def test_answers_see_what_was_baked_into_the_head():
    model, tokenizer = model_and_tokenizer()
    fitted = capture_moments(model, tokenizer, TEXTS, Y, "final_norm")["final_norm"]
    baked = bake(model, {"final_norm": leace(fitted)})
    found = effect(model, baked, tokenizer, TEXTS, answers=[f"w{y}" for y in Y])
    assert found.metric.chance is None
    answers = [f"w{y}" for y in Y]
    asked = [Texts(one, tokenizer, TEXTS) for one in (model, baked)]
    each = [log_probabilities(one, answers, [{}])[0].mean() for one in asked]
    assert (found.before, found.after) == pytest.approx(each, abs=1e-12)
    low, high = found.change_interval
    assert low <= found.after - found.before <= high


def test_an_edit_of_the_stream_leaves_a_probe_at_chance():
    """As hooks do it: what is baked into the head cannot be seen before it."""
    model, tokenizer = model_and_tokenizer()
    fitted = capture_moments(model, tokenizer, TEXTS, Y, "final_norm")["final_norm"]
    before = effect(model, model, tokenizer, TEXTS, Y)
    with erase(model, {"final_norm": leace(fitted)}):
        after = effect(model, model, tokenizer, TEXTS, Y)
    assert before.before == before.after > 0.95
    assert after.before < 0.6


def test_a_metric_is_compared_as_it_is():
    model, tokenizer = model_and_tokenizer()
    edited = bake(model, {"layers.1.mlp_output": without_mean()})
    found = effect(model, edited, tokenizer, TEXTS, metric=lambda logits, _: logits[:, 3])
    for one, value in ((model, found.before), (edited, found.after)):
        read = metrics(Texts(one, tokenizer, TEXTS), lambda logits, _: logits[:, 3], [{}])
        assert value == pytest.approx(read.mean(), abs=1e-12)
    assert found.before_interval[0] < found.before < found.before_interval[1]


def test_numbers_are_read_by_r_squared_and_groups_stay_whole():
    model, tokenizer = model_and_tokenizer()
    groups = np.arange(N) // 4
    y = Y + np.random.default_rng(1).normal(size=N) / 20
    found = effect(model, model, tokenizer, TEXTS, y, groups=groups)
    assert found.metric.chance == 0.0
    assert found.before > 0.5
    wide = effect(model, model, tokenizer, TEXTS, Y, tokens="all")
    assert 0.5 < wide.before < 1.0  # most tokens say nothing of the last word


def test_the_same_seed_gives_the_same_numbers():
    one, again, other = (
        effect(*(model_and_tokenizer()[0],) * 2, tiny.word_tokenizer(), TEXTS, Y, random_state=s)
        for s in (1, 1, 2)
    )
    assert (one.before, one.before_interval) == (again.before, again.before_interval)
    assert one.before_interval != other.before_interval or one.before != other.before


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"y": Y, "answers": ["w1"] * N},
        {"y": Y[:-1]},
        {"y": np.zeros(N, dtype=int)},
        {"answers": ["w1"] * (N - 1)},
        {"y": Y, "groups": np.zeros(N, dtype=int)},
    ],
)
def test_what_cannot_be_compared_is_refused(given):
    model, tokenizer = model_and_tokenizer()
    with pytest.raises(InputError):
        effect(model, model, tokenizer, TEXTS, **given)
