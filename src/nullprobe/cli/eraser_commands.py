"""Commands that fit, apply and plan erasers.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from nullprobe.cli import arguments, model_options, options


def fit(
    file: options.File,
    out: options.OutEraser,
    concept: options.ConceptIfAny = None,
    site: model_options.AtSite = None,
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
    validation_fraction: options.ValidationFraction = None,
    seed: options.FitSeed = None,
    leave_out: options.LeaveOut = None,
    kind: options.Kind = None,
) -> None:
    """Fit an eraser of a concept to the rows of a file, or to captured states of one site."""
    from nullprobe.cli import eraser_files, sources

    told = {
        "rank": rank, "max_rank": max_rank, "task": task, "shrinkage": shrinkage,
        "target": target, "match": match, "loss": loss, "probe": probe, "alpha": alpha,
        "validation_fraction": validation_fraction, "random_state": seed,
    }  # fmt: skip
    chosen = eraser_files.Choice(method, told)
    chosen.check()
    eraser_files.need_eraser_path(out)
    tasks = [task] if task else []
    columns = sources.columns_of(file, concept, others=tasks, leave_out=leave_out or (), kind=kind)
    columns, where = sources.at_site(file, columns, site)
    found = sources.table(file, columns, tasks)
    eraser = eraser_files.fit(found, chosen, [columns.concept, *columns.leave_out, *tasks], where)
    eraser.save(out)
    print(f"{eraser_files.fitted(eraser, found)}\nWrote {out}")


def apply(
    eraser: options.Eraser,
    file: options.File,
    out: options.OutFile,
    concept: options.ConceptToErase = None,
    leave_out: options.LeaveOut = None,
) -> None:
    """Erase a concept from a file; all that is no feature stays as it is."""
    from nullprobe.cli import eraser_files

    done, n = eraser_files.apply(eraser, file, out, named=concept, leave_out=leave_out or ())
    print(f"{eraser_files.applied(done, n)}\nWrote {out}")


def plan(
    file: options.FileIfAny = None,
    concept: options.ConceptIfAny = None,
    leave_out: options.LeaveOut = None,
    d: options.FeatureCount = None,
    gap: options.Gap = None,
    positive_fraction: options.PositiveFraction = None,
    auc: options.TargetAUC = None,
    n: options.EraserRows = None,
    n_probe: options.ProbeRows = None,
    absence: options.Absence = None,
    claim: options.PlannedClaim = None,
    min_effect: options.PlannedEffect = None,
) -> None:
    """Say how many rows an eraser, an absence or a verdict needs, or what n rows leave."""
    if absence is not None or claim is not None:
        if any(one is not None for one in (file, concept, leave_out, d, gap, auc, n, n_probe)):
            raise arguments.UsageError(
                "--absence and --claim go with --positive-fraction and --min-effect alone"
            )
        from nullprobe.cli import sample_size

        effect = 0.05 if min_effect is None else min_effect
        if absence is None:
            print(sample_size.verdict(claim or "", positive_fraction, effect))
        else:
            print(sample_size.absence(absence, positive_fraction, claim or "readable", effect))
        return
    if min_effect is not None:
        raise arguments.UsageError("--min-effect belongs to --absence or --claim")
    if (auc is None) == (n is None):
        raise arguments.UsageError("plan takes --auc AUC or --n N: one of the two (or --absence N)")
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
    from nullprobe.cli import sample_size, sources

    said = []
    if file is not None:
        if concept is None:
            sources.need_concept(file)
        found = sources.table(file, sources.Columns(concept, None, leave_out or ()))
        setting = sample_size.measured(found)
        said.append(sample_size.origin(found))
    assert setting is not None, "a plan has a FILE or a setting"
    print("\n".join([*said, sample_size.answer(*setting, auc, n=n, n_probe=n_probe)]))
