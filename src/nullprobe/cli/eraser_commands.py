"""Commands that fit, apply and plan erasers.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from nullprobe.cli import arguments, data_options, eraser_options, model_options, options, streams


def fit(
    files: eraser_options.FilesToFit,
    out: eraser_options.OutEraser,
    concept: data_options.ConceptIfAny = None,
    site: model_options.AtSite = None,
    method: eraser_options.Method = "leace",
    rank: eraser_options.Rank = None,
    max_rank: eraser_options.MaxRank = None,
    task: eraser_options.Task = None,
    shrinkage: eraser_options.Shrinkage = None,
    target: eraser_options.Target = None,
    match: eraser_options.Match = None,
    loss: eraser_options.Loss = None,
    probe: eraser_options.Probe = None,
    alpha: eraser_options.Alpha = None,
    validation_fraction: eraser_options.ValidationFraction = None,
    seed: eraser_options.FitSeed = None,
    leave_out: data_options.LeaveOut = None,
    tokens: data_options.RowTokens = None,
    label_file: data_options.LabelFile = None,
    kind: data_options.Kind = None,
    missing: data_options.Missing = "error",
    moments: eraser_options.FromMoments = False,
    force: options.Force = False,
) -> None:
    """Fit an eraser of a concept to the rows of a file, to captured states, or to moments."""
    arguments.need_another_file(out, files)
    arguments.need_new(out, force=force)
    if moments:
        of_rows = {
            "--concept": concept, "--site": site, "--task": task, "--leave-out": leave_out,
            "--kind": kind, "--missing": arguments.unless(missing, "error"), "--tokens": tokens,
            "--labels": label_file,
        }  # fmt: skip
        arrived = [name for name, value in of_rows.items() if value is not None]
        if arrived:
            raise arguments.UsageError(
                f"{' and '.join(arrived)} cannot be used with --moments: `nullprobe moments` has "
                "read the rows"
            )
    elif len(files) > 1:
        raise arguments.UsageError(
            f"fit takes one FILE of rows, but {len(files)} arrived; put them into one folder, or "
            "write the moments of each with `nullprobe moments`, and fit with --moments"
        )
    from nullprobe.cli import (
        eraser_choice,
        eraser_files,
        eraser_sentences,
        file_columns,
        moment_files,
    )

    parameters = {
        "rank": rank, "max_rank": max_rank, "task": task, "shrinkage": shrinkage,
        "target": target, "match": match, "loss": loss, "probe": probe, "alpha": alpha,
        "validation_fraction": validation_fraction, "random_state": seed,
    }  # fmt: skip
    chosen = eraser_choice.Choice(method, parameters)
    if moments:
        eraser, n, constant = moment_files.fit(files, chosen, out)
        eraser.save(out)
        streams.write(eraser_sentences.fitted(eraser, n, constant=constant), f"Wrote {out}")
        return
    chosen.check()
    eraser_files.need_eraser_path(out)
    file = files[0]
    tasks = [task] if task else []
    columns = file_columns.columns_of(
        file, concept, others=tasks, leave_out=leave_out or (), kind=kind, missing=missing
    )
    columns, where = file_columns.at_site(file, columns, site)
    data = file_columns.row_stream(file, columns, tasks, "--task")
    eraser = eraser_files.fit(data, chosen, [columns.concept, *columns.leave_out, *tasks], where)
    eraser.save(out)
    constant = eraser_files.is_constant(data.y)
    streams.write(eraser_sentences.fitted(eraser, data.n, constant=constant), f"Wrote {out}")


def moments(
    file: data_options.File,
    out: eraser_options.OutMoments,
    concept: data_options.ConceptIfAny = None,
    site: model_options.AtSite = None,
    per_class: eraser_options.PerClass = False,
    leave_out: data_options.LeaveOut = None,
    tokens: data_options.RowTokens = None,
    label_file: data_options.LabelFile = None,
    kind: data_options.Kind = None,
    force: options.Force = False,
) -> None:
    """Write means and covariances of a file, from which `fit --moments` fits an eraser."""
    arguments.need_another_file(out, [file])
    arguments.need_new(out, force=force)
    from nullprobe.cli import file_columns, moment_files

    moment_files.need_moments_path(out)
    columns = file_columns.columns_of(file, concept, leave_out=leave_out or (), kind=kind)
    columns, where = file_columns.at_site(file, columns, site)
    data = file_columns.row_stream(file, columns)
    others = [columns.concept, *columns.leave_out]
    gathered = moment_files.gather(data, others, where, per_class=per_class)
    gathered.save(out)
    streams.write(moment_files.described(gathered), f"Wrote {out}")


def apply(
    eraser: eraser_options.Eraser,
    file: data_options.File,
    out: eraser_options.OutFile,
    concept: eraser_options.ConceptToErase = None,
    leave_out: data_options.LeaveOut = None,
    tokens: data_options.RowTokens = None,
    label_file: data_options.LabelFile = None,
    force: options.Force = False,
) -> None:
    """Erase a concept from a file; whatever is not a feature stays as it is."""
    arguments.need_another_file(out, [eraser, file])
    arguments.need_new(out, force=force)
    from nullprobe.cli import eraser_files, eraser_sentences

    done, n = eraser_files.apply(eraser, file, out, named=concept, leave_out=leave_out or ())
    streams.write(eraser_sentences.applied(done, n), f"Wrote {out}")


def plan(
    file: data_options.FileIfAny = None,
    concept: data_options.ConceptIfAny = None,
    leave_out: data_options.LeaveOut = None,
    d: eraser_options.FeatureCount = None,
    gap: eraser_options.Gap = None,
    positive_fraction: eraser_options.PositiveFraction = None,
    auc: eraser_options.TargetAUC = None,
    n: eraser_options.EraserRows = None,
    n_probe: eraser_options.ProbeRows = None,
    absence: eraser_options.Absence = None,
    claim: eraser_options.PlannedClaim = None,
    kind: eraser_options.PlannedKind = None,
    min_effect: eraser_options.PlannedEffect = None,
    effect: eraser_options.PairEffect = None,
    sd: eraser_options.PairSpread = None,
    pilot: eraser_options.Pilot = None,
    power: eraser_options.Power = None,
) -> None:
    """Say how many rows an eraser, an absence or a verdict needs, or pairs an interchange."""
    if effect is not None:
        others = (
            file, concept, leave_out, d, gap, positive_fraction, auc, n, n_probe, absence, claim,
            kind, min_effect,
        )  # fmt: skip
        if any(one is not None for one in others) or (sd is None) == (pilot is None):
            raise arguments.UsageError(
                "--effect goes with --sd or --pilot, one of the two, and with --power alone"
            )
        from nullprobe.cli import pair_plan

        streams.write(pair_plan.answer(effect, sd, pilot, power))
        return
    if (sd, pilot, power) != (None, None, None):
        raise arguments.UsageError("--sd, --pilot and --power belong to --effect")
    if absence is not None or claim is not None:
        others = {
            "a FILE": file, "--concept": concept, "--leave-out": leave_out,
            "--d": None if kind == "numeric" else d, "--gap": gap,
            "--auc": auc, "--n": n, "--n-probe": n_probe,
        }  # fmt: skip
        arrived = [name for name, value in others.items() if value is not None]
        if arrived:
            raise arguments.UsageError(
                "--absence and --claim go with --positive-fraction and --min-effect alone (--claim "
                f"with --kind numeric and --d as well), but {' and '.join(arrived)} arrived"
            )
        if absence is not None and kind == "numeric":
            raise arguments.UsageError(
                "--absence is planned for two classes; for numbers, --claim NAME without --absence "
                "gives the rows with which an effect is detected or excluded"
            )
        from nullprobe.cli import sample_size

        effect = 0.05 if min_effect is None else min_effect
        if absence is None:
            of = kind or "labels"
            streams.write(sample_size.verdict(claim or "", positive_fraction, effect, of, d))
        else:
            rows = sample_size.absence(absence, positive_fraction, claim or "readable", effect)
            streams.write(rows)
        return
    if min_effect is not None:
        raise arguments.UsageError("--min-effect belongs to --absence or --claim")
    if kind is not None:
        raise arguments.UsageError("--kind belongs to --claim")
    if (auc is None) == (n is None):
        raise arguments.UsageError(
            "plan takes --auc AUC or --n N: one of the two (or --absence N, or --claim NAME)"
        )
    if file is None and (concept or leave_out):
        raise arguments.UsageError("--concept and --leave-out belong to a FILE")
    if file is not None and (d, gap, positive_fraction) != (None, None, None):
        raise arguments.UsageError(
            "--d, --gap and --positive-fraction are measured where there is a FILE"
        )
    fraction = 0.5 if positive_fraction is None else positive_fraction
    setting = None if d is None or gap is None else (d, gap, fraction)
    if file is None and setting is None:
        raise arguments.UsageError("plan takes a FILE, or --d N and --gap D")
    from nullprobe.cli import file_columns, sample_size

    lines: list[str] = []
    if file is not None:
        columns = file_columns.columns_of(file, concept, leave_out=leave_out or ())
        data = file_columns.row_stream(file, columns)
        setting = sample_size.measured(data)
        lines.append(sample_size.origin(data))
    assert setting is not None, "a plan has a FILE or a setting"
    streams.write(sample_size.answer(*setting, auc, n=n, n_probe=n_probe), *lines)
