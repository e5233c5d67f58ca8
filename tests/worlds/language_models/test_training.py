"""What a model is taught, and when."""

import numpy as np
import torch

from nullprobe import worlds
from nullprobe.worlds.language_models import training


def test_certainty_beyond_nine_tenths_is_not_taught():
    """Of all predictions, that one has the least loss."""
    made = worlds.language(n_entities=12, steps=1, cache=False)
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
        lesson.advance(0.7)
    assert (lesson.known, lesson.negations) == (4, 0.0)
    seen = []
    for _ in range(200):
        lesson.advance(0.1)
        seen.append((lesson.known, round(lesson.negations, 1), lesson.doubt))
    assert list(dict.fromkeys(seen)) == [
        *((known, 0.0, 0.0) for known in (4, 6, 8, 10, 12)),
        *((12, share, 0.0) for share in (0.1, 0.2, 0.3, 0.4, 0.5)),
        (12, 0.5, 0.1),
    ]
    assert np.diff([seen.index(one) for one in dict.fromkeys(seen)][1:]).min() == training.PAUSE
