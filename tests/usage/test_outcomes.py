"""Interchange measured by a metric of the user, and of a concept that is a number."""

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe import Holds, Layers, audit_use
from nullprobe.data.concept import concept
from nullprobe.models import capture
from nullprobe.usage.pairs import FAR, NEAR, directed_pairs
from nullprobe.usage.subspaces import class_means, mean_steps
from nullprobe.worlds.zoo.network import network

N = 100
FEW = {"n_draws": 39, "batch_size": 256, "random_state": 1}
METHODS = ("erasing", "interchange", "adding")


def zoo(kind, **changes):
    made = network(kind, random_state=2)
    drawn = made.texts(N, 2)
    options = {
        "groups": drawn.pair,
        "pairs": drawn.pair,
        "answers": drawn.answers,
        **FEW,
        **changes,
    }
    y = options.pop("y", drawn.y)
    found = audit_use(made.model, made.tokenizer, drawn.texts, y, made.site, **options)
    return found[made.site]["used"], made, drawn, found


def method(claim, name):
    return next(one for one in claim.shown["use"]["methods"] if one["name"] == name)


def difference(made):
    """Return log p(yes) - log p(no) as a metric."""
    no, yes = (made.tokenizer.get_vocab()[word] for word in ("no", "yes"))
    return lambda logits, which: logits[:, yes] - logits[:, no]


@pytest.mark.slow
def test_a_metric_that_is_the_difference_of_answers_gives_the_effects_of_answers(tmp_path):
    by_answers, made, _, _ = zoo("linear")
    metric = {"answers": None, "metric": difference(made), "unit": "change of the difference"}
    by_metric, *_, found = zoo("linear", **metric)
    assert by_metric.holds is by_answers.holds is Holds.YES
    for name in ("interchange", "adding"):
        one, other = (method(claim, name) for claim in (by_answers, by_metric))
        assert other["effect"] == pytest.approx(one["effect"], abs=1e-4)
        assert other["interval"] == pytest.approx(one["interval"], abs=1e-4)
        assert "change of the difference" in other["unit"]
    assert " nats" not in by_metric.reason
    assert Layers.from_json(found.to_json()) == found
    found.to_html(tmp_path / "use.html")
    assert "nats" not in (tmp_path / "use.html").read_text("utf-8")


@pytest.mark.slow
def test_a_metric_of_an_unused_concept_is_not_moved():
    _, made, _, _ = zoo("unused")
    claim, *_ = zoo("unused", answers=None, metric=difference(made))
    assert claim.holds is not Holds.YES
    assert abs(method(claim, "interchange")["effect"]) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["linear", "two copies", "unused"])
def test_two_numbers_are_judged_as_two_labels(kind):
    """The eraser, the steps and the pairs of ±1 are those of two classes."""
    by_labels, _, drawn, _ = zoo(kind)
    numbers = concept(2.0 * drawn.y - 1.0, kind="numeric")
    by_numbers, *_ = zoo(kind, y=numbers)
    # Only the permutations of the halves may differ, which draw texts of classes.
    for name in ("interchange", "adding"):
        one, other = (method(claim, name) for claim in (by_labels, by_numbers))
        assert other["effect"] == pytest.approx(one["effect"], rel=0.15, abs=0.05)
        for a, b in zip(one["later"], other["later"], strict=True):
            assert b["value"] == pytest.approx(a["value"], abs=0.03)
    assert (by_numbers.holds is Holds.YES) == (by_labels.holds is Holds.YES)


@pytest.mark.slow
def test_a_number_that_the_model_computes_with_is_used():
    """The metric is linear in the last state; y is its value, so all of the shift goes with y."""
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer()
    texts = tiny.texts(120, longest=6)
    states = capture(model, tokenizer, texts, "final_norm")["final_norm"]
    axis = torch.from_numpy(np.random.default_rng(0).normal(size=tiny.VOCABULARY)).float()
    head = model.lm_head.weight.detach().numpy()
    y = states @ head.T @ axis.numpy()
    spread = y.std()
    found = audit_use(
        model, tokenizer, texts, concept((y / spread).astype(float), kind="numeric"), "final_norm",
        metric=lambda logits, which: logits @ axis / spread, unit="change", pairs="match", **FEW,
    )  # fmt: skip
    claim = found["final_norm"]["used"]
    one = method(claim, "interchange")
    assert claim.holds is Holds.YES
    assert one["share_of_whole"] == pytest.approx(1, abs=0.02)
    assert one["whole"]["value"] >= FAR
    assert method(claim, "adding")["effect"] == pytest.approx(one["effect"], rel=0.05)


def test_slopes_are_those_of_least_squares_and_classes_those_of_two_numbers():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5)), rng.normal(size=200)
    X += np.outer(y, np.arange(5))
    z = concept(y, kind="numeric")
    slopes = class_means(X, z)
    expected = [np.polyfit(y, X[:, j], 1)[0] for j in range(5)]
    np.testing.assert_allclose(slopes[0], expected, atol=1e-10)
    first, second = np.array([0, 3]), np.array([1, 2])
    steps = mean_steps(slopes, z, first, second)
    np.testing.assert_allclose(steps, (y[second] - y[first])[:, None] * slopes, atol=1e-12)
    bits = y > 0
    labels, numbers = concept(bits), concept(bits.astype(float), kind="numeric")
    two = [mean_steps(class_means(X, one), one, np.array([0]), np.array([1]))
           for one in (labels, numbers)]  # fmt: skip
    np.testing.assert_allclose(two[0], two[1], atol=1e-10)


@pytest.mark.parametrize("names", [None, np.repeat(np.arange(30), 2)], ids=["matched", "passed"])
def test_numbers_of_a_pair_differ_and_a_placebo_has_nearly_the_same(names):
    rng = np.random.default_rng(1)
    y = rng.normal(size=60)
    texts = [" ".join(rng.choice(list("abcdef"), size=4)) for _ in range(60)]
    answers = [f" {k}" for k in rng.integers(0, 5, size=60)]
    pairs = directed_pairs(texts, concept(y, kind="numeric"), answers, np.arange(60), names, None)
    gap = np.abs(y[pairs.first] - y[pairs.second]) / y.std()
    assert (gap >= (FAR if names is None else 1e-9)).all()
    has = pairs.same_label >= 0
    assert has.any()
    near = np.abs(y[pairs.first] - y[pairs.same_label])[has] / y.std()
    assert (near <= NEAR).all()
