"""Commands that compare erasers, and readers of contrast pairs.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from pathlib import Path

from nullprobe.cli import arguments, data_options, options, pair_options


def compare(
    file: data_options.File,
    concept: data_options.Concept,
    groups: data_options.Groups = None,
    keep: options.Keep = None,
    leave_out: data_options.LeaveOut = None,
    tokens: data_options.RowTokens = None,
    label_file: data_options.LabelFile = None,
    kind: data_options.Kind = None,
    missing: data_options.Missing = "error",
    rows: data_options.Rows = None,
    erasers: options.Erasers = None,
    probes: options.Probes = None,
    min_effect: options.Effect = 0.05,
    duplicates: options.Duplicates = "group",
    independent: options.Independent = False,
    title: options.Title = None,
    out: options.OutFolder = Path(),
    force: options.Force = False,
    seed: options.Seed = 0,
    jobs: options.Jobs = -1,
    brief: options.Brief = False,
) -> None:
    """Compare erasers: what each leaves to fresh probes on new data, and what it costs."""
    from nullprobe.cli import comparisons, file_columns, output, showing, sources, verdict_tables

    output.need_folder(out)
    stem = output.stem(sources.stem(file), concept, "compare")
    output.need_new(out, stem, force=force)
    columns = file_columns.Columns(
        concept, groups, leave_out or (), kind, missing=missing, rows=rows, seed=seed
    )
    data = file_columns.table(file, columns, keep or (), "--keep")
    command = arguments.line(
        "nullprobe", "compare", file, concept=concept, groups=groups, keep=keep,
        leave_out=leave_out, tokens=tokens, labels=label_file,
        kind=kind, erasers=erasers, probes=probes,
        missing=arguments.unless(missing, "error"), rows=rows, min_effect=min_effect,
        duplicates=duplicates, independent=independent, title=title, seed=seed,
    )  # fmt: skip
    settings = comparisons.Settings(
        title or f"{sources.stem(file)}: {concept}", arguments.names(erasers),
        arguments.names(probes), seed, command,
        {**file_columns.origin(file, columns), **file_columns.dropped(data)}, duplicates,
        independent, min_effect,
    )  # fmt: skip
    result = comparisons.run(data, settings)
    paths = output.write_both(out, stem, result.to_html, result.to_json)
    showing.erasers(result.document().plain(), verdict_tables.Terminal(), brief=brief)
    verdict_tables.show_files(*paths)


def compare_pairs(
    file: data_options.File,
    concept: pair_options.Truth,
    negative: pair_options.Negative = "negative",
    positive: pair_options.Positive = "positive",
    groups: pair_options.Templates = None,
    other: pair_options.OtherLabels = None,
    tokens: data_options.RowTokens = None,
    title: options.Title = None,
    out: options.OutFolder = Path(),
    force: options.Force = False,
    seed: options.Seed = 0,
    brief: options.Brief = False,
) -> None:
    """Compare readers of contrast pairs: CCS, its relatives, random directions, and labels."""
    from nullprobe.cli import output, pair_comparisons, showing, sources, verdict_tables

    output.need_folder(out)
    name = sources.stem(file)
    stem = output.stem(name, concept, "compare-pairs")
    output.need_new(out, stem, force=force)
    command = arguments.line(
        "nullprobe", "compare-pairs", file, concept=concept, negative=negative,
        positive=positive, groups=groups, other=other, tokens=tokens, title=title,
        seed=seed,
    )  # fmt: skip
    columns = pair_comparisons.Columns(negative, positive, concept, groups, other or ())
    result = pair_comparisons.run(file, columns, title or f"{name}: {concept}", seed, command)
    paths = output.write_both(out, stem, result.to_html, result.to_json)
    showing.pairs(result.document().plain(), verdict_tables.Terminal(), brief=brief)
    verdict_tables.show_files(*paths)
