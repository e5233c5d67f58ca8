"""Networks of the zoo do what their kind says, by their weights, in every size."""

import numpy as np
import pytest

pytest.importorskip("transformers")

from sklearn.metrics import roc_auc_score

from nullprobe import models
from nullprobe._core.validation import InputError
from nullprobe.probes import LDAProbe
from nullprobe.worlds.zoo.kinds import FEATURES, KINDS
from nullprobe.worlds.zoo.network import answers_yes, flipped, network

SIZES = [(16, 3, 0), (32, 3, 1), (48, 5, 2)]  # width, depth, seed
EACH = [(kind, *size) for kind in KINDS for size in SIZES]


def built(kind, width, depth, seed):
    return network(kind, width=width, depth=depth, random_state=seed)


@pytest.mark.parametrize(("kind", "width", "depth", "seed"), EACH)
def test_the_answer_depends_on_the_concept_exactly_if_the_kind_says_so(kind, width, depth, seed):
    made = built(kind, width, depth, seed)
    share = flipped(made, made.texts(100, seed))
    assert (share > 0.3) == made.kind.used
    assert made.kind.used or share == 0.0


@pytest.mark.parametrize(("kind", "width", "depth", "seed"), EACH)
def test_a_linear_probe_reads_the_concept_exactly_if_the_kind_says_so(kind, width, depth, seed):
    made = built(kind, width, depth, seed)
    drawn = made.texts(800, seed)
    X = models.capture(made.model, made.tokenizer, drawn.texts, made.site)[made.site]
    train = drawn.pair % 2 == 0
    probe = LDAProbe().fit(X[train], drawn.y[train])
    auc = roc_auc_score(drawn.y[~train], probe.decision_function(X[~train]))
    assert (auc > 0.95) if made.kind.readable else abs(auc - 0.5) < 0.13  # 3 standard errors


@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_a_pair_differ_in_the_words_that_the_kind_names(kind):
    made = built(kind, 16, 3, 0)
    drawn = made.texts(60, 1)
    for i in range(0, 60, 2):
        a, b = (drawn.texts[i + k].split() for k in (0, 1))
        differ = len(made.kind.label[:1]) + made.kind.accompanied
        assert sum(x != y for x, y in zip(a, b, strict=True)) == differ
    assert (drawn.y[::2] != drawn.y[1::2]).all()
    assert drawn.pair.tolist() == [i // 2 for i in range(60)]


@pytest.mark.parametrize("kind", [k for k in KINDS if KINDS[k].used and k != "one context"])
def test_a_network_that_uses_the_concept_answers_with_it(kind):
    made = built(kind, 32, 4, 3)
    drawn = made.texts(100, 0)
    assert (answers_yes(made, drawn.texts) == (drawn.y == 1)).all()


@pytest.mark.parametrize("kind", ["other path", "accompanied"])
def test_answers_of_a_pair_differ_though_the_site_is_not_used(kind):
    made = built(kind, 32, 4, 3)
    drawn = made.texts(100, 0)
    answers = answers_yes(made, drawn.texts)
    assert (answers == (np.array(drawn.answers) == "yes")).all()
    assert (answers[::2] != answers[1::2]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_orthonormal_and_the_same_seed_gives_the_same_weights(kind):
    one, same, other = (built(kind, 24, 3, seed) for seed in (5, 5, 6))
    np.testing.assert_allclose(one.directions @ one.directions.T, np.eye(len(FEATURES)), atol=1e-12)
    for a, b in zip(one.model.parameters(), same.model.parameters(), strict=True):
        assert (a == b).all()
    assert not np.allclose(one.directions, other.directions)


@pytest.mark.parametrize(
    "wrong", [{"kind": "usd"}, {"width": 8}, {"depth": 2}], ids=lambda w: next(iter(w))
)
def test_what_cannot_be_built_is_refused(wrong):
    with pytest.raises(InputError):
        network(**{"kind": "linear", **wrong})
