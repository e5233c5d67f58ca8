"""Every eraser declares what it owes, and every law is tested somewhere."""

from pathlib import Path

from methods import LAWS, OWED, owing

from nullprobe.erasers import ERASERS


def test_every_eraser_declares_its_laws():
    assert set(OWED) == set(ERASERS.values())


def test_every_eraser_owes_known_laws():
    for owed in OWED.values():
        assert owed <= set(LAWS)
        assert owed


def test_every_law_is_owed_and_tested():
    sources = "".join(p.read_text("utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    for law in LAWS:
        assert owing(law), law
        assert f'owing("{law}")' in sources, law
