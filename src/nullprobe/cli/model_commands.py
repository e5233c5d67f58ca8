"""Commands that run models: what sites they have, what passes there, and erasers baked in.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from nullprobe.cli import model_options as options


def sites(
    model: options.Model,
    layer_list: options.LayerList = None,
    revision: options.Revision = None,
) -> None:
    """List the sites of a model, where hidden states can be read and edited."""
    from nullprobe.cli import model_tasks

    print("\n".join(model_tasks.listed(model, layer_list, revision)))


def capture(
    model: options.Model,
    file: options.TextFile,
    text: options.Text,
    site: options.Sites,
    out: options.OutCapture,
    concept: options.TextConcept = None,
    groups: options.TextGroups = None,
    label: options.Labels = None,
    continuation: options.Continuation = None,
    role: options.Role = None,
    chat: options.Chat = None,
    tokens: options.Tokens = "last",
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
) -> None:
    """Read what passes sites of a model for each text of a file, into a folder of shards."""
    from nullprobe.cli import model_tasks, texts

    told = texts.Told(text, concept, groups, label or (), continuation, role, chat)
    settings = {
        "batch_size": batch_size, "max_length": max_length, "shard_size": shard_size,
        "layers": layer_list, "add_generation_prompt": add_generation_prompt,
    }  # fmt: skip
    loading = {
        "dtype": dtype, "device": device, "quantization": quantization, "adapter": adapter,
        "revision": revision, "merge": quantization is None,
    }  # fmt: skip
    print(model_tasks.capture(model, file, told, site, out, settings, loading, tokens=tokens))


def bake(
    model: options.Model,
    eraser: options.BakedErasers,
    out: options.OutModel,
    tol: options.Tolerance = None,
    texts: options.EffectTexts = None,
    text: options.EffectText = None,
    concept: options.EffectConcept = None,
    answers: options.EffectAnswers = None,
    groups: options.TextGroups = None,
    dtype: options.Dtype = "auto",
    adapter: options.Adapter = None,
    revision: options.Revision = None,
    layer_list: options.LayerList = None,
) -> None:
    """Write erasers into the weights of a model, and save it as one that needs no hooks."""
    from nullprobe.cli import baking, model_tasks

    asked = baking.asked(texts, text, concept, answers, groups)
    loading = {"dtype": dtype, "adapter": adapter, "revision": revision, "merge": True}
    print(model_tasks.bake(model, eraser, out, asked, loading, layers=layer_list, tol=tol))
