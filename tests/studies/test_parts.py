"""Parts of a run that were kept: used again for the same code, and for no other."""

import importlib
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from nullprobe.studies import code_facts, library, run, study_file
from nullprobe.studies.code_facts import Code

PROJECT = Path(__file__).parents[2]

STUDY = """
from nullprobe import studies
{head}

@studies.study(question="?", unit="u", factors={{"a": (0, 1)}})
def kept(cell, seed, budget):
    {body}
    return {{"model": {value}}}
"""


def write(folder, *, head="", body="pass", value="1.0", **helpers):
    folder.mkdir(exist_ok=True)
    (folder / "kept.py").write_text(STUDY.format(head=head, body=body, value=value))
    for name, text in helpers.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Return a function that runs the study of a folder, as a new process would."""
    monkeypatch.syspath_prepend(tmp_path / "study")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def once(**files):
        if files:
            write(tmp_path / "study", **files)
        for name in ("helper", "second"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        study = study_file.of_file(tmp_path / "study" / "kept.py")
        stages = []
        result = run(study, seeds=1, out=tmp_path / "out", progress=lambda *one: stages.append(one))
        used = ["kept" in str(stage) for stage, *_ in stages]
        assert len(set(used)) == 1
        return result.mean("model").value, used[0]

    yield once
    for name in ("helper", "second"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"value": "1.0"}, {"value": "2.0"}),
        (
            {"head": "SIZE = 1.0", "value": "SIZE"},
            {"head": "SIZE = 2.0", "value": "SIZE"},
        ),
        (
            {"head": "import helper", "value": "helper.V", "helper": "V = 1.0"},
            {"head": "import helper", "value": "helper.V", "helper": "V = 2.0"},
        ),
        (
            {"body": "import helper", "value": "helper.V", "helper": "V = 1.0"},
            {"body": "import helper", "value": "helper.V", "helper": "V = 2.0"},
        ),
        (
            {
                "head": "from helper import f", "value": "f()", "second": "V = 1.0",
                "helper": "def f():\n    import second\n    return second.V",
            },
            {"head": "from helper import f", "value": "f()", "second": "V = 2.0"},
        ),
        (
            {
                "value": "importlib.import_module('helper').V", "head": "import importlib",
                "helper": "V = 1.0",
            },
            {
                "value": "importlib.import_module('helper').V", "head": "import importlib",
                "helper": "V = 2.0",
            },
        ),
    ],
    ids=["function", "constant", "helper", "late helper", "helper's helper", "by name"],
)  # fmt: skip
def test_parts_are_used_again_until_any_file_of_the_study_changes(measured, before, after):
    assert measured(**before) == (1.0, False)
    assert measured() == (1.0, True)
    assert measured(**after) == (2.0, False)
    assert measured() == (2.0, True)
    assert measured(**before) == (1.0, False)


def test_a_file_that_was_edited_after_it_was_loaded_is_not_taken_for_what_was_measured(measured):
    measured(head="import helper", value="helper.f()", helper="def f():\n    return 1.0")
    study = study_file.of_file(Path(sys.modules["helper"].__file__).parent / "kept.py")
    out = Path(sys.modules["helper"].__file__).parents[1] / "out"
    Path(sys.modules["helper"].__file__).write_text("def f():\n    return 2.0")
    assert run(study, seeds=1, out=out).mean("model").value == 1.0  # what is loaded
    assert measured() == (2.0, False)


def test_two_studies_of_one_name_do_not_share_parts(tmp_path):
    for name, value in (("one", 1.0), ("two", 2.0)):
        write(tmp_path / name, value=str(value))
        study = study_file.of_file(tmp_path / name / "kept.py")
        assert run(study, seeds=1, out=tmp_path / "out").mean("model").value == value
    both = STUDY.format(head="", body="pass", value="1.0") + STUDY.format(
        head="first = kept", body="pass", value="2.0"
    )
    (tmp_path / "both.py").write_text(both)
    namespace = {"__name__": "both"}
    exec(compile(both, str(tmp_path / "both.py"), "exec"), namespace)
    for name, value in (("first", 1.0), ("kept", 2.0)):
        assert run(namespace[name], seeds=1, out=tmp_path / "out").mean("model").value == value


UNKNOWN = object()


def made(value):
    def measure(cell, seed, budget, more=0.0):
        return {"model": value + more}

    return measure


def bound(value):
    class One:
        def measure(self, cell, seed, budget):
            return {"model": value}

    return One().measure


def of_text(value):
    namespace = {}
    exec(f"def measure(cell, seed, budget):\n    return {{'model': {value}}}", namespace)
    return namespace["measure"]


@pytest.mark.parametrize(
    ("maker", "known"),
    [
        (made, True),
        (bound, False),
        (of_text, False),
        (lambda value: lambda c, s, b: {"model": float(str(value))}, True),
        (lambda value: lambda c, s, b, one=UNKNOWN: {"model": value}, False),
        (lambda value: made(value), True),
    ],
)
def test_a_function_made_with_another_value_is_another_one(tmp_path, maker, known):
    from nullprobe.studies import Study

    for value in (1.0, 2.0):
        study = Study("made", maker(value), "?", "u")
        assert Code(study.measure).is_known == known
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            result = run(study, seeds=1, out=tmp_path)
        assert result.mean("model").value == value
        assert bool(told) != known


@pytest.mark.parametrize("name", library.STUDY_NAMES)
def test_studies_of_the_library_are_kept_with_all_their_modules(name):
    study = library.by_name(name)
    for one in (study, *study.parts.values()):
        code = Code(one.measure)
        assert code.is_known
        assert {"running.py", "definition.py"} <= set(code.facts())


@pytest.mark.slow
def test_a_study_from_standard_input_is_measured_anew_with_a_warning(tmp_path):
    for value in (1.0, 2.0):
        program = STUDY.format(head="", body="pass", value=value) + (
            f"r = studies.run(kept, seeds=1, out={str(tmp_path)!r})\nprint(r.mean('model').value)\n"
        )
        done = subprocess.run(
            [sys.executable, "-"], input=program, capture_output=True, text=True, check=True
        )
        assert float(done.stdout) == value
        assert "measured anew" in done.stderr


def test_a_kept_part_is_plain_json_and_a_moved_study_uses_it(measured, tmp_path):
    measured(head="import helper", value="helper.V", helper="V = 1.0")
    for path in (tmp_path / "out" / "parts").iterdir():
        code = json.loads(path.read_text("utf-8"))["code"]
        assert "kept.py" in code
        assert "helper.py" in code
        assert str(tmp_path) not in str(code)


ROUND = [1]
ROUND.append(ROUND)


@pytest.mark.parametrize(
    "value",
    [ROUND, [[0.5] * 100] * 200, {"a": [object()]}, np.zeros(3), "a" * 2_000_000],
    ids=["in a circle", "many items", "an object", "an array", "a long text"],
)
def test_what_is_large_or_no_number_or_word_is_not_read(value):
    assert code_facts._plain(value) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), ("1", 1), ([1, 2], (1, 2)), (["a, str 'b'"], ["a", "b"]), ({"a": 1}, {"a": 2}),
     ([[1], 2], [[1, 2]]), (None, "None")],
)  # fmt: skip
def test_different_values_are_different_texts(one, other):
    assert None is not code_facts._plain(one) != code_facts._plain(other) is not None


def test_the_order_of_a_set_does_not_matter():
    assert code_facts._plain({"b", "a", "c"}) == code_facts._plain({"c", "b", "a"})
