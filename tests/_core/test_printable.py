"""Control characters are written out, and nothing else changes."""

import unicodedata

import pytest
from rich.text import Text

from nullprobe._core.printable import in_a_line, plain_values, printable
from nullprobe.report.text import terminal


def test_every_control_of_unicode_is_written_out_but_tabs_and_line_breaks():
    for number in range(0x110000):
        if unicodedata.category(chr(number)) in ("Cc", "Cs"):
            shown = printable(chr(number))
            assert (shown == chr(number)) is (chr(number) in "\t\n")


@pytest.mark.parametrize(
    "letter", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
)
def test_what_turns_letters_round_is_written_out(letter):
    assert printable(f"a{letter}b") == f"a\\u{ord(letter):04x}b"


@pytest.mark.parametrize("text", ["Straße", "中文", "α = .05", "[bold]", "שלום", "👩‍🔬", "a\tb\nc"])
def test_letters_of_all_scripts_stay(text):
    assert printable(text) == text


def test_a_name_stands_in_a_line():
    assert in_a_line("a\nWrote /etc/passwd") == "a\\nWrote /etc/passwd"


def test_keys_and_values_of_a_document_are_escaped():
    assert plain_values({"a\x07": ["b\x1b", 1, None]}) == {"a\\x07": ["b\\x1b", 1, None]}


def test_printed_text_reads_no_markup_and_no_controls():
    table = terminal.grid("\x1b[2J", [Text("[red]\u202e")], heads=["\x07"])
    shown = terminal.text("[red]\x1b", table)
    assert "[red]\\x1b" in shown
    assert "[red]\\u202e" in shown
    assert not set(shown) & set("\x1b\x07\u202e")
