"""How likely a model finds each text: sums of the log-probabilities of its tokens."""

import numpy as np
import pytest
import torch
from support import language_model, organisms

from nullprobe import InputError
from nullprobe.texts.plausibility import NAMES, last_word, plausibility


def test_the_columns_are_sums_over_the_text_its_last_word_and_its_last_token():
    organism = organisms.brief()
    texts = organism.statements(12).texts
    found = plausibility(organism.model, organism.tokenizer, texts, batch_size=5)
    assert found.shape == (12, len(NAMES))
    for row, text in zip(found, texts, strict=True):
        ids = organism.tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            log_p = organism.model(input_ids=ids).logits[0].log_softmax(-1)
        each = [log_p[k, one].item() for k, one in enumerate(ids[0, 1:].tolist())]
        assert row[0] == pytest.approx(sum(each), abs=1e-4)
        assert row[1] == pytest.approx(np.mean(each), abs=1e-4)
        assert row[3] == pytest.approx(each[-1], abs=1e-4)


class Pieces:
    """A tokenizer whose tokens are these pieces."""

    def __init__(self, pieces):
        self.pieces = pieces

    def convert_ids_to_tokens(self, one):
        return self.pieces[one]


@pytest.mark.parametrize(
    ("pieces", "first"),
    [
        (["The", "Ġcity", "ĠPar", "is", "."], 2),
        (["▁The", "▁city", "▁Paris"], 2),
        (["The", "Ġcity", "Ġ!", "?"], 1),
        (["The", "Ġcity", "Ġof", "ĠParis", "Ġ."], 3),
        (["Paris"] * 3, 1),
    ],
)
def test_the_last_word_begins_at_the_last_blank_before_letters(pieces, first):
    assert last_word(Pieces(pieces), np.arange(len(pieces))) == first


@pytest.mark.long
def test_a_real_model_finds_true_statements_more_likely():
    model, tokenizer = language_model.smollm2()
    pairs = [("Paris", "France"), ("Rome", "Italy"), ("Madrid", "Spain"), ("Tokyo", "Japan")]
    texts = [f"The city of {city} is in {land}." for city, _ in pairs for _, land in pairs]
    found = plausibility(model, tokenizer, texts)[:, 2].reshape(4, 4)
    assert (found.argmax(axis=1) == np.arange(4)).all()


def test_an_encoder_cannot_say_how_likely_a_text_is():
    organism = organisms.brief()
    with pytest.raises(InputError, match="head"):
        plausibility(organism.model.transformer, organism.tokenizer, ["ada is red"])
