"""Null corpora: there is nothing in them, and what is measured of them is tested exactly."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from nullprobe.corpora.contexts import BAD, GOOD
from nullprobe.studies.definition import Measured
from nullprobe.studies.pretence import Agents

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def null_corpora():
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("null_corpora", BENCHMARKS / "null_corpora.py")
    made = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        spec.loader.exec_module(made)
    sys.modules.pop("record", None)
    return made


def test_exchanges_average_to_one_half_and_the_first_is_what_was_read(null_corpora):
    aucs = np.random.default_rng(0).random((4, 4))
    each = null_corpora.exchanged(aucs)
    assert each[0] == pytest.approx(aucs[~np.eye(4, dtype=bool)].mean())
    assert np.mean(each) == pytest.approx(0.5)
    assert len(set(np.round(each, 12))) == 8


@pytest.mark.parametrize(("shift", "rejected"), [(0.0, False), (0.2, True)])
def test_exchanges_reject_probes_that_read_other_domains_and_no_others(
    null_corpora, shift, rejected
):
    rng = np.random.default_rng(1)
    aucs = rng.uniform(0.3, 0.7, (20, 4, 4)) + shift
    row = null_corpora.by_exchanges(np.array([null_corpora.exchanged(one) for one in aucs]))
    assert (row["p of all models"] < 0.001) == rejected
    assert row["rejected"] == (4 if rejected else 0)
    assert 0.0 <= row["t rejects"] <= 1.0


def test_nobody_is_bad_in_person_in_texts_with_other_names(null_corpora):
    agents = Agents(0)
    for texts, differ in ((agents.first, True), (null_corpora.Renamed(agents.first), False)):
        drawn = texts.sample(20_000, np.random.default_rng(0))
        assert drawn.ids.max() < len(texts.words)
        value, who = drawn.latents["value_1"], drawn.ids[:, 1]
        shares = [
            (value[who == agents.first.number(f"agent{k}")] == GOOD).mean() for k in range(48)
        ]
        assert (np.ptp(shares) == 1) == differ
        assert 0.4 < (value == BAD).mean() < 0.6


def test_acts_do_not_depend_on_goals_that_mean_nothing(null_corpora):
    corpus = null_corpora.Unrelated()
    ids = corpus.sample(200, np.random.default_rng(0)).ids
    full, no_goals = (corpus.observer(name, ids).log_p for name in ("full", "no_goals"))
    np.testing.assert_array_equal(full, no_goals)


def test_models_that_were_measured_are_read_again(null_corpora, tmp_path, monkeypatch):
    calls = []

    def measure(seed):
        calls.append(seed)
        return {"all": Measured({"x": seed / 3}, {"x": [0.1, 0.2]})}

    monkeypatch.setitem(null_corpora.NULLS, "direction", measure)
    both = [null_corpora.measured("direction", 5, tmp_path) for _ in range(2)]
    assert both[0] == both[1]
    assert calls == [5]


def test_verdicts_of_five_models_are_counted(null_corpora):
    def cells(far, k):
        names = {rule.of for rule in null_corpora.pretence.rules} | {"left in behaviour"}
        row = dict.fromkeys(sorted(names - {""}), k / 1000)
        return {
            str(cell): Measured({"left in behaviour": 0.0, **row} | (far if i else {}))
            for i, cell in enumerate(null_corpora.pretence.cells)
        }

    found = [cells({"relapse": 0.5 + k / 1000}, k) for k in range(10)]
    rows = {row["verdict"]: row for row in null_corpora.verdicts("pretence", found)}
    assert rows["relapses_together"]["yes"] == 2
    assert rows["is_readable"]["no"] == 2
    assert all(row["of"] == 2 for row in rows.values())
