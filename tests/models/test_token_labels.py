"""Labels of tokens: one for each row where a text gives several, in one list or one a text."""

import numpy as np
import pytest
from support.tiny_models import model_of, word_tokenizer

from nullprobe import InputError
from nullprobe.models import capture, capture_moments, scrub


def parts(text):
    return ["odd" if int(word[1:]) % 2 else "even" for word in text.split()]


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("form", ["flat", "nested", "array"])
def test_every_token_may_have_a_label(form, special):
    model, tokenizer = model_of("gpt2"), word_tokenizer(special=special)
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{i}" for i in rng.integers(1, 30, n)) for n in rng.integers(3, 9, 30)]
    nested = [parts(text) for text in texts]
    flat = [label for one in nested for label in one]
    y = {"flat": flat, "nested": nested, "array": np.array(flat)}[form]
    rows = capture(model, tokenizer, texts, "layers.0.output", tokens="all")["layers.0.output"]
    assert len(rows) == len(flat)
    moments = capture_moments(
        model, tokenizer, texts, y, "layers.0.output", tokens="all", batch_size=4
    )["layers.0.output"]
    labels = np.array(flat)
    for name, mean in zip(moments.classes, moments.mean + class_shifts(moments), strict=True):
        np.testing.assert_allclose(mean, rows[labels == name].mean(0), atol=1e-4)
    eraser = scrub(model, tokenizer, texts, y, "layers.0.output", tokens="all")["layers.0.output"]
    erased = eraser.apply(rows)
    gap = erased[labels == "odd"].mean(0) - erased[labels == "even"].mean(0)
    assert np.abs(gap).max() < 1e-4 * np.abs(rows).max()


def class_shifts(moments):
    """Return the class means less the whole mean, (classes, d)."""
    shares = moments.concept_mean
    return (moments.cross_covariance / shares).T


def test_labels_of_every_token_let_special_ones_be_read():
    model, tokenizer = model_of("gpt2"), word_tokenizer(special=True)
    texts = ["w1 w2", "w3 w4 w5"]
    y = ["s", "odd", "even", "s", "s", "odd", "even", "odd", "s"]
    found = capture_moments(model, tokenizer, texts, y, "final_norm", tokens="all")["final_norm"]
    assert (found.n, sorted(found.classes)) == (9, ["even", "odd", "s"])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 2, 3], "2 texts"),
        ([[1, 2], [1, 2]], "text 1"),
        ([["a", "b", "c"], ["a", "b", "c"]], "text 0"),
    ],
)
def test_labels_of_another_length_are_refused(y, message):
    with pytest.raises(InputError) as caught:
        capture_moments(
            model_of("gpt2"), word_tokenizer(), ["w1 w2", "w3 w4 w5"], y, "final_norm", tokens="all"
        )
    assert message in str(caught.value)
