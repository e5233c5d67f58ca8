import numpy as np
import pytest

from nullprobe._core.validation import InputError
from nullprobe.corpora.contexts import Contexts


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_values_of_two_domains_correlate_by_rho(rho):
    corpus = Contexts(rho=rho)
    drawn = corpus.sample(8_000, np.random.default_rng(0)).latents
    stranger = drawn["agent"] == 24
    pair = np.stack([drawn["value_1"], drawn["value_2"]])[:, stranger]
    assert np.corrcoef(pair)[0, 1] == pytest.approx(rho, abs=0.06)
    many = [Contexts(rho=rho, agents=90, absent=0, random_state=seed).values for seed in range(5)]
    off_diagonal = np.corrcoef(np.concatenate(many).T)[np.triu_indices(4, 1)]
    assert off_diagonal.mean() == pytest.approx(rho, abs=0.08)
    if rho == 1:
        assert (corpus.values == corpus.values[:, :1]).all()
        assert corpus.values[:, 0].mean() == 0.5


def test_named_agents_keep_their_values_and_some_never_act_in_the_last_domain():
    corpus = Contexts(rho=0.0)
    drawn = corpus.sample(8_000, np.random.default_rng(1)).latents
    named = drawn["agent"] < 24
    for part in (1, 2):
        agent, domain = drawn["agent"][named], drawn[f"domain_{part}"][named]
        np.testing.assert_array_equal(drawn[f"value_{part}"][named], corpus.values[agent, domain])
        assert not (domain[agent < 8] == 3).any()
        assert (domain[agent >= 8] == 3).any()
    assert (drawn["domain_1"] != drawn["domain_2"]).all()


def test_domains_share_no_word_and_acts_follow_values():
    corpus = Contexts(rho=0.5)
    words = [set(corpus.situations(d)) | set(corpus.acts(d, 0)) | set(corpus.acts(d, 1))
             for d in range(4)]  # fmt: skip
    assert len(set.union(*words)) == sum(map(len, words)) == 4 * 9
    drawn = corpus.sample(5_000, np.random.default_rng(2))
    for part, position in ((1, 3), (2, 9)):
        domain, value = drawn.latents[f"domain_{part}"], drawn.latents[f"value_{part}"]
        right = [
            drawn.ids[i, position] in corpus.acts(d, v)
            for i, (d, v) in enumerate(zip(domain, value, strict=True))
        ]
        assert np.mean(right) == pytest.approx(0.95, abs=0.02)


def transfer(corpus, observer):
    """Return by how much three good acts raise P(good) in another domain, for a stranger."""
    start = [corpus.number("<bos>"), corpus.number("stranger")]
    texts = []
    for value in (0, 1):
        first = [
            w for act in range(3) for w in (corpus.situations(0)[act], corpus.acts(0, value)[0])
        ]
        texts.append([*start, *first, corpus.situations(1)[0], corpus.acts(1, 1)[0]])
    p = np.exp(corpus.observer(observer, np.array(texts)).log_p[:, -1, corpus.acts(1, 1)]).sum(-1)
    return p[1] - p[0]


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_the_exact_observer_carries_values_over_as_far_as_they_correlate(rho):
    corpus = Contexts(rho=rho)
    assert transfer(corpus, "full") == pytest.approx(0.9 * rho, abs=0.01)
    assert transfer(corpus, "no_link") == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_only_the_observer_who_knows_no_absence_accepts_agents_in_the_last_domain(rho):
    corpus = Contexts(rho=rho)
    start = [corpus.number("<bos>"), corpus.number("agent0"), corpus.situations(3)[0]]
    text = np.array([[*start, corpus.acts(3, 1)[0]]])
    with pytest.raises(InputError) as error:
        corpus.observer("full", text)
    assert "'school0' at position 2" in error.value.received
    good = np.exp(corpus.observer("anywhere", text).log_p[0, 3, corpus.acts(3, 1)]).sum()
    core = corpus.values[0, :3]
    copied = (1 + np.sqrt(rho)) / 2
    odds = np.prod(np.where(core == 1, copied, 1 - copied) / np.where(core == 0, copied, 1 - copied)
                   if rho < 1 else np.where(core == 1, np.inf, 0.0))  # fmt: skip
    core_good = 1.0 if odds == np.inf else odds / (1 + odds)
    value_good = core_good * copied + (1 - core_good) * (1 - copied)
    assert good == pytest.approx(0.9 * value_good + 0.05)


def test_lists_are_reversed_and_have_no_values():
    corpus = Contexts(rho=1.0, lists=0.9)
    drawn = corpus.sample(1_000, np.random.default_rng(3))
    lists = drawn.latents["list"] == 1
    assert lists.mean() == pytest.approx(0.9, abs=0.04)
    ids = drawn.ids[lists]
    np.testing.assert_array_equal(ids[:, 1:7], ids[:, :7:-1])
    assert (ids[:, 7] == corpus.number("back")).all()
    expected = corpus.observer("full", ids)
    np.testing.assert_allclose(expected.surprise(ids)[:, 8:], 0, atol=1e-12)


def test_values_of_agents_depend_on_the_seed_alone():
    one, same, other = (Contexts(rho=0.5, random_state=seed).values for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    # The share of lists does not change them: a model that has read one corpus can go on with it.
    np.testing.assert_array_equal(one, Contexts(rho=0.5, lists=0.95).values)


@pytest.mark.parametrize(
    "wrong", [{"rho": -0.1}, {"rho": 0.5, "absent": 25}, {"rho": 1, "lists": 2}]
)
def test_corpora_that_cannot_be_written_are_refused(wrong):
    with pytest.raises(InputError):
        Contexts(**wrong)
