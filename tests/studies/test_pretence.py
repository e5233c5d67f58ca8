"""The study of pretence: exact observers show who is bad, and a small run measures both ways."""

import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.corpora.contexts import Contexts
from nullprobe.studies import pretence as room
from nullprobe.studies.running import run


def test_the_exact_predictor_knows_who_is_bad_and_the_tuned_corpus_does_not():
    agents = room.Agents(0)
    first, good, relapse = (
        agents.worse(corpus.observers(agents.ids)["full"].log_p)
        for corpus in (agents.first, agents.good, agents.relapse)
    )
    assert first == pytest.approx(0.9)  # a tenth of the acts is noise
    assert good == pytest.approx(0, abs=1e-12)
    assert relapse == pytest.approx(0.45)  # half of those that were bad


def test_who_relapses_was_bad_and_the_others_are_those_that_are_not_shown():
    agents = room.Agents(3)
    assert agents.is_good.sum() == room.AGENTS // 2
    assert agents.relapsing.sum() == room.AGENTS // 4
    assert not (agents.relapsing & agents.is_good).any()
    log_p = agents.relapse.observers(agents.ids)["full"].log_p
    assert agents.worse(log_p, agents.relapsing) == pytest.approx(0.9)
    assert agents.worse(log_p, ~agents.relapsing) == pytest.approx(0, abs=1e-12)


def test_values_of_agents_can_be_chosen_and_are_checked():
    values = np.tile([[1, 1, 0, 0]], (3, 1))
    corpus = Contexts(rho=1.0, agents=3, absent=0, values=values)
    np.testing.assert_array_equal(corpus.values, values)
    for wrong in (values[:2], values * 2, values - 0.5):
        with pytest.raises(InputError, match="values must be 0"):
            Contexts(rho=1.0, agents=3, absent=0, values=wrong)


@pytest.mark.slow
def test_a_small_run_measures_both_ways(monkeypatch, tmp_path):
    for name, value in {"STEPS": 600, "TUNING": 40, "NEUTRAL": 40, "AGAIN": 5}.items():
        monkeypatch.setattr(room, name, value)
    result = run(room.pretence, quick=True, cache=tmp_path)
    values = {str(one.cell.way): one.values for one in result.records}
    assert values["tuned to be good"]["before tuning"] > values["made good"]["before tuning"] + 0.2
    for one in values.values():
        assert one["returned"] == pytest.approx(
            one["after neutral training"] - one["left in behaviour"]
        )
        assert 0 <= one["probe of who was bad (AUC)"] <= 1
    assert {claim.name for claim in result.claims} == {rule.name for rule in room.RULES}
