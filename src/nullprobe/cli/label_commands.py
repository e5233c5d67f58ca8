"""Commands that compare labels.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nullprobe.cli import arguments, data_options, options


def same_concept(
    file: data_options.File,
    concept: data_options.TwoConcepts,
    groups: data_options.Groups = None,
    leave_out: data_options.LeaveOut = None,
    tokens: data_options.RowTokens = None,
    label_file: data_options.LabelFile = None,
    rows: data_options.Rows = None,
    alpha: options.Alarms = 0.05,
    min_effect: options.Effect = 0.05,
    title: options.Title = None,
    out: options.OutFolder = Path(),
    force: options.Force = False,
    draws: options.Draws = 499,
    n_splits: options.Splits = 4,
    duplicates: options.Duplicates = "group",
    independent: options.Independent = False,
    seed: options.Seed = 0,
    jobs: options.Jobs = -1,
) -> None:
    """Say whether two sets of labels for one idea are the same to a probe."""
    from nullprobe.cli import (
        column_options,
        file_columns,
        label_comparisons,
        output,
        showing,
        sources,
        verdict_tables,
    )

    names = column_options.names_in(file, concept)
    if len(names) != 2:
        raise arguments.UsageError(
            "--concept takes two columns of labels, such as --concept A,B (a name that holds a "
            f"comma in double quotes), but {' and '.join(map(repr, names))} arrived"
        )

    output.need_folder(out)
    first, second = names
    stem = output.stem(sources.stem(file), f"{first}-and-{second}", "same-concept")
    output.need_new(out, stem, force=force)
    command = arguments.line(
        "nullprobe", "same-concept", file, concept=concept, groups=groups, leave_out=leave_out,
        tokens=tokens, labels=label_file, rows=rows, alpha=alpha, min_effect=min_effect,
        draws=draws, n_splits=n_splits, duplicates=duplicates,
        independent=independent, title=title, seed=seed,
    )  # fmt: skip
    how = {
        "alpha": alpha, "min_effect": min_effect, "draws": draws, "n_splits": n_splits,
        "duplicates": duplicates, "independent": independent, "random_state": seed,
    }  # fmt: skip
    columns = file_columns.columns_of(
        file, first, others=[second], groups=groups, leave_out=leave_out or (), rows=rows, seed=seed
    )
    result = label_comparisons.run(file, columns, second, how, command)
    if title is not None:
        result = replace(result, audit=replace(result.audit, title=title))
    paths = output.write_both(out, stem, result.to_html, result.to_json)
    showing.labels(result, verdict_tables.Terminal())
    verdict_tables.show_files(*paths)
