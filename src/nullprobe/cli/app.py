"""The command line: its commands, and how each ends.

The files of commands import heavy rooms inside the functions that need them, so that ``--help`` and
a mistyped option answer at once. Elsewhere only the package and ``worlds`` import a name late.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import typer

from nullprobe.cli import (
    audit_commands,
    comparison_commands,
    eraser_commands,
    label_commands,
    model_commands,
    options,
    result_commands,
    streams,
    study_commands,
    text_commands,
)

DONE, INTERRUPTED, NO_READER = 0, 130, 141  # the others are in exits.py and result_commands.py

app = typer.Typer(
    name="nullprobe",
    help="Find, remove and audit concepts in representations, "
    "and say what each result takes, and where it comes from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def every_command(debug: options.Debug = False, version: options.Version = False) -> None:
    """Find, remove and audit concepts in representations, and say what a result takes."""


for command in (
    audit_commands.demo,
    audit_commands.audit,
    audit_commands.calibrate,
    label_commands.same_concept,
    comparison_commands.compare,
    comparison_commands.compare_pairs,
    result_commands.show,
    result_commands.check,
    eraser_commands.fit,
    eraser_commands.moments,
    eraser_commands.apply,
    eraser_commands.plan,
    text_commands.statements,
    model_commands.sites,
    model_commands.capture,
    text_commands.audit_model,
    model_commands.audit_use,
    model_commands.scrub,
    model_commands.erase,
    model_commands.bake,
    study_commands.study,
):
    app.command()(command)


@cache
def _tree() -> Any:
    """Return the commands with their options; to read them from the signatures takes a while."""
    return typer.main.get_command(app)


def _in_a_line(message: Warning | str, *_: object) -> None:
    """Print a warning; where in the code it arose helps nobody."""
    streams.warn(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    It is 0, 1 (our fault), 2 (bad input), 3 (a verdict is not as required) or 130 (Ctrl-C).
    """
    for stream in (sys.stdout, sys.stderr):
        # A pipe that knows no Greek gets question marks rather than a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = False
    try:
        command = _tree()
        with command.make_context("nullprobe", words) as context:
            debug = bool(context.params.get("debug"))
            with warnings.catch_warnings():
                # Of data, or of an old name: never an error, whatever the filters were.
                for category in (UserWarning, FutureWarning):
                    warnings.simplefilter("default", category)
                # From joblib, about the tasks that an interrupt leaves undone.
                warnings.filterwarnings("ignore", message=r"\d+ tasks ", category=UserWarning)
                warnings.showwarning = _in_a_line
                command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as exit_:
        return exit_.exit_code
    except (KeyboardInterrupt, typer.Abort):
        streams.complain("interrupted; nothing was left half-written.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; stop Python from complaining about that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
    except Exception as error:
        from nullprobe.cli.exits import explain

        return explain(error, debug=debug)
    return DONE
