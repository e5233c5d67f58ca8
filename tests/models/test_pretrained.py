"""A real pretrained encoder, from text to verdict: captured, audited, erased, and read again."""

import numpy as np
import pytest
from support.pretrained_encoder import PACKAGES, folder
from support.pretrained_encoder import sentences as first_sentences

from nullprobe import AffineEraser, ComesFrom, Holds, Moments, audit, leace
from nullprobe.data.files import read
from nullprobe.models import capture, capture_moments, capture_to, erase, load
from nullprobe.probes import LDAProbe

SITES = ["layers.2.output", "layers.5.output"]


@pytest.fixture(scope="module")
def encoder():
    return load(folder())


@pytest.fixture(scope="module")
def sentences():
    named = [(text, package) for package in PACKAGES for text in first_sentences(package, 120)]
    order = np.random.default_rng(0).permutation(len(named))
    return [named[i][0] for i in order], np.array([package for _, package in named])[order]


@pytest.mark.slow
def test_a_pretrained_encoder_goes_from_text_to_an_erased_forward_pass(
    encoder, sentences, tmp_path
):
    model, tokenizer = encoder
    texts, package = sentences
    states = capture_to(
        tmp_path / "states",
        model,
        tokenizer,
        texts,
        SITES,
        tokens="mean",
        labels={"package": package},
        concept="package",
        max_length=64,
    )
    leave_out = ["layers.2.output", "text"]
    table = read(states, concept="package", leave_out=leave_out)
    assert table.X.shape == (len(texts), 384)
    with pytest.warns(UserWarning, match="copies"):  # docstrings of one template
        found = audit(table.X, table.y, claims=["readable"], draws=99)["readable"]
    assert (found.holds, found.comes_from) == (Holds.YES, ComesFrom.NOT_TRIED)
    assert found.observed > 0.8

    half = np.arange(len(texts)) < len(texts) // 2
    fitted = [text for text, one in zip(texts, half, strict=True) if one]
    told = {"tokens": "mean", "max_length": 64}
    moments = capture_moments(model, tokenizer, fitted, package[half], SITES[1], **told)[SITES[1]]
    kept = Moments.of(table.X[half], package[half])
    np.testing.assert_allclose(moments.mean, kept.mean, atol=1e-5)
    eraser = leace(moments)
    assert isinstance(eraser, AffineEraser)
    with erase(model, {SITES[1]: eraser}):
        after = capture(model, tokenizer, texts, SITES[1], **told)[SITES[1]]
    np.testing.assert_allclose(after, eraser.apply(table.X), atol=1e-4)

    def accuracy(X):
        """Of a fresh probe on rows that it was not fitted to: every second one of each half."""
        even = np.arange(len(X)) % 2 == 0
        probe = LDAProbe().fit(X[half & even], package[half & even])
        return (probe.predict(X[half & ~even]) == package[half & ~even]).mean()

    most = max(np.mean(package == one) for one in np.unique(package))
    assert accuracy(table.X) > most + 0.25
    assert accuracy(after) < most + 0.1


@pytest.mark.slow
def test_sites_in_the_middle_are_read_where_the_encoder_says(encoder, sentences):
    """Hidden states that the model returns itself are those at the sites."""
    import torch

    model, tokenizer = encoder
    texts = sentences[0][:5]
    found = capture(model, tokenizer, texts, SITES, tokens=0, max_length=64)
    for i, text in enumerate(texts):
        inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=64)
        with torch.no_grad():
            states = model(**inputs, output_hidden_states=True).hidden_states
        for site, layer in zip(SITES, (3, 6), strict=True):
            np.testing.assert_allclose(found[site][i], states[layer][0, 0], atol=1e-5)
