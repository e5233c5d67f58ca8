"""The commands: parse, call, exit code.

Heavy rooms are imported inside the commands that need them, so that ``--help`` and a mistyped
option answer at once. No other file of the house imports anything late.
"""

from __future__ import annotations

import csv
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nullprobe._version import __version__

DONE, INTERRUPTED, NO_READER = 0, 130, 141  # the others are in exits.py

app = typer.Typer(
    name="nullprobe",
    help="Find, remove and audit concepts in representations, "
    "and say what each result is a fact about.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A .npz, .npy, .safetensors, .parquet or .csv, or a folder of shards of one of these.",
        show_default=False,
    ),
]
ConceptColumn = Annotated[
    str,
    typer.Option(
        "--concept", metavar="COLUMN", help="The column or array to look for.", show_default=False
    ),
]
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A column that is no feature, such as an identifier; repeatable.",
    ),
]
Numeric = Annotated[
    bool, typer.Option("--numeric", help="The concept is a measured number, not a label.")
]
OutFolder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for the page and its JSON twin.")
]
Permutations = Annotated[int, typer.Option(min=39, metavar="N", help="Labellings drawn by chance.")]
Surrogates = Annotated[
    int, typer.Option(min=39, metavar="N", help="Gaussian data sets of the same moments.")
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Same seed, same bytes.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"nullprobe {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool,
        typer.Option("--debug", envvar="NULLPROBE_DEBUG", help="Show the traceback of an error."),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Find, remove and audit concepts in representations, and say what a result is about."""


@app.command()
def demo(
    out: OutFolder = Path("."),
    permutations: Permutations = 499,
    surrogates: Surrogates = 99,
    seed: Seed = 0,
) -> None:
    """Audit the founding experiment and two data sets of scikit-learn, in under a minute."""
    from nullprobe.cli import demo as demonstration
    from nullprobe.cli import subject, verdicts

    subject.need_folder(out)
    drawn = _line(permutations=permutations, surrogates=surrogates, seed=seed)
    settings = subject.Settings(permutations, surrogates, seed, f"nullprobe demo {drawn}")
    verdicts.say(demonstration.QUESTION)
    results = []
    for one in demonstration.subjects(seed):
        results.append(subject.run(one, settings))
        verdicts.show(results[-1])
    verdicts.show_files(*subject.write(out, "nullprobe-demo", results))


@app.command()
def audit(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="A .npz, .npy, .safetensors, .parquet or .csv, or a folder of shards of one of "
            "these.",
            show_default=False,
        ),
    ] = None,
    concept: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column or array to look for.", show_default=False),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Rows with the same value there belong together."),
    ] = None,
    leave_out: LeaveOut = None,
    numeric: Numeric = False,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help="Another representation of the same rows, such as a bag of words; repeatable.",
        ),
    ] = None,
    world: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Audit data with a known answer instead of a file."),
    ] = None,
    world_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An argument of the world; repeatable."),
    ] = None,
    claims: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Claims to judge, by default all that apply: readable, one_direction, "
            "erasure_holds, no_halfspace.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="C1,C2,C3", help="Columns to draw, by name or number from 0."),
    ] = None,
    out: OutFolder = Path("."),
    permutations: Permutations = 999,
    surrogates: Surrogates = 99,
    seed: Seed = 0,
) -> None:
    """Audit what a representation says about a concept, and what that is a fact about."""
    if (file is None) == (world is None):
        raise _usage("audit takes a FILE or --world NAME: one of the two")
    if file is not None and world_option:
        raise _usage("--world-option belongs to --world, not to a file")
    if world is not None and (concept or groups or leave_out or numeric or baseline):
        raise _usage(
            "--concept, --groups, --leave-out, --numeric and --baseline belong to a FILE, "
            "and a world brings its own"
        )
    from nullprobe.cli import sources, subject, verdicts

    subject.need_folder(out)
    if file is not None:
        if concept is None:
            sources.need_concept(file)
        meaning = sources.Columns(concept, groups, leave_out or (), numeric)
        one, stem = sources.file_subject(file, meaning, baseline or ()), sources.stem(file)
    else:
        one, stem = sources.world_subject(world or "", world_option or (), seed), world
    command = _line(
        "nullprobe", "audit", *([file] if file else []), concept=concept, groups=groups,
        leave_out=leave_out, numeric=numeric, baseline=baseline, world=world,
        world_option=world_option, claims=claims, columns=columns, permutations=permutations,
        surrogates=surrogates, seed=seed,
    )  # fmt: skip
    settings = subject.Settings(
        permutations, surrogates, seed, command, _names(claims), _names(columns) or ()
    )
    result = subject.run(one, settings)
    paths = subject.write(out, f"{stem}-audit", [result])
    verdicts.show(result, truth=one.truth.items())
    verdicts.show_files(*paths)


@app.command()
def fit(
    file: File,
    concept: ConceptColumn,
    out: Annotated[
        Path,
        typer.Option(metavar="ERASER", help="Where to: a .safetensors file.", show_default=False),
    ],
    method: Annotated[
        str, typer.Option(metavar="NAME", help="One of leace, mean_projection.")
    ] = "leace",
    leave_out: LeaveOut = None,
    numeric: Numeric = False,
) -> None:
    """Fit an eraser of a concept to the rows of a file."""
    from nullprobe.cli import erasing, sources

    erasing.need_eraser_path(out)
    found = sources.table(file, sources.Columns(concept, None, leave_out or (), numeric))
    eraser = erasing.fit(found, method, [concept, *(leave_out or ())])
    eraser.save(out)
    print(
        f"{eraser.method} removes {_count(eraser.rank, 'direction')} of {eraser.d:,}, fitted to "
        f"{_count(len(found.X), 'row')}.\nWrote {out}"
    )


@app.command()
def apply(
    eraser: Annotated[
        Path,
        typer.Argument(metavar="ERASER", help="What `nullprobe fit` wrote.", show_default=False),
    ],
    file: File,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="Where to; the suffix says the format.", show_default=False
        ),
    ],
    leave_out: LeaveOut = None,
) -> None:
    """Erase a concept from a file; all that is no feature stays as it is."""
    from nullprobe.cli import erasing

    fitted, n = erasing.apply(eraser, file, out, leave_out or ())
    print(
        f"{fitted.method} took {_count(fitted.rank, 'direction')} of {fitted.d:,} out of "
        f"{_count(n, 'row')}.\nWrote {out}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, 1 (our fault), 2 (bad input) or 130 (Ctrl-C)."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe that knows no Greek gets question marks rather than a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = False
    try:
        command = typer.main.get_command(app)
        with command.make_context("nullprobe", given) as context:
            debug = bool(context.params.get("debug"))
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as exit_:
        return exit_.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("nullprobe: interrupted; nothing was left half-written.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; stop Python from complaining about that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
    except Exception as error:
        from nullprobe.cli.exits import explain

        return explain(error, debug=debug)
    return DONE


def _usage(text: str) -> Exception:
    from nullprobe.cli.exits import UsageError

    return UsageError(text)


def _names(text: str | None) -> list[str] | None:
    """Return the parts of a list with commas, or None where there is none; quotes hold commas."""
    if text is None:
        return None
    return [part.strip() for part in next(csv.reader([text], skipinitialspace=True), [])]


def _line(*words: Any, **options: Any) -> str:
    """Return a command line, so that a document can say how to make it again."""
    line = [str(word) for word in words]
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            line.append(flag)
        elif value is not None and value is not False:
            for one in value if isinstance(value, list) else [value]:
                line += [flag, str(one)]
    return shlex.join(line)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
