"""A quick start: what is loaded before anything is computed, in a new process each."""

import ast
import subprocess
import sys

import pytest
from support.command_files import command

from nullprobe.cli import app

# All that the package imports but typer, and pydantic, with which typer reads options.
HEAVY = {
    "dask", "jinja2", "joblib", "matplotlib", "numpy", "pandas", "polars",
    "pyarrow", "safetensors", "scipy", "sklearn", "threadpoolctl", "torch", "tqdm", "transformers",
}  # fmt: skip
# `python -m nullprobe`, and then the modules that are loaded.
PROGRAM = """
import runpy
code = 0
try:
    runpy.run_module("nullprobe", run_name="__main__", alter_sys=True)
except SystemExit as exit_:
    code = exit_.code
print("LOADED", sorted(sys.modules))
sys.exit(code)
"""
NAMES = [one.name or one.callback.__name__.replace("_", "-") for one in app.registered_commands]


def heavy(modules):
    return sorted(HEAVY & {name.partition(".")[0] for name in modules})


def loaded(*arguments, code=PROGRAM, exit_code=0):
    """Run the command line; return the modules that are loaded when it ends, and its output."""
    process = command(*arguments, code=code)
    out, err = process.communicate(timeout=120)
    assert process.returncode == exit_code, err
    text, _, modules = out.rpartition("LOADED ")
    return ast.literal_eval(modules), text + err


def test_the_package_loads_the_standard_library_alone():
    code = """
import sys
before = {*sys.modules}
import nullprobe
print(sorted({*sys.modules} - before))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = [
        name for name in ast.literal_eval(run.stdout)
        if name.partition(".")[0] not in sys.stdlib_module_names
    ]  # fmt: skip
    assert names == ["nullprobe", "nullprobe._version"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("--help", "compare-pairs"),
        ("--version", "nullprobe "),
        ("audit --help", "--min-effect"),
        ("plan --help", "--absence"),
    ],
)
def test_help_and_version_load_nothing_heavy(arguments, part):
    modules, text = loaded(*arguments.split())
    assert part in text
    assert heavy(modules) == []


@pytest.mark.slow
def test_no_command_loads_anything_heavy_for_its_help():
    code = f"""
from nullprobe.cli import main
assert not any(main([name, "--help"]) for name in {NAMES})
print("LOADED", sorted(sys.modules))
sys.exit(0)
"""
    modules, text = loaded(code=code)
    assert all(f"nullprobe {name} " in text for name in NAMES)
    assert heavy(modules) == []


def test_a_mistyped_option_is_refused_in_one_sentence_and_loads_no_numerical_library():
    modules, text = loaded("audit", "--drawz", "3", exit_code=2)
    assert "--drawz" in text
    assert text.startswith("nullprobe: ")
    assert text.count("\n") == 1
    assert {"scipy", "sklearn", "torch", "matplotlib"}.isdisjoint(heavy(modules))


@pytest.mark.slow
def test_without_torch_commands_of_arrays_work_and_those_of_models_say_what_to_install():
    code = """
class Absent:
    def find_spec(self, name, *_):
        if name == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
""" + PROGRAM.replace("import runpy", "import runpy, sys")
    _, text = loaded("plan", "--d", "9", "--gap", "1", "--n", "99", code=code)
    assert "AUC" in text
    _, text = loaded("sites", "a-folder", code=code, exit_code=2)
    assert text.startswith("nullprobe: ")
    assert "pip install 'nullprobe[models]'" in text
    assert text.count("\n") == 1
