"""The commands: parse, call, exit code.

Heavy rooms are imported inside the commands that need them, so that ``--help`` and a mistyped
option answer at once. No other file of the house imports anything late.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import typer

from nullprobe.cli import options, typed

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


@app.callback()
def every_command(debug: options.Debug = False, version: options.Version = False) -> None:
    """Find, remove and audit concepts in representations, and say what a result is about."""


@app.command()
def demo(
    out: options.OutFolder = Path("."),
    permutations: options.Permutations = 499,
    surrogates: options.Surrogates = 99,
    seed: options.Seed = 0,
) -> None:
    """Audit the founding experiment and two data sets of scikit-learn, in two or three minutes."""
    from nullprobe.cli import demo as demonstration
    from nullprobe.cli import subject, verdicts

    subject.need_folder(out)
    command = typed.line(
        "nullprobe", "demo", permutations=permutations, surrogates=surrogates, seed=seed
    )
    settings = subject.Settings(permutations, surrogates, seed, command)
    verdicts.say(demonstration.QUESTION)
    results = []
    for one in demonstration.subjects(seed):
        results += subject.run(one, settings)
        verdicts.show(results[-1])
    lead = demonstration.point(results)
    verdicts.say(lead[-1])
    verdicts.show_files(*subject.write(out, "nullprobe-demo", results, lead))


@app.command()
def audit(
    file: options.FileIfAny = None,
    concept: options.ConceptIfAny = None,
    groups: options.Groups = None,
    leave_out: options.LeaveOut = None,
    numeric: options.Numeric = False,
    baseline: options.Baselines = None,
    layers: options.Layers = None,
    pairs: options.Pairs = False,
    negative: options.Negative = "negative",
    positive: options.Positive = "positive",
    other: options.OtherLabels = None,
    world: options.World = None,
    world_option: options.WorldOptions = None,
    claims: options.Claims = None,
    columns: options.Columns = None,
    alpha: options.Alarms = 0.05,
    smallest_effect: options.Effect = 0.05,
    out: options.OutFolder = Path("."),
    permutations: options.Permutations = 999,
    surrogates: options.Surrogates = 99,
    seed: options.Seed = 0,
) -> None:
    """Audit what a representation says about a concept, and what that is a fact about."""
    if (file is None) == (world is None):
        raise typed.UsageError("audit takes a FILE or --world NAME: one of the two")
    if file is not None and world_option:
        raise typed.UsageError("--world-option belongs to --world, not to a file")
    of_files = (concept, groups, leave_out, numeric, baseline, layers, pairs)
    if world is not None and any(of_files):
        raise typed.UsageError(
            "--concept, --groups, --leave-out, --numeric, --baseline, --layers and --pairs belong "
            "to a FILE, and a world brings its own"
        )
    if pairs and (layers or leave_out or numeric):
        raise typed.UsageError("--layers, --leave-out and --numeric do not go with --pairs")
    if other and not pairs:
        raise typed.UsageError("--other belongs to --pairs")
    from nullprobe.cli import pairing, sources, subject, verdicts

    subject.need_folder(out)
    if file is not None:
        if concept is None:
            sources.need_concept(file)
        meaning = sources.Columns(concept, groups, leave_out or (), numeric)
        if pairs:
            sides = pairing.Columns(negative, positive, concept, groups, other or ())
            others, source = sources.with_baselines(baseline or (), meaning, sides.source(file))
            one = pairing.subject(file, sides, sources.stem(file), others, source)
        else:
            one = sources.file_subject(file, meaning, baseline or (), layers or ())
        stem = subject.stem(sources.stem(file), concept, "audit")
    else:
        one, stem = sources.world_subject(world or "", world_option or (), seed), f"{world}-audit"
    command = typed.line(
        "nullprobe", "audit", *([file] if file else []), concept=concept, groups=groups,
        leave_out=leave_out, numeric=numeric, baseline=baseline, layers=layers, pairs=pairs,
        negative=negative if pairs else None, positive=positive if pairs else None, other=other,
        world=world,
        world_option=world_option, claims=claims, columns=columns, alpha=alpha,
        smallest_effect=smallest_effect, permutations=permutations, surrogates=surrogates,
        seed=seed,
    )  # fmt: skip
    settings = subject.Settings(
        permutations, surrogates, seed, command, typed.names(claims),
        typed.names(columns) or (), alpha, smallest_effect,
    )  # fmt: skip
    results = subject.run(one, settings)
    paths = subject.write(out, stem, results)
    for result in results:
        verdicts.show(result, truth=one.truth.items())
    verdicts.show_files(*paths)


@app.command()
def compare(
    file: options.File,
    concept: options.Concept,
    groups: options.Groups = None,
    keep: options.Keep = None,
    leave_out: options.LeaveOut = None,
    numeric: options.Numeric = False,
    erasers: options.Erasers = None,
    probes: options.Probes = None,
    out: options.OutFolder = Path("."),
    seed: options.Seed = 0,
) -> None:
    """Compare erasers: what each leaves to fresh probes on new data, and what it costs."""
    from nullprobe.cli import comparing, sources, subject, verdicts

    subject.need_folder(out)
    columns = sources.Columns(concept, groups, leave_out or (), numeric)
    found, others = sources.others_table(file, columns, keep or ())
    command = typed.line(
        "nullprobe", "compare", file, concept=concept, groups=groups, keep=keep,
        leave_out=leave_out, numeric=numeric, erasers=erasers, probes=probes, seed=seed,
    )  # fmt: skip
    settings = comparing.Settings(
        f"{sources.stem(file)}: {concept}", typed.names(erasers), typed.names(probes), seed,
        command, sources.origin(file, columns),
    )  # fmt: skip
    result = comparing.run(found, others, settings)
    stem = subject.stem(sources.stem(file), concept, "compare")
    paths = subject.write_both(out, stem, result.to_html, result.to_json)
    comparing.show(result, verdicts.Terminal())
    verdicts.show_files(*paths)


@app.command()
def compare_pairs(
    file: options.File,
    concept: options.Truth,
    negative: options.Negative = "negative",
    positive: options.Positive = "positive",
    groups: options.Templates = None,
    other: options.OtherLabels = None,
    out: options.OutFolder = Path("."),
    seed: options.Seed = 0,
) -> None:
    """Compare readers of contrast pairs: CCS, its relatives, random directions, and labels."""
    from nullprobe.cli import pairing, sources, subject, verdicts

    subject.need_folder(out)
    command = typed.line(
        "nullprobe", "compare-pairs", file, concept=concept, negative=negative,
        positive=positive, groups=groups, other=other, seed=seed,
    )  # fmt: skip
    columns = pairing.Columns(negative, positive, concept, groups, other or ())
    name = sources.stem(file)
    result = pairing.run(file, columns, name, seed, command)
    stem = subject.stem(name, concept, "compare-pairs")
    paths = subject.write_both(out, stem, result.to_html, result.to_json)
    pairing.show(result, verdicts.Terminal())
    verdicts.show_files(*paths)


@app.command()
def fit(
    file: options.File,
    concept: options.Concept,
    out: options.OutEraser,
    method: options.Method = "leace",
    rank: options.Rank = None,
    max_rank: options.MaxRank = None,
    task: options.Task = None,
    shrinkage: options.Shrinkage = None,
    target: options.Target = None,
    match: options.Match = None,
    loss: options.Loss = None,
    probe: options.Probe = None,
    alpha: options.Alpha = None,
    held_out: options.HeldOut = None,
    seed: options.FitSeed = None,
    leave_out: options.LeaveOut = None,
    numeric: options.Numeric = False,
) -> None:
    """Fit an eraser of a concept to the rows of a file."""
    from nullprobe.cli import erasing, sources

    told = {
        "rank": rank, "max_rank": max_rank, "task": task, "shrinkage": shrinkage,
        "target": target, "match": match, "loss": loss, "probe": probe, "alpha": alpha,
        "held_out": held_out, "random_state": seed,
    }  # fmt: skip
    chosen = erasing.Choice(method, told)
    chosen.check()
    erasing.need_eraser_path(out)
    columns = sources.Columns(concept, None, leave_out or (), numeric)
    tasks = [task] if task else []
    found, kept = sources.others_table(file, columns, tasks)
    eraser = erasing.fit(found, chosen, [concept, *(leave_out or ()), *tasks], kept)
    eraser.save(out)
    print(f"{erasing.fitted(eraser, found)}\nWrote {out}")


@app.command()
def apply(
    eraser: options.Eraser,
    file: options.File,
    out: options.OutFile,
    concept: options.ConceptToErase = None,
    leave_out: options.LeaveOut = None,
) -> None:
    """Erase a concept from a file; all that is no feature stays as it is."""
    from nullprobe.cli import erasing

    done, n = erasing.apply(eraser, file, out, named=concept, leave_out=leave_out or ())
    print(f"{erasing.applied(done, n)}\nWrote {out}")


@app.command()
def plan(
    file: options.FileIfAny = None,
    concept: options.ConceptIfAny = None,
    leave_out: options.LeaveOut = None,
    d: options.FeatureCount = None,
    gap: options.Gap = None,
    share: options.Share = None,
    auc: options.TargetAUC = None,
    n: options.EraserRows = None,
    n_probe: options.ProbeRows = None,
) -> None:
    """Say how many rows an eraser needs, or what a fresh probe reads back after n rows."""
    if (auc is None) == (n is None):
        raise typed.UsageError("plan takes --auc AUC or --n N: one of the two")
    if file is None and (concept or leave_out):
        raise typed.UsageError("--concept and --leave-out belong to a FILE")
    if file is not None and (d, gap, share) != (None, None, None):
        raise typed.UsageError("--d, --gap and --share are measured where there is a FILE")
    setting = None if d is None or gap is None else (d, gap, 0.5 if share is None else share)
    if file is None and setting is None:
        raise typed.UsageError("plan takes a FILE, or --d N and --gap D")
    from nullprobe.cli import planning, sources

    said = []
    if file is not None:
        if concept is None:
            sources.need_concept(file)
        found = sources.table(file, sources.Columns(concept, None, leave_out or ()))
        setting = planning.measured(found)
        said.append(planning.origin(found))
    assert setting is not None, "a plan has a FILE or a setting"
    print("\n".join([*said, planning.answer(*setting, auc, n=n, n_probe=n_probe)]))


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
            with warnings.catch_warnings():
                # What joblib says of the tasks that an interrupt leaves undone.
                warnings.filterwarnings("ignore", message=r"\d+ tasks ", category=UserWarning)
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
