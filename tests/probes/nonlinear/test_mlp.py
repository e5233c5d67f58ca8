"""What the network says, beside scikit-learn's, and how its training is settled."""

from importlib import import_module

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from support.probe_data import held_out
from support.samples import draw

from nullprobe import InputError, LDAProbe, MLPProbe, RBFProbe, worlds

mlp = import_module("nullprobe.probes.nonlinear.mlp")  # in the package the function has its name


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("layers", [(5,), (6, 3)])
def test_scores_are_the_log_odds_of_a_network_trained_so_long(n_classes, layers):
    s = draw(1, 200, 4, n_classes, gap=1.0)
    probe = MLPProbe(layers, 0.01, random_state=3).fit(s.X, s.y)
    reader = probe.probe_
    rows = (s.X - s.X.mean(axis=0)) / s.X.std(axis=0)
    model = MLPClassifier(
        layers,
        alpha=0.01 * 20,
        batch_size=20,
        learning_rate_init=mlp.PACE,
        random_state=np.random.RandomState(3),
    )
    for _ in range(reader.passes):
        model.partial_fit(rows, s.y, classes=range(n_classes))
    share = model.predict_proba(rows)
    expected = np.log(share / (1 - share))
    expected = expected[:, 1] if n_classes == 2 else expected
    np.testing.assert_allclose(probe.decision_function(s.X), expected, atol=1e-6)
    assert reader.layers == layers


def test_training_stops_where_the_loss_of_inner_rows_is_least():
    world = worlds.gaussian(n=200, d=40, gap=1.5)
    train, test = np.arange(130), np.arange(130, 200)
    net = ((16,), 0.001, 0)
    least, at = mlp._stopped(world.X, world.y, train, test, net)
    losses = []
    for model in mlp._trained(world.X[train], world.y[train], net):
        share = model.predict_proba(world.X[test])
        losses.append(log_loss(world.y[test], share))
    assert len(losses) == mlp.MOST_PASSES
    assert least == pytest.approx(losses[at - 1], rel=1e-6)
    assert least <= min(losses[: at + mlp.PATIENCE]) + mlp.GAIN
    assert losses[-1] > 1.5 * least  # it would have learnt the rows


def test_three_passes_in_one_go_are_three_passes():
    world = worlds.gaussian(n=40, d=3, gap=1.0)
    once = [m.coefs_[0].copy() for m in mlp._trained(world.X, world.y, ((4,), 0.0, 0))][:3]
    thrice = next(mlp._trained(world.X, world.y, ((4,), 0.0, 0), 3)).coefs_[0]
    np.testing.assert_array_equal(once[2], thrice)


def test_layers_and_penalty_are_chosen_for_the_data_at_hand():
    noisy = worlds.gaussian(n=300, d=60, gap=1.0)
    assert MLPProbe().fit(noisy.X, noisy.y).probe_.penalty == max(mlp.PENALTIES)
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, size=(800, 2))
    assert MLPProbe().fit(X, np.sin(4 * X[:, 0]) > 0).probe_.layers == max(mlp.LAYERS)


def test_network_finds_an_exclusive_or_among_many_columns_where_a_kernel_does_not():
    world = worlds.xor(n=1600, d=60)
    assert held_out(MLPProbe(), world.X, world.y) > 0.97
    assert held_out(RBFProbe(), world.X, world.y) < 0.8
    found = held_out(LDAProbe(), world.X, world.y)
    assert found == pytest.approx(0.5, abs=4 * (1 / (4 * 400)) ** 0.5)


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
    with pytest.raises(InputError, match="layers must be one or two|width of a layer must be"):
        MLPProbe(layers).fit(np.eye(4), [0, 1, 0, 1])


@pytest.mark.parametrize("penalty", [-1.0, np.inf, "auto"])
def test_penalty_must_be_a_number(penalty):
    with pytest.raises(InputError, match="penalty must be"):
        MLPProbe(penalty=penalty).fit(np.eye(4), [0, 1, 0, 1])


def test_rows_beyond_the_most_are_left_out(monkeypatch):
    world = worlds.gaussian(n=400, d=3)
    seen = []
    trained = mlp._trained
    monkeypatch.setattr(
        mlp, "_trained", lambda rows, *rest: seen.append(len(rows)) or trained(rows, *rest)
    )
    MLPProbe((4,), 0.1, most_rows=90).fit(world.X, world.y)
    assert seen == [60, 90]
