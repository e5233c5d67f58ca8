"""The pages of the repository: each link leads somewhere, each path that is named exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_repository_lead_to_files(page):
    links = [one for one in LINK.findall(page.read_text("utf-8")) if "://" not in one]
    broken = [link for link in links if not (page.parent / link).exists()]
    assert broken == []


def test_contributors_are_sent_to_files_and_names_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    paths = re.findall(r"`((?:src|tests|docs|benchmarks|\.ci)/[\w./-]+)`", text)
    assert len(paths) > 10
    broken = [path for path in paths if "NAME" not in path and not (ROOT / path).exists()]
    assert broken == []

    # "`ERASERS` and `__all__` of `src/nullprobe/erasers/__init__.py`"
    tables = {
        "src/nullprobe/erasers/__init__.py": ["ERASERS", "__all__"],
        "src/nullprobe/probes/__init__.py": ["PROBES", "__all__"],
        "src/nullprobe/claims/__init__.py": ["CLAIMS", "__all__"],
        "src/nullprobe/cli/eraser_options.py": ["METHODS", "PROBES"],
        "tests/methods.py": ["OWED"],
    }
    for path, names in tables.items():
        source = (ROOT / path).read_text("utf-8")
        for name in names:
            assert f"`{name}`" in text
            assert re.search(rf"^{name} = ", source, re.MULTILINE), (path, name)
