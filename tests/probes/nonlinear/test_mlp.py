"""What the network says, next to scikit-learn's, and how its setting is chosen."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from support.probe_data import held_out
from support.samples import draw

from nullprobe import InputError, LDAProbe, MLPProbe, RBFProbe, worlds
from nullprobe.probes.nonlinear import mlp


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("layers", [(5,), (6, 3)])
def test_scores_are_the_log_odds_of_scikit_learns_network(n_classes, layers):
    s = draw(1, 200, 4, n_classes, gap=1.0)
    probe = MLPProbe(layers, 0.2, random_state=3).fit(s.X, s.y)
    rows = (s.X - s.X.mean(axis=0)) / s.X.std(axis=0)
    model = MLPClassifier(
        layers,
        alpha=0.2,
        batch_size=20,
        learning_rate_init=mlp.PACE,
        tol=1e9,
        n_iter_no_change=mlp.PASSES,
        random_state=3,
    )
    share = model.fit(rows, s.y).predict_proba(rows)
    expected = np.log(share / (1 - share))
    expected = expected[:, 1] if n_classes == 2 else expected
    np.testing.assert_allclose(probe.decision_function(s.X), expected, atol=1e-6)


def test_training_ends_after_its_passes_and_warns_of_nothing():
    """A warning would be an error here."""
    for n in (20, 400):
        world = worlds.gaussian(n=n, d=3, gap=1.0)
        fitted = MLPProbe((4,), 0.1).fit(world.X, world.y)
        assert fitted.probe_.model.n_iter_ == mlp.PASSES + 2


@pytest.mark.slow
def test_layers_and_alpha_are_chosen_for_the_data_at_hand():
    noisy = worlds.gaussian(n=3000, d=20, gap=0.5)
    assert MLPProbe().fit(noisy.X, noisy.y).probe_.setting[1] == max(mlp.ALPHAS)
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, size=(800, 2))
    found = MLPProbe().fit(X, np.sin(4 * X[:, 0]) > 0).probe_.setting
    assert found == (max(mlp.LAYERS), min(mlp.ALPHAS))


@pytest.mark.slow
def test_network_finds_an_exclusive_or_among_many_columns_where_a_kernel_does_not():
    world = worlds.xor(n=1600, d=60)
    assert held_out(MLPProbe(), world.X, world.y) > 0.97
    assert held_out(RBFProbe(), world.X, world.y) < 0.8
    found = held_out(LDAProbe(), world.X, world.y)
    assert found == pytest.approx(0.5, abs=4 * (1 / (4 * 400)) ** 0.5)


@pytest.mark.slow
def test_network_is_as_good_as_the_best_reader_of_many_gaussian_classes():
    world = worlds.multiclass(n=1200, d=10, n_classes=5, gap=3.0)
    probe = MLPProbe().fit(world.X[:800], world.y[:800])
    right = probe.score(world.X[800:], world.y[800:])
    # What 800 rows cost is less than .04; the rest is chance.
    assert right == pytest.approx(world.truth["bayes_accuracy"], abs=0.04 + 2 * 0.5 / 400**0.5)


def test_another_seed_is_another_network():
    s = draw(1, 120, 4, 2, gap=1.0)
    one, other = (MLPProbe((8,), 0.01, random_state=r).fit(s.X, s.y) for r in (0, 1))
    assert not np.array_equal(one.decision_function(s.X), other.decision_function(s.X))


@pytest.mark.parametrize("layers", [(), (4, 4, 4), (0,), (2.0,), 8, "wide"])
def test_layers_must_be_one_or_two_widths(layers):
    with pytest.raises(
        InputError, match="hidden_layer_sizes must be one or two|width of a layer must be"
    ):
        MLPProbe(layers).fit(np.eye(4), [0, 1, 0, 1])


@pytest.mark.parametrize("alpha", [-1.0, np.inf, "auto"])
def test_alpha_must_be_a_number(alpha):
    with pytest.raises(InputError, match="alpha must be"):
        MLPProbe(alpha=alpha).fit(np.eye(4), [0, 1, 0, 1])
