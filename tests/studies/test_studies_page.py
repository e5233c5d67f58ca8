"""The example of docs/studies.md runs as documented, quicker than a quick run."""

import re
from pathlib import Path

import pytest

from nullprobe import studies
from nullprobe.studies import definition as definition_file

PAGE = Path(__file__).parents[2] / "docs" / "studies.md"


@pytest.mark.slow
def test_the_example_of_the_page_runs_and_is_about_thirty_lines(tmp_path, monkeypatch):
    definition, call, rule = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert (
        len([line for line in (definition + call).splitlines() if line.strip()]) <= 36
    )  # as formatted
    names = {}
    exec(definition, names)
    exec(rule, names)
    assert [one.effect for one in names["RULES"]] == [("redemption", "style")]
    monkeypatch.setattr(definition_file, "QUICK_STEPS", 25)  # 40 steps of 1,000
    result = studies.run(names["attractor"], quick=True, cache=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "run", lambda study, seeds: result)
    exec(call, names)
    assert (tmp_path / "attractor.html").stat().st_size < 200_000
    assert [(str(one.cell), one.seed) for one in result.records] == [
        ("redemption=0", 0), ("redemption=1", 0),
    ]  # fmt: skip
    # Where stories redeem, the exact predictor expects fewer bad acts.
    shares = [one.values["corpus"] for one in result.records]
    assert shares[0] > shares[1] + 0.1
    assert result.verdict.name == "effect_of_redemption"
