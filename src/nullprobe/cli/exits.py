"""Exits: which exit code an error means, and the one sentence that says what happened."""

from __future__ import annotations

import re
import sys
import traceback

from nullprobe._core.printable import printable
from nullprobe._core.validation import InputError
from nullprobe.cli import streams
from nullprobe.cli.arguments import UsageError
from nullprobe.cli.option_names import in_options

OUR_FAULT, BAD_INPUT = 1, 2
EXTRA = ("torch", "transformers", "tokenizers")  # what "nullprobe[models]" installs

# What pydantic says of a number, and what we say.
LIMITS = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r"Input should be greater than or equal to (\S+)", r"a number of at least \1 is required"),
        (r"Input should be less than or equal to (\S+)", r"a number of at most \1 is required"),
        (r"Input should be a valid integer\b.*", "a whole number is required"),
        (r"Input should be a valid number\b.*", "a number is required"),
    )
]


def explain(error: Exception, *, debug: bool) -> int:
    """Print one sentence about an error to stderr, and return the exit code.

    Parameters
    ----------
    error : Exception
    debug : bool
        Whether to print the traceback, too.
    """
    if debug:
        print(printable("".join(traceback.format_exception(error))), file=sys.stderr, end="")
    code, sentence = verdict(error)
    if not sentence:
        return code
    if code == OUR_FAULT and not debug:
        sentence += "; run it again as `nullprobe --debug ...` to see where"
    end = "" if sentence.endswith(("?", ".")) else "."
    streams.complain(f"{sentence}{end}")
    return code


def verdict(error: Exception) -> tuple[int, str]:
    """Return the exit code of an error and the sentence to print.

    Examples
    --------
    >>> verdict(InputError("X needs rows", "it has none", "pass more data"))
    (2, 'X needs rows, but it has none; pass more data.')
    >>> verdict(PermissionError(13, "Permission denied", "a.csv"))
    (2, "'a.csv': permission denied")
    """
    if isinstance(error, UsageError):
        return BAD_INPUT, _usage(error)
    if isinstance(error, InputError):
        return BAD_INPUT, in_options(_one_line(error))
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRA:
        return BAD_INPUT, f"this command needs {error.name}: pip install 'nullprobe[models]'"
    if isinstance(error, MemoryError):
        return OUR_FAULT, f"memory ran out ({_one_line(error) or 'no details'})"
    if isinstance(error, OSError) and error.errno is not None:  # the system's, not a library's
        what = (error.strerror or str(error)).lower()
        return BAD_INPUT, what if error.filename is None else f"{error.filename!r}: {what}"
    name = type(error).__name__
    line = _one_line(error)
    return OUR_FAULT, f"this is a bug of ours, please report it: {name}{': ' if line else ''}{line}"


def _usage(error: Exception) -> str:
    line = _plain(" ".join(error.format_message().split()), error)  # type: ignore[attr-defined]
    if not line:  # no command at all: the help has been printed, and is the message
        return ""
    context = getattr(error, "ctx", None)
    path = "nullprobe" if context is None else context.command_path
    return f"{line.rstrip('.')}; see `{path} --help`"


def _plain(line: str, error: Exception) -> str:
    """Return a refusal of an option's value in plain words, and the value where it is known."""
    for pattern, words in LIMITS:
        line = pattern.sub(words, line)
    faults = getattr(error.__cause__, "errors", list)()  # of pydantic, which typer checks with
    return f"{line}, but {faults[0]['input']!r} arrived" if faults else line


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
