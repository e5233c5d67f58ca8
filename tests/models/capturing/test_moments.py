"""Moments of what is captured, folded while the model runs."""

import sys

import numpy as np
import pytest
from support.tiny_models import make, model_of, texts, torch, word_tokenizer

from nullprobe import InputError, Moments
from nullprobe.models import capture, capture_moments

TEXTS = texts()
# The module, which the function hides.
CAPTURE = sys.modules["nullprobe.models.capturing.states"]
LENGTHS = [len(text.split()) for text in TEXTS]


@pytest.mark.slow
@pytest.mark.parametrize("tokens", ["last", "mean", "all", -2])
@pytest.mark.parametrize("name", ["gpt2", "bert"])
def test_moments_are_those_of_what_is_captured(name, tokens, monkeypatch):
    # Small pieces, so that rows of several windows and blocks meet.
    monkeypatch.setattr(CAPTURE, "LEAST_ROWS", 7)
    monkeypatch.setattr(CAPTURE, "MOST_ROWS", 7)
    monkeypatch.setattr(CAPTURE, "WINDOW", 2)
    monkeypatch.setattr("nullprobe.models.encoding.AT_ONCE", 3)
    model, tokenizer = model_of(name), word_tokenizer()
    many = texts(41, seed=3)
    y = np.array(["yes", "no", "maybe"])[np.random.default_rng(0).integers(0, 3, 41)]
    given = {"tokens": tokens, "batch_size": 5}
    found = capture_moments(model, tokenizer, many, y, "layers.*.output", **given)
    captured = capture(model, tokenizer, many, "layers.*.output", **given)
    assert list(found) == list(captured)
    for site, moments in found.items():
        expected = Moments.of(captured[site], y[captured.text])
        assert (moments.n, moments.classes) == (expected.n, expected.classes)
        scale = expected.scale.max()
        np.testing.assert_allclose(moments.mean, expected.mean, atol=1e-5 * scale)
        np.testing.assert_allclose(moments.covariance, expected.covariance, atol=1e-5 * scale**2)
        np.testing.assert_allclose(
            moments.cross_covariance, expected.cross_covariance, atol=1e-5 * scale
        )


def test_moments_of_a_numeric_concept():
    y = np.random.default_rng(0).standard_normal((len(TEXTS), 2))
    given = model_of("gpt2"), word_tokenizer(), TEXTS
    found = capture_moments(*given, y, "final_norm")["final_norm"]
    expected = Moments.of(capture(*given, "final_norm")["final_norm"], y)
    np.testing.assert_allclose(found.cross_covariance, expected.cross_covariance, atol=1e-5)


def test_moments_need_a_value_for_every_text():
    with pytest.raises(InputError, match="11 texts, but 3 "):
        capture_moments(model_of("gpt2"), word_tokenizer(), TEXTS, [0, 1, 1], "final_norm")


def test_moments_warn_of_cut_texts_of_every_window(monkeypatch):
    monkeypatch.setattr(CAPTURE, "WINDOW", 1)
    y = np.arange(len(TEXTS)) % 2
    given = {"max_length": 4, "batch_size": 2}
    cut = sum(n > 4 for n in LENGTHS)
    with pytest.warns(UserWarning, match=f"{cut} of 11 texts were longer"):
        capture_moments(model_of("gpt2"), word_tokenizer(), TEXTS, y, "final_norm", **given)


def test_moments_of_states_that_overflow_name_the_text():
    model = make("gpt2")
    with torch.no_grad():
        model.transformer.wte.weight[43] = torch.inf  # w39
    some = ["w1 w2 w3", "w2 w39", "w3"]
    with pytest.raises(InputError, match=r"'final_norm'.* text 1 "):
        capture_moments(model, word_tokenizer(), some, [0, 1, 0], "final_norm")
