"""What a representation adds to a baseline: probes of both together."""

import numpy as np
import pytest

from nullprobe import Audit, audit

FEW = {"claims": ["readable"], "independent": True, "draws": 39, "n_splits": 1}


def rows(seed=0, n=400):
    """Return labels, a baseline that reads them, and what reads them beyond it."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return y, rng.normal(size=(n, 4)) + 0.7 * y[:, None], rng.normal(size=(n, 4)) + 0.7 * y[:, None]


def beside(X, y, B, **options):
    (one,) = audit(X, y, baselines={"B": B}, **(FEW | options))["readable"].beside
    return one


@pytest.mark.slow
def test_what_is_read_beyond_a_baseline_is_said_in_auc_and_in_nats():
    y, B, X = rows()
    one = beside(X, y, B)
    assert one.adds[0] == pytest.approx(0.09, abs=0.05)
    assert one.adds[1] > 0 < one.adds_nats[1]
    for value, low, high in (one.adds, one.adds_nats):
        assert low < value < high


@pytest.mark.slow
@pytest.mark.parametrize("what", ["a function of it", "noise"])
def test_what_adds_nothing_is_said_to_add_nothing(what):
    y, B, _ = rows()
    rng = np.random.default_rng(1)
    X = B @ rng.normal(size=(4, 4)) if what == "a function of it" else rng.normal(size=(400, 4))
    one = beside(X, y, B)
    assert one.adds[1] < 0.01
    assert abs(one.adds[0]) < 0.02
    assert one.adds_nats[1] < 0.005


@pytest.mark.slow
def test_intervals_hold_zero_as_often_as_they_say_where_nothing_is_added():
    above = 0
    for seed in range(20):
        y, B, _ = rows(seed, n=150)
        one = beside(np.random.default_rng([seed, 1]).normal(size=(150, 3)), y, B)
        above += one.adds[1] > 0 or one.adds_nats[1] > 0
    assert above <= 4  # at .025 each, 3 in 1,000 samples have more


@pytest.mark.slow
def test_numbers_and_several_classes_have_no_nats():
    rng = np.random.default_rng(0)
    y, B, X = rows()
    assert beside(X, y + rng.normal(size=400), B).adds_nats is None
    assert beside(X, y + 2 * (np.arange(400) % 3 == 0), B).adds_nats is None
    assert beside(X, y + 0.1 * rng.normal(size=400), B).adds[1] > 0


@pytest.mark.slow
def test_quick_audits_and_layers_leave_it_out():
    y, B, X = rows()
    assert beside(X, y, B, depth="quick").adds is None
    layers = audit({"a": X, "b": B}, y, baselines={"B": B}, **FEW)
    assert layers["a"]["readable"].beside[0].adds is None


@pytest.mark.slow
def test_it_is_printed_written_and_read_back(tmp_path):
    y, B, X = rows()
    found = audit(X, y, baselines={"B": B}, **FEW)
    assert "the representation adds" in found["readable"].reason
    assert Audit.from_json(found.to_json()) == found
    found.to_html(tmp_path / "page.html")
    assert "and what is audited together" in (tmp_path / "page.html").read_text("utf-8")
