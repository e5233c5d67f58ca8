"""Commands that run models: what passes their sites, what is used, and what erasing changes.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from pathlib import Path

from nullprobe.cli import arguments, data_options, edit_options, eraser_options, streams
from nullprobe.cli import model_options as options
from nullprobe.cli import options as common


def sites(
    model: options.Model,
    layer_list: options.LayerList = None,
    revision: options.Revision = None,
) -> None:
    """List the sites of a model, where hidden states can be read and edited."""
    from nullprobe.cli import model_tasks

    streams.write(*model_tasks.listed(model, layer_list, revision))


def capture(
    model: options.Model,
    file: options.TextsOrImages,
    out: options.OutCapture,
    text: options.TextOrNone = None,
    image: options.Image = None,
    site: options.Sites = None,
    concept: options.TextConcept = None,
    groups: options.TextGroups = None,
    label: options.Labels = None,
    continuation: options.Continuation = None,
    role: options.Role = None,
    conversation: options.Conversation = None,
    tokens: options.CaptureTokens = None,
    add_generation_prompt: options.GenerationPrompt = False,
    batch_size: options.BatchSize = 32,
    max_length: options.MaxLength = None,
    shard_size: options.ShardSize = 1024,
    dtype: options.Dtype = "auto",
    device: options.Device = None,
    quantization: options.Quantization = None,
    adapter: options.Adapter = None,
    revision: options.Revision = None,
    layer_list: options.LayerList = None,
    untrained: options.UntrainedCaptures = 0,
    force: common.Force = False,
) -> None:
    """Read what passes sites of a model for each text or image, into a folder or one file."""
    from nullprobe.cli import captures, image_captures, texts

    settings = {
        "batch_size": batch_size, "max_length": max_length, "shard_size": shard_size,
        "layers": layer_list, "add_generation_prompt": add_generation_prompt,
    }  # fmt: skip
    loading = {
        "dtype": dtype, "device": device, "quantization": quantization, "adapter": adapter,
        "revision": revision,
    }  # fmt: skip
    target = captures.Target(out, force)
    if text is None:
        arguments.need_no({
            "--continuation": continuation, "--role": role, "--conversation": conversation,
            "--max-length": max_length, "--quantization": quantization, "--adapter": adapter,
            "--add-generation-prompt": add_generation_prompt or None,
            "--untrained": untrained or None,
        })  # fmt: skip
        images = image_captures.Images(file, image, concept, groups, label or ())
        wanted = captures.Wanted(site or (), tokens or "class")
        streams.write(image_captures.capture(model, images, wanted, target, settings, loading))
        return
    if image is not None:
        raise arguments.UsageError("--text and --image exclude each other")
    columns = texts.TextColumns(
        text, concept, groups, label or (), continuation, role, conversation
    )
    task = texts.Task(file, columns, site or (), tokens or "last")
    streams.write(captures.capture(model, task, target, settings, loading, untrained))


def bake(
    model: options.Model,
    eraser: edit_options.Erasers,
    out: edit_options.OutModel,
    tol: edit_options.Tolerance = None,
    texts: edit_options.EffectTexts = None,
    text: edit_options.EffectText = None,
    concept: edit_options.EffectConcept = None,
    answers: edit_options.EffectAnswers = None,
    groups: options.TextGroups = None,
    dtype: options.Dtype = "auto",
    adapter: options.Adapter = None,
    revision: options.Revision = None,
    layer_list: options.LayerList = None,
) -> None:
    """Write erasers into the weights of a model, and save it as one that needs no hooks."""
    from nullprobe.cli import baking, model_tasks

    compared = baking.texts_of(texts, text, concept, answers, groups)
    settings = {"layers": layer_list, "tol": tol}
    loading = {"dtype": dtype, "adapter": adapter, "revision": revision}
    streams.write(model_tasks.bake(model, eraser, out, compared, settings, loading))


def audit_use(
    model: options.Model,
    file: options.TextFile,
    text: options.Text,
    concept: edit_options.TextConceptToErase,
    site: edit_options.EditedSites,
    answers: edit_options.Answers,
    neutral: edit_options.Neutral = None,
    groups: options.TextGroups = None,
    pairs: edit_options.Pairs = None,
    other_concept: edit_options.OtherConcepts = None,
    kind: data_options.Kind = None,
    tokens: edit_options.FitTokens = "last",
    method: edit_options.MomentMethod = "leace",
    rank: eraser_options.Rank = None,
    shrinkage: eraser_options.Shrinkage = None,
    draws: edit_options.Draws = 99,
    alpha: common.Alarms = 0.05,
    min_effect: edit_options.UseEffect = 0.05,
    batch_size: options.BatchSize = 32,
    max_length: options.MaxLength = None,
    dtype: options.Dtype = "auto",
    device: options.Device = None,
    quantization: options.Quantization = None,
    adapter: options.Adapter = None,
    revision: options.Revision = None,
    layer_list: options.LayerList = None,
    seed: common.Seed = 0,
    title: common.Title = None,
    out: common.OutFolder = Path(),
    force: common.Force = False,
    verbose: common.Verbose = False,
) -> None:
    """Audit whether a model uses a concept: whether erasing it changes what the model answers."""
    from nullprobe.cli import model_audits, model_tasks, output, sources, texts, verdict_tables

    output.need_folder(out)
    stem = output.stem(sources.stem(file), concept, "audit-use")
    output.need_new(out, stem, force=force)
    if other_concept and pairs is None:
        raise arguments.UsageError("--other-concept belongs to --pairs")
    partners = model_audits.Partners(pairs, tuple(other_concept or ()))
    columns = texts.TextColumns(text, concept, groups, [answers, *partners.columns])
    loading = {
        "dtype": dtype, "device": device, "quantization": quantization, "adapter": adapter,
        "revision": revision,
    }  # fmt: skip
    settings = {
        "n_draws": draws, "alpha": alpha, "min_effect": min_effect, "batch_size": batch_size,
        "max_length": max_length, "layers": layer_list, "random_state": seed,
    }  # fmt: skip
    fit = model_tasks.Fit(method, rank, shrinkage, kind)
    command = arguments.line(
        "nullprobe", "audit-use", model, file, text=text, concept=concept, site=site,
        answers=answers, neutral=neutral, groups=groups, pairs=pairs,
        other_concept=other_concept or None, kind=kind, tokens=tokens, method=method,
        rank=rank, shrinkage=shrinkage, draws=draws, alpha=alpha, min_effect=min_effect,
        batch_size=batch_size, max_length=max_length, layer_list=layer_list, title=title,
        seed=seed, **loading,
    )  # fmt: skip
    task = model_audits.UseTask(
        file, columns, site, answers, neutral, tokens, command, title, partners
    )
    results = model_audits.run(model, task, fit, settings, loading)
    paths = output.write(out, stem, results)
    verdict_tables.show(*results, verbose=verbose)
    verdict_tables.show_files(*paths)


def scrub(
    model: options.Model,
    file: options.TextFile,
    text: options.Text,
    concept: edit_options.TextConceptToErase,
    site: edit_options.EditedSites,
    out: edit_options.OutErasers,
    kind: data_options.Kind = None,
    tokens: edit_options.FitTokens = "last",
    add_generation_prompt: options.GenerationPrompt = False,
    method: edit_options.MomentMethod = "leace",
    rank: eraser_options.Rank = None,
    shrinkage: eraser_options.Shrinkage = None,
    batch_size: options.BatchSize = 32,
    max_length: options.MaxLength = None,
    dtype: options.Dtype = "auto",
    device: options.Device = None,
    quantization: options.Quantization = None,
    adapter: options.Adapter = None,
    revision: options.Revision = None,
    layer_list: options.LayerList = None,
) -> None:
    """Fit an eraser at each site of a model, with the erasers before it active."""
    from nullprobe.cli import model_edits, model_tasks, texts

    columns = texts.TextColumns(text, concept, None, ())
    settings = {
        "batch_size": batch_size, "max_length": max_length, "layers": layer_list,
        "add_generation_prompt": add_generation_prompt,
    }  # fmt: skip
    fit = model_tasks.Fit(method, rank, shrinkage, kind)
    loading = {
        "dtype": dtype, "device": device, "quantization": quantization, "adapter": adapter,
        "revision": revision,
    }  # fmt: skip
    task = texts.Task(file, columns, site, tokens)
    streams.write(model_edits.scrub(model, task, out, fit, settings, loading))


def erase(
    model: options.Model,
    eraser: edit_options.Erasers,
    generate: edit_options.Prompts = None,
    generate_from: edit_options.PromptFile = None,
    text: edit_options.PromptColumn = None,
    max_new_tokens: edit_options.NewTokens = 50,
    chat: edit_options.Chat = False,
    sample: edit_options.Sample = False,
    temperature: edit_options.Temperature = None,
    seed: common.Seed = 0,
    dtype: options.Dtype = "auto",
    device: options.Device = None,
    quantization: options.Quantization = None,
    adapter: options.Adapter = None,
    revision: options.Revision = None,
    layer_list: options.LayerList = None,
    out: edit_options.OutTexts = None,
    force: common.Force = False,
) -> None:
    """Let a model continue prompts without and with erasers, side by side."""
    arguments.need_another_file(out, [generate_from])
    arguments.need_new(*([] if out is None else [out]), force=force)
    if not generate and generate_from is None:
        raise arguments.UsageError("erase takes prompts: --generate TEXT or --generate-from FILE")
    if (generate_from is None) != (text is None):
        raise arguments.UsageError("--generate-from FILE and --text COLUMN belong together")
    if temperature is not None and not sample:
        raise arguments.UsageError("--temperature belongs to --sample")
    from nullprobe.cli import model_edits

    settings = {
        "max_new_tokens": max_new_tokens, "chat": chat, "sample": sample,
        "temperature": temperature, "random_state": seed, "layers": layer_list,
    }  # fmt: skip
    loading = {
        "dtype": dtype, "device": device, "quantization": quantization, "adapter": adapter,
        "revision": revision,
    }  # fmt: skip
    command = arguments.line(
        "nullprobe", "erase", model, *eraser, generate=generate, generate_from=generate_from,
        text=text, max_new_tokens=max_new_tokens, chat=chat, sample=sample,
        temperature=temperature, seed=seed, layer_list=layer_list, **loading,
    )  # fmt: skip
    prompts = model_edits.Prompts(generate or (), generate_from, text)
    model_edits.written(model, eraser, prompts, out, command, settings, loading)
