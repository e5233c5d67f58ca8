import pytest

from nullprobe.studies import opposites as module
from nullprobe.studies import run
from nullprobe.studies.opposites import opposites
from nullprobe.studies.result import StudyResult

pytestmark = pytest.mark.slow  # small models are trained


@pytest.fixture
def tiny(monkeypatch):
    """Training of two steps, and no tuning: what is left is the machinery."""
    for name, value in {"STEPS": 2, "BATCH": 4, "PAIRINGS": 19, "TUNED": 0}.items():
        monkeypatch.setattr(module, name, value)


def test_an_untrained_model_gives_no_verdict_of_yes_and_all_pictures(tiny, tmp_path):
    result = run(opposites, seeds=1, quick=True, cache=False)
    assert "yes" not in {str(claim.holds) for claim in result.claims}
    assert {figure["key"] for figure in result.figures} == {"interaction", "ways", "pairings"}
    assert result.records[0].values["exact predictor: taught axes"] == pytest.approx(0, abs=1e-9)
    assert result.records[1].values["exact predictor: taught axes"] > 6
    result.to_json(tmp_path / "one.json")
    assert StudyResult.from_json(tmp_path / "one.json").document() == result.document()
    result.to_html(tmp_path / "one.html")


@pytest.mark.parametrize("part", ["dose", "length"])
def test_parts_measure_what_their_rules_judge(tiny, part, monkeypatch):
    cell = opposites.part(part).cells[0]
    monkeypatch.setattr(module, "fewest_words", lambda *_: (2.0, -1.0))
    measured = opposites.part(part).measure(cell, 0, module.Budget(quick=True, cache=False))
    for rule in opposites.part(part).rules:
        assert rule.of in measured.values
        assert set(rule.sources.values()) <= set(measured.values)
