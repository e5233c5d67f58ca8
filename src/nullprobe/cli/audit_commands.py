"""Commands that audit, and that measure how often an audit is wrong.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from pathlib import Path

from nullprobe.cli import arguments, data_options, model_options, options, pair_options


def demo(
    out: options.OutFolder = Path(),
    force: options.Force = False,
    draws: options.Draws = 99,
    seed: options.Seed = 0,
    jobs: options.Jobs = -1,
    model: model_options.ModelDemo = False,
    verbose: options.Verbose = False,
) -> None:
    """Audit the founding experiment and two data sets of scikit-learn, in about four minutes."""
    from nullprobe.auditing.options import checked_draws
    from nullprobe.claims import Thresholds
    from nullprobe.cli import output, subject, verdict_tables
    from nullprobe.cli.demos import founding as demonstration

    output.need_folder(out)
    output.need_new(out, f"nullprobe-demo{'-model' if model else ''}", force=force)
    draws, _ = checked_draws(draws, None, None, Thresholds())
    if model:
        demo_of_model(out, draws, seed, verbose=verbose)
        return
    command = arguments.line("nullprobe", "demo", draws=draws, seed=seed)
    settings = subject.Settings(draws, seed, command)
    verdict_tables.say(demonstration.QUESTION)
    results = []
    for one in demonstration.subjects(seed):
        results += subject.run(one, settings)
        verdict_tables.show(results[-1], verbose=verbose)
    lead = demonstration.point(results)
    for what, text in lead:
        verdict_tables.say(f"{what}: {text}")
    verdict_tables.show_files(*output.write(out, "nullprobe-demo", results, lead))


def demo_of_model(out: Path, draws: int, seed: int, *, verbose: bool) -> None:
    """Train a small language model, and audit what its layers hold and use."""
    from nullprobe.cli import output, verdict_tables
    from nullprobe.cli.demos import language_model

    command = arguments.line("nullprobe", "demo", model=True, draws=draws, seed=seed)
    subspaces = min(draws, language_model.MOST_SUBSPACES)
    settings = language_model.Settings(seed, draws, subspaces, command)
    verdict_tables.say(language_model.QUESTION)
    organism = language_model.grown(settings)
    results = language_model.audits(organism, settings)
    verdict_tables.show(*results, verbose=verbose)
    table = language_model.layer_by_layer(results)
    verdict_tables.show_table(table)
    lead = language_model.point(organism, results, settings)
    for what, text in lead:
        verdict_tables.say(f"{what}: {text}")
    verdict_tables.show_files(*output.write(out, "nullprobe-demo-model", results, lead, [table]))


def audit(
    file: data_options.FileIfAny = None,
    concept: data_options.Concepts = None,
    groups: data_options.Groups = None,
    leave_out: data_options.LeaveOut = None,
    tokens: data_options.RowTokens = None,
    label_file: data_options.LabelFile = None,
    kind: data_options.Kind = None,
    missing: data_options.Missing = "error",
    rows: data_options.Rows = None,
    order: options.Order = None,
    baseline: data_options.Baselines = None,
    untrained: data_options.Untrained = None,
    confounds: data_options.Confounds = None,
    text: data_options.Texts = None,
    eraser: data_options.FittedEraser = None,
    task: data_options.AuditedTask = None,
    layers: data_options.Layers = None,
    pairs: data_options.Pairs = False,
    negative: pair_options.AuditedNegative = None,
    positive: pair_options.AuditedPositive = None,
    other: pair_options.OtherLabels = None,
    world: data_options.World = None,
    world_option: data_options.WorldOptions = None,
    claims: options.Claims = None,
    columns: options.Columns = None,
    alpha: options.Alarms = 0.05,
    min_effect: options.Effect = 0.05,
    title: options.Title = None,
    out: options.OutFolder = Path(),
    force: options.Force = False,
    draws: options.Draws = 499,
    n_splits: options.Splits = 4,
    n_features: options.Features = 8,
    depth: options.Depth = "full",
    duplicates: options.Duplicates = "group",
    independent: options.Independent = False,
    permutations: options.Permutations = None,
    surrogates: options.Surrogates = None,
    seed: options.Seed = 0,
    jobs: options.Jobs = -1,
    verbose: options.Verbose = False,
    brief: options.Brief = False,
) -> None:
    """Audit what a representation says of a concept, what that takes, and where it comes from."""
    if brief and verbose:
        raise arguments.UsageError("--brief does not go with --verbose")
    if (file is None) == (world is None):
        raise arguments.UsageError("audit takes a FILE or --world NAME: one of the two")
    if file is not None and world_option:
        raise arguments.UsageError("--world-option belongs to --world, not to a file")
    of_files = (
        concept, groups, leave_out, kind, order, baseline, untrained, confounds, text, eraser, task,
        layers, pairs, tokens, label_file,
    )  # fmt: skip
    if world is not None and any(of_files):
        raise arguments.UsageError(
            "--concept, --groups, --leave-out, --kind, --order, --baseline, --untrained, "
            "--confounds, --text, --eraser, --task, --layers, --pairs, --tokens and --labels "
            "belong to a FILE, and a world brings its own"
        )
    if pairs and (layers or leave_out or kind):
        raise arguments.UsageError("--layers, --leave-out and --kind do not go with --pairs")
    if pairs and (confounds or eraser or text):
        raise arguments.UsageError("--confounds, --text and --eraser do not go with --pairs")
    if missing != "error" and (world is not None or pairs or baseline or untrained):
        raise arguments.UsageError(
            "--missing does not go with --world, --pairs, --baseline or --untrained: drop the same "
            "rows in all files"
        )
    if rows is not None and (world is not None or pairs or baseline or untrained):
        raise arguments.UsageError(
            "--rows does not go with --world, --pairs, --baseline or --untrained: write the same "
            "rows to all files"
        )
    if rows is not None and missing != "error" and layers:
        raise arguments.UsageError("--rows and --missing do not go together with --layers")
    if task and not eraser:
        raise arguments.UsageError("--task belongs to --eraser")
    if (negative or positive or other) and not pairs:
        raise arguments.UsageError("--negative, --positive and --other belong to --pairs")
    negative, positive = negative or "negative", positive or "positive"
    attributes = []
    if file is not None and "," in (concept or ""):
        from nullprobe.cli import column_options

        attributes = column_options.names_in(file, concept)
        concept = attributes[0] if len(attributes) == 1 else concept  # the name holds a comma
    alone = (order, baseline, untrained, confounds, text, eraser, layers, pairs, columns)
    if len(attributes) > 1 and (missing != "error" or rows is not None):
        raise arguments.UsageError(
            "--missing and --rows do not go with several columns of --concept"
        )
    if len(attributes) > 1 and any(alone):
        raise arguments.UsageError(
            "--concept with several columns does not go with --order, --baseline, --untrained, "
            "--confounds, --text, --eraser, --layers, --pairs or --columns: audit one at a time"
        )
    from nullprobe.cli import (
        attribute_audits,
        column_options,
        file_columns,
        output,
        pair_comparisons,
        sources,
        subject,
        verdict_tables,
    )
    from nullprobe.data import formats
    from nullprobe.erasers.maps.loading import load_eraser

    output.need_folder(out)
    by_attribute = {}
    if file is not None and len(attributes) > 1:
        by_attribute = attribute_audits.subjects(file, attributes, groups, leave_out or (), kind)
        one = next(iter(by_attribute.values()))
        stem = output.stem(sources.stem(file), "-and-".join(attributes), "audit")
    elif file is not None:
        labels = [tuple(column_options.names_in(file, one)) for one in (confounds, task)]
        meaning = file_columns.columns_of(
            file,
            concept,
            others=(*labels[0], *labels[1], *([text] if text else [])),
            groups=groups,
            leave_out=leave_out or (),
            kind=kind,
            order=order,
            confounds=labels[0],
            tasks=labels[1],
            text=text,
            missing=missing,
            rows=rows,
            seed=seed,
        )
        concept, groups = meaning.concept, meaning.groups
        layers = layers or formats.sites(file)
        if not (layers or pairs):
            layers = sources.layers_in(file, meaning)
        if pairs:
            sides = pair_comparisons.Columns(negative, positive, concept, groups, other or ())
            one = pair_comparisons.subject(file, sides, sources.stem(file), order)
        else:
            one = sources.file_subject(file, meaning, layers or ())
        one = sources.with_others(one, meaning, baselines=baseline or (), untrained=untrained or ())
        stem = output.stem(sources.stem(file), concept, "audit")
    else:
        one, stem = sources.world_subject(world or "", world_option or (), seed), f"{world}-audit"
    output.need_new(out, stem, force=force)
    command = arguments.line(
        "nullprobe", "audit", *([file] if file else []), concept=concept, groups=groups,
        leave_out=leave_out, kind=kind, order=order, baseline=baseline, untrained=untrained,
        confounds=confounds, text=text, eraser=eraser, task=task, layers=layers, pairs=pairs,
        negative=negative if pairs else None, positive=positive if pairs else None, other=other,
        world=world,
        world_option=world_option, tokens=tokens, labels=label_file,
        claims=claims, columns=columns, alpha=alpha,
        min_effect=min_effect, draws=draws, n_splits=n_splits, depth=depth,
        duplicates=duplicates, independent=independent, permutations=permutations,
        surrogates=surrogates, missing=arguments.unless(missing, "error"), rows=rows, title=title,
        seed=seed, n_features=arguments.unless(n_features, 8),
    )  # fmt: skip
    settings = subject.Settings(
        draws, seed, command, arguments.names(claims), arguments.names(columns) or (), alpha,
        min_effect, n_splits, depth, duplicates, independent,
        {"n_permutations": permutations, "n_surrogates": surrogates},
        None if eraser is None else load_eraser(eraser), title, n_features,
    )  # fmt: skip
    if file is not None and by_attribute:
        results = attribute_audits.run(by_attribute, settings, file)
    else:
        results = subject.run(one, settings)
    paths = output.write(out, stem, results)
    if brief:
        verdict_tables.show_brief(*results)
    else:
        verdict_tables.show(*results, truth=one.truth.items(), verbose=verbose)
    verdict_tables.show_files(*paths)


def calibrate(
    file: data_options.File,
    concept: data_options.ConceptIfAny = None,
    groups: data_options.Groups = None,
    leave_out: data_options.LeaveOut = None,
    tokens: data_options.RowTokens = None,
    label_file: data_options.LabelFile = None,
    kind: data_options.Kind = None,
    rows: data_options.Rows = None,
    claims: options.CalibratedClaims = None,
    alpha: options.Alarms = 0.05,
    min_effect: options.Effect = 0.05,
    audits: options.Audits = 100,
    draws: options.FewDraws = 99,
    n_splits: options.Splits = 4,
    duplicates: options.Duplicates = "group",
    seed: options.Seed = 0,
    jobs: options.Jobs = -1,
) -> None:
    """Measure how often verdicts are wrong on the rows of a file, where the truth is known."""
    from nullprobe.auditing.calibrating import NAMES
    from nullprobe.auditing.calibrating import calibrate as calibrated
    from nullprobe.cli import file_columns, sources, subject, verdict_tables

    meaning = file_columns.columns_of(
        file, concept, groups=groups, leave_out=leave_out or (), kind=kind, rows=rows, seed=seed
    )
    one = sources.file_subject(file, meaning)
    with subject.Bars(one.title) as bars:
        rates = calibrated(
            one.X, one.y, groups=one.groups, claims=arguments.names(claims) or NAMES,
            n_audits=audits, draws=draws, n_splits=n_splits, alpha=alpha, min_effect=min_effect,
            duplicates=duplicates, random_state=seed, progress=bars,
        )  # fmt: skip
    verdict_tables.say(rates.conclusion)
    verdict_tables.say(f"{one.title}: wrong verdicts where the truth is known, asked: {alpha:g}")
    verdict_tables.show_plain(rates.table)
