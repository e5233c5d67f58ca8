"""Every command runs in an empty folder, as a user would run it."""

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, as a user would, and not in debug mode."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NULLPROBE_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path
