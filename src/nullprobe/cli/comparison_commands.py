"""Commands that compare erasers, and readers of contrast pairs.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from pathlib import Path

from nullprobe.cli import arguments, options, pair_options


def compare(
    file: options.File,
    concept: options.Concept,
    groups: options.Groups = None,
    keep: options.Keep = None,
    leave_out: options.LeaveOut = None,
    kind: options.Kind = None,
    erasers: options.Erasers = None,
    probes: options.Probes = None,
    min_effect: options.Effect = 0.05,
    duplicates: options.Duplicates = "group",
    independent: options.Independent = False,
    out: options.OutFolder = Path(),
    seed: options.Seed = 0,
    jobs: options.Jobs = -1,
) -> None:
    """Compare erasers: what each leaves to fresh probes on new data, and what it costs."""
    from nullprobe.cli import comparisons, file_columns, output, showing, sources, verdict_tables

    output.need_folder(out)
    columns = file_columns.Columns(concept, groups, leave_out or (), kind)
    data = file_columns.table(file, columns, keep or (), "--keep")
    command = arguments.line(
        "nullprobe", "compare", file, concept=concept, groups=groups, keep=keep,
        leave_out=leave_out, kind=kind, erasers=erasers, probes=probes,
        min_effect=min_effect, duplicates=duplicates, independent=independent, seed=seed,
    )  # fmt: skip
    settings = comparisons.Settings(
        f"{sources.stem(file)}: {concept}", arguments.names(erasers), arguments.names(probes), seed,
        command, file_columns.origin(file, columns), duplicates, independent,
        min_effect,
    )  # fmt: skip
    result = comparisons.run(data, settings)
    stem = output.stem(sources.stem(file), concept, "compare")
    paths = output.write_both(out, stem, result.to_html, result.to_json)
    showing.erasers(result.document().plain(), verdict_tables.Terminal())
    verdict_tables.show_files(*paths)


def compare_pairs(
    file: options.File,
    concept: pair_options.Truth,
    negative: pair_options.Negative = "negative",
    positive: pair_options.Positive = "positive",
    groups: pair_options.Templates = None,
    other: pair_options.OtherLabels = None,
    out: options.OutFolder = Path(),
    seed: options.Seed = 0,
) -> None:
    """Compare readers of contrast pairs: CCS, its relatives, random directions, and labels."""
    from nullprobe.cli import output, pair_comparisons, showing, sources, verdict_tables

    output.need_folder(out)
    command = arguments.line(
        "nullprobe", "compare-pairs", file, concept=concept, negative=negative,
        positive=positive, groups=groups, other=other, seed=seed,
    )  # fmt: skip
    columns = pair_comparisons.Columns(negative, positive, concept, groups, other or ())
    name = sources.stem(file)
    result = pair_comparisons.run(file, columns, name, seed, command)
    stem = output.stem(name, concept, "compare-pairs")
    paths = output.write_both(out, stem, result.to_html, result.to_json)
    showing.pairs(result.document().plain(), verdict_tables.Terminal())
    verdict_tables.show_files(*paths)
