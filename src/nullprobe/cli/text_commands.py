"""Commands about texts: what a file of them gives away, and what a model's states reveal.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nullprobe.cli import arguments, data_options, edit_options
from nullprobe.cli import model_options as options
from nullprobe.cli import options as common

Layered = Annotated[
    list[str],
    typer.Option(
        "--site",
        metavar="SITE",
        help="Where to read: names or patterns of sites, in the order of the layers; repeatable.",
    ),
]
Untrained = Annotated[
    int,
    typer.Option("--untrained", min=0, metavar="K", help="Untrained networks to compare with."),
]
Deep = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help="Layers at which costly claims are judged: no_halfspace, one_feature, gone.",
    ),
]
OutStudy = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder for the page and its JSON, and for parts that are finished: the same command "
        "goes on where it was stopped.",
        show_default=False,
    ),
]
OutRows = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Write the largest balanced subset of the rows, if one exists; the suffix is the "
        "format.",
    ),
]


def statements(
    file: options.TextFile,
    text: options.Text,
    concept: data_options.Concept,
    groups: options.TextGroups = None,
    continuation: options.Continuation = None,
    out: OutRows = None,
    force: common.Force = False,
) -> None:
    """Check what gives the label of texts away, before any capture."""
    from nullprobe.cli import statement_files, texts

    if out is not None:
        arguments.need_another_file(out, [file])
        arguments.need_new(out, force=force)
    columns = texts.TextColumns(text, concept, groups, (), continuation)
    statement_files.run(file, columns, out)


def audit_model(
    model: options.Model,
    file: options.TextFile,
    text: options.Text,
    concept: edit_options.TextConceptToErase,
    out: OutStudy,
    groups: options.TextGroups = None,
    confounds: data_options.Confounds = None,
    site: Layered = ["layers.*.output"],  # noqa: B006  typer makes a new list for each call
    tokens: options.Tokens = "last",
    untrained: Untrained = 2,
    deep: Deep = 3,
    kind: data_options.Kind = None,
    draws: common.Draws = 199,
    alpha: common.Alarms = 0.05,
    min_effect: common.Effect = 0.05,
    batch_size: options.BatchSize = 32,
    dtype: options.Dtype = "auto",
    device: options.Device = None,
    adapter: options.Adapter = None,
    revision: options.Revision = None,
    layer_list: options.LayerList = None,
    seed: common.Seed = 0,
    jobs: common.Jobs = -1,
    title: common.Title = None,
    force: common.Force = False,
) -> None:
    """Audit what the states of a model reveal about a concept, layer by layer, and its source."""
    from nullprobe.cli import column_options, model_studies, model_tasks, output, sources, texts
    from nullprobe.cli import verdict_tables as tables

    output.need_folder(out)
    stem = output.stem(sources.stem(file), concept, "audit-model")
    output.need_new(out, stem, force=force)
    known = tuple(column_options.names_in(file, confounds))
    loading = {"dtype": dtype, "device": device, "adapter": adapter, "revision": revision}
    settings = {
        "sites": site, "untrained": untrained, "deep": deep, "kind": kind, "draws": draws,
        "alpha": alpha, "min_effect": min_effect, "batch_size": batch_size, "layers": layer_list,
        "random_state": seed, "n_jobs": jobs, "title": title, "confounds": known,
    }  # fmt: skip
    command = arguments.line(
        "nullprobe", "audit-model", model, file, text=text, concept=concept, groups=groups,
        confounds=confounds, site=site, tokens=tokens, untrained=untrained, deep=deep, kind=kind,
        draws=draws, alpha=alpha, min_effect=min_effect, batch_size=batch_size,
        layer_list=layer_list, title=title, seed=seed, **loading,
    )  # fmt: skip
    task = texts.Task(file, texts.TextColumns(text, concept, groups, known), site, tokens)
    loaded = model_tasks.loaded(model, loading)
    result = model_studies.audit_of(model, loaded, task, out, settings, command)
    paths = output.write_both(out, stem, result.to_html, result.to_json)
    tables.say(str(result))
    tables.show_files(*paths)
