"""The site finder against configurations that transformers ships: sites or a reason, no crash."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("transformers")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# Families of every kind; the committed results have all of them, and long tests try a sixteenth.
SAMPLE = [
    "llama",
    "bert",
    "mamba",
    "qwen2_moe",
    "t5",
    "xlnet",
    "albert",
    "gpt_bigcode",
    "clip",
    "vit",
]


@pytest.fixture(scope="module")
def study():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("sites_study", BENCHMARKS / "sites.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


@pytest.mark.slow
@pytest.mark.parametrize("kind", SAMPLE)
@pytest.mark.filterwarnings("ignore")
def test_a_family_gives_what_the_results_say(kind, study):
    rows = json.loads((BENCHMARKS / "results" / "sites.json").read_text())["rows"]
    row = next(row for row in rows if row["type"] == kind)
    found = study.tried(kind, *study.kinds()[kind])
    assert {key: found[key] for key in ("outcome", "built")} == {
        key: row[key] for key in ("outcome", "built")
    }
    if found["outcome"] in ("found", "choice"):
        assert (found["sites"], found["final_norm"]) == (row["sites"], row["final_norm"])


def test_the_results_are_of_every_configuration_and_nothing_is_broken(study):
    rows = json.loads((BENCHMARKS / "results" / "sites.json").read_text())["rows"]
    assert len(rows) > 500
    assert {row["outcome"] for row in rows} <= set(study.OUTCOMES)
    assert not [row["type"] for row in rows if row["outcome"] == "broken"]
    heads = [row for row in rows if row["head"] and row["outcome"] != "not built"]
    found = [row for row in heads if row["outcome"] in ("found", "choice")]
    assert len(found) >= 0.85 * len(heads)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_a_sixteenth_of_all_configurations_give_sites_or_a_reason(study):
    for kind, (name, head) in list(study.kinds().items())[::16]:
        row = study.worked((kind, name, head))
        assert row["outcome"] in study.OUTCOMES
        assert row["outcome"] != "broken", row
