import numpy as np
import pytest

from nullprobe.corpora import Values
from nullprobe.studies import Budget, goal_readings, run
from nullprobe.studies import direction as module
from nullprobe.studies.direction import direction
from nullprobe.studies.direction_rules import BEYOND, LANDS
from nullprobe.studies.goal_readings import OUTCOMES

pytestmark = pytest.mark.slow  # small models are trained


def test_every_reference_is_followed_and_shares_sum_to_one(monkeypatch, tmp_path):
    small = {"STEPS": 2, "STATES": 60, "SCENES": 4, "RANDOM": 9, "UNRELATED": 7}
    for name, value in small.items():
        monkeypatch.setattr(module, name, value)
    result = run(direction, seeds=1, quick=True, cache=False)
    values = result.records[0].values
    for reference in ("all goals", "min", "indifferent", "good"):
        for where in ("", ", far"):
            shares = [values[f"less {reference}{where}: {name}"] for name in OUTCOMES]
            assert sum(shares) == pytest.approx(1)
        assert -8 <= values[f"less {reference}: strength"] <= 0
    nulls = result.records[0].nulls
    assert {len(draws) for draws in nulls.values()} == {7}
    assert np.mean(nulls[BEYOND]) == pytest.approx(0, abs=1e-5)
    mean = values["nobody, added"] - values[BEYOND]  # of the draws
    assert -1 <= mean <= 1
    assert values["unrelated goals: strength"] == pytest.approx(np.mean(nulls[LANDS]))
    curves = np.array([result.records[0].series[name] for name in OUTCOMES])
    np.testing.assert_allclose(curves.sum(axis=0), 1, atol=1e-3)
    assert len(result.figures) == 4
    result.to_json(tmp_path / "one.json")
    result.to_html(tmp_path / "one.html")


@pytest.mark.parametrize(("left", "times"), [(1.0, 4.0), (0.0, 8.0)])
def test_random_directions_are_as_long_as_the_landing_at_least(monkeypatch, left, times):
    for name, value in {"STEPS": 2, "STATES": 60, "SCENES": 2, "RANDOM": 1, "UNRELATED": 1}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(goal_readings, "LEFT", left)  # 0: the model never leaves its goal
    norms = {}

    def contrasts(means):
        norms["contrast"] = np.linalg.norm(goal_readings.contrasts(means)["all goals"])
        return goal_readings.contrasts(means)

    def drawn(parts, scenes, v, rng):
        norms["random"] = np.linalg.norm(v)
        return np.zeros((1, len(OUTCOMES)))

    monkeypatch.setattr(module, "contrasts", contrasts)
    monkeypatch.setattr(module, "_random", drawn)
    module.steered_away(Values(), 0, Budget(quick=True, cache=False))
    assert norms["random"] == pytest.approx(times * norms["contrast"])
