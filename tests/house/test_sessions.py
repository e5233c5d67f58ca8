"""What contributors and CI run: sessions that exist, on versions that the package allows."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SESSIONS = {
    node.name: ast.get_docstring(node)
    for node in ast.parse((ROOT / "noxfile.py").read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef)
    and any(ast.unparse(one).startswith("nox.session") for one in node.decorator_list)
}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORDS = re.compile(r"nox -s ([^\n`)|]+)")


def versions():
    """Return the versions of Python that the classifiers name, oldest first."""
    found = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    return sorted(found, key=lambda version: int(version.split(".")[1]))


def workflow(path):
    """Return a workflow; YAML reads its key `on` as True."""
    return yaml.safe_load(path.read_text("utf-8"))


def expanded(job):
    """Return the commands of a job, once for each cell of its matrix."""
    commands = [step["run"] for step in job["steps"] if "run" in step]
    matrix = job.get("strategy", {}).get("matrix", {})
    for key, values in matrix.items():
        mark = f"${{{{ matrix.{key} }}}}"
        commands = [text.replace(mark, value) for text in commands for value in values]
    return commands


def named(text):
    """Return the sessions that a text runs by name."""
    return [word.strip('"').lower() for run in WORDS.findall(text)
            for word in run.split(" -- ")[0].split()]  # fmt: skip


def test_there_are_the_sessions_that_contributors_know():
    expected = {"test", "slow", "long", "lint", "types", "docs", "bench", "oldest"}
    assert set(SESSIONS) == expected
    assert all(SESSIONS.values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_run_sessions_that_exist_on_versions_that_are_allowed(path):
    runs = [one for job in workflow(path)["jobs"].values() for one in expanded(job)]
    sessions = [session for run in runs for session in named(run)]
    assert sessions
    for session in sessions:
        name, _, version = session.partition("-")
        assert name in SESSIONS, session
        assert not version or version in versions(), session


def test_the_contributing_page_names_sessions_that_exist_and_all_of_ci():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert set(named(text)) <= set(SESSIONS)
    assert set(named(text)) >= {"slow", "long", "lint", "types", "docs", "bench", "oldest"}


def test_ci_tests_every_version_on_every_system_and_the_oldest_dependencies():
    (path,) = [one for one in WORKFLOWS if one.name == "ci.yml"]
    jobs = workflow(path)["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert matrix["python"] == versions()
    assert {one.split("-")[0] for one in matrix["os"]} == {"ubuntu", "macos", "windows"}
    runs = {session for job in jobs.values() for run in expanded(job) for session in named(run)}
    assert runs >= {"lint", "types", "docs", "oldest", *(f"test-{one}" for one in versions())}
    assert any(session.startswith("slow") for session in runs)


def test_the_oldest_version_of_python_is_the_same_everywhere():
    oldest = versions()[0]
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    assert PROJECT["tool"]["pyright"]["pythonVersion"] == oldest


def test_a_release_is_uploaded_without_a_password():
    (path,) = [one for one in WORKFLOWS if one.name == "release.yml"]
    content = workflow(path)
    assert "secrets." not in path.read_text("utf-8")
    assert content["permissions"] == {"contents": "read"}
    assert content["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert content["jobs"]["publish"]["needs"] == "build"
    assert content["jobs"]["build"]["needs"] == "test"


def test_hooks_are_local_and_run_what_the_lint_session_runs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [one["repo"] for one in hooks] == ["local"]
    entries = {" ".join(one["entry"].split()[:2]) for one in hooks[0]["hooks"]}
    assert entries == {"ruff check", "ruff format", "python .ci/plain_english.py", "lint-imports"}
    lint = (ROOT / "noxfile.py").read_text("utf-8").partition("def lint")[2].partition("@nox")[0]
    for entry in entries:
        assert ", ".join(f'"{word}"' for word in entry.split()) in lint


def test_the_default_loop_leaves_slow_tests_out_and_ci_runs_them():
    options = PROJECT["tool"]["pytest"]["ini_options"]
    assert options["addopts"].split(" -m ")[1].strip() == '"not slow and not long"'
    assert [one.split(":")[0] for one in options["markers"]] == ["slow", "long"]
    # .ci/run takes its command from the README.
    readme = (ROOT / "README.md").read_text("utf-8")
    command = readme.partition("<!-- test command -->")[2].partition("```\n")[0]
    assert command.rstrip().endswith('pytest -n 2 --dist loadfile -m "not long"')
    noxfile = (ROOT / "noxfile.py").read_text("utf-8")
    assert 'pytest(session, "-m", "not long")' in noxfile


def test_every_dependency_has_a_lower_bound():
    for one in PROJECT["project"]["dependencies"]:
        assert re.fullmatch(r"[\w-]+>=\d[\d.]*", one), one
