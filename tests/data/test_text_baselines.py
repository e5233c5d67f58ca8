"""What texts say before any model has read them."""

import numpy as np
import pytest

from nullprobe import InputError, text_baselines

WORDS = "farmer teacher pilot sees finds wants chair lamp clock slowly often gladly".split()


def sentences(n, seed=0):
    rng = np.random.default_rng(seed)
    return [[str(w) for w in rng.choice(WORDS, 6)] for _ in range(n)]


def auc(columns, y):
    """Return the AUC of the best single column, either way round."""
    from sklearn.metrics import roc_auc_score

    each = [roc_auc_score(y, column) for column in columns.T]
    return max(max(a, 1 - a) for a in each)


# What is done to the words of a sentence where the label is 1 and where it is 0, and who sees it.
MARKS = {
    "a word": (lambda w: [*w, "perhaps"], lambda w: w, {"words", "characters"}),
    "a suffix": (lambda w: [*w, "topness"], lambda w: [*w, "topship"], {"words", "characters"}),
    "capitals": (lambda w: [w[0].upper(), *w[1:]], lambda w: w, {"surface"}),
    "an exclamation": (lambda w: [*w[:-1], w[-1] + "!"], lambda w: w, {"surface", "characters"}),
    "a question": (lambda w: [*w[:-1], w[-1] + "?"], lambda w: w, {"surface", "characters"}),
    "length": (lambda w: w + w[::-1], lambda w: w, {"surface"}),
    "first word": (lambda w: ["so", *w], lambda w: ["now", *w], {"words", "places"}),
    "place": (lambda w: ["it", *w], lambda w: [*w, "it"], {"places"}),
    "twice": (lambda w: [*w, "it", "it"], lambda w: [*w, "it", "is"], {"words"}),
    "digits": (lambda w: [*w, "7"], lambda w: [*w, "seven"], {"surface", "words"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("mark", MARKS)
def test_what_gives_a_label_away_stands_in_the_baseline_it_belongs_to(mark):
    one, other, who = MARKS[mark]
    y = np.arange(200) % 2
    texts = [
        " ".join(one(w) if label else other(w)) for w, label in zip(sentences(200), y, strict=True)
    ]
    found = text_baselines(texts)
    for name in who:
        assert auc(found[name], y) > 0.95, name


@pytest.mark.slow
def test_two_words_as_exclusive_or_are_in_pairs_alone():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 300))
    texts = [
        " ".join(["yes" if i else "no", *w, "up" if j else "down"])
        for i, j, w in zip(a, b, sentences(300), strict=True)
    ]
    found = text_baselines(texts)
    assert auc(found["word pairs"], a ^ b) > 0.95
    assert auc(found["words"], a ^ b) < 0.65


def test_columns_vary_and_none_is_there_twice():
    for name, columns in text_baselines([" ".join(w) for w in sentences(150)]).items():
        assert columns.dtype == np.float64
        assert len(columns) == 150
        assert (columns.std(axis=0) > 0).all(), name
        R = np.corrcoef(columns.T) if columns.shape[1] > 1 else np.eye(1)
        assert (R - np.eye(len(R))).max() < 1 - 1e-9, name


def test_rows_are_those_of_the_texts_in_their_order():
    texts = [" ".join(w) for w in sentences(80)]
    order = np.random.default_rng(1).permutation(80)
    plain, moved = text_baselines(texts), text_baselines([texts[i] for i in order])
    for name in plain:
        # Columns may come in another order where ties are broken.
        same = np.sort(plain[name][order], axis=1), np.sort(moved[name], axis=1)
        np.testing.assert_allclose(*same, atol=1e-12)


@pytest.mark.parametrize(
    "texts", [["!!", "??", "!"], ["", "a", ""], ["1 2", "3"], ["a b c d"] * 9 + ["a b d c"]]
)
def test_odd_texts_are_read_without_an_error(texts):
    for columns in text_baselines(texts).values():
        assert np.isfinite(columns).all()
        assert columns.shape[1]


@pytest.mark.parametrize("texts", [[], [None, "a"], [1, 2], "one text"])
def test_what_is_no_text_is_refused(texts):
    with pytest.raises(InputError, match="texts must be a sequence of strings"):
        text_baselines(texts)


@pytest.mark.parametrize("texts", [["same"] * 5, [""] * 3])
def test_texts_that_are_alike_are_refused(texts):
    with pytest.raises(InputError, match="texts must differ"):
        text_baselines(texts)
