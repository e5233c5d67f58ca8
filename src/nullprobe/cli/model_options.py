"""Options of the commands that run models, each in one place; nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A folder with a model in safetensors and its tokenizer, a .gguf file, a folder of a "
        "PEFT adapter, or a name on the hub.",
        show_default=False,
    ),
]
TextFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A .jsonl, .csv or .parquet with a column of texts or chats, or a .npz with an array "
        "of texts.",
        show_default=False,
    ),
]
TextOrNone = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="COLUMN",
        help="The texts: words, chats (lists of messages with role and content), or token ids.",
        show_default=False,
    ),
]
Image = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="COLUMN",
        help="Instead of --text: paths of images, relative to the file.",
        show_default=False,
    ),
]
TextsOrImages = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A file with a column of texts, chats or paths of images; or a folder of images, "
        "where folders name labels.",
        show_default=False,
    ),
]
CaptureTokens = Annotated[
    str | None,
    typer.Option(
        "--tokens",
        metavar="RULE",
        help="Which tokens of a text are read: last, mean, all, every, a role such as assistant, "
        "marks ([[...]]), spans (columns start and end), continuation, mean:assistant, a position, "
        "several (0,-1) or a slice (1:3). Of an image: class, or mean (of the patches). By default "
        "last, and class.",
        show_default=False,
    ),
]
Text = Annotated[
    str,
    typer.Option(
        "--text",
        metavar="COLUMN",
        help="The texts: words, chats (lists of messages with role and content), or token ids.",
        show_default=False,
    ),
]
Sites = Annotated[
    list[str] | None,
    typer.Option(
        "--site",
        metavar="SITE",
        help="Where to read, such as layers.3.output, or a pattern such as 'layers.*.output'; "
        "repeatable. `nullprobe sites MODEL` lists them. By default sentence_embedding, if "
        "sentence-transformers saved the model.",
        show_default=False,
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="COLUMN", help="A further label to keep; repeatable."),
]
TextConcept = Annotated[
    str | None,
    typer.Option(
        "--concept", metavar="COLUMN", help="The concept that an audit of the folder looks for."
    ),
]
TextGroups = Annotated[
    str | None,
    typer.Option("--groups", metavar="COLUMN", help="Texts that belong together."),
]
Tokens = Annotated[
    str,
    typer.Option(
        metavar="RULE",
        help="Which tokens of a text are read: last, mean, all, every, a role such as assistant, "
        "marks ([[...]]), spans (columns start and end), continuation, mean:assistant, a position, "
        "several (0,-1) or a slice (1:3).",
    ),
]
Continuation = Annotated[
    str | None, typer.Option("--continuation", metavar="COLUMN", help="What follows each text.")
]
Role = Annotated[
    str | None,
    typer.Option(
        "--role",
        metavar="COLUMN",
        help="Where each row is a message of a chat: its author. --text is then the message.",
    ),
]
Conversation = Annotated[
    str | None,
    typer.Option("--conversation", metavar="COLUMN", help="Where each row is a message: its chat."),
]
GenerationPrompt = Annotated[
    bool,
    typer.Option(
        "--add-generation-prompt", help="Chats end in the start of an answer, which is read, too."
    ),
]
BatchSize = Annotated[int, typer.Option(min=1, help="Texts that go through the model together.")]
MaxLength = Annotated[
    int | None,
    typer.Option(min=1, help="Tokens of the longest text; longer ones are cut, with a warning."),
]
ShardSize = Annotated[int, typer.Option(min=1, help="Texts in a file of the folder.")]
Dtype = Annotated[
    str, typer.Option(help="auto, float64, float32, bfloat16 or float16: what the model runs in.")
]
Device = Annotated[
    str | None,
    typer.Option(help="Such as cuda, or auto to spread the model over all that there is."),
]
Quantization = Annotated[
    str | None,
    typer.Option(metavar="BITS", help="4bit or 8bit: quantise the weights with bitsandbytes."),
]
Adapter = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="A PEFT adapter, a folder or a name on the hub; it is merged into the weights, unless "
        "they are quantised.",
    ),
]
Revision = Annotated[
    str | None,
    typer.Option(help="Branch, tag or commit of a model on the hub."),
]
LayerList = Annotated[
    str | None,
    typer.Option(
        "--layer-list",
        metavar="PATH",
        help="The module that lists the layers, where the structure does not show it.",
    ),
]
OutCapture = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="PATH",
        help="Folder for the shards, in which a run that was stopped continues; or one file, such "
        "as vectors.parquet, with a row for each row that is read.",
        show_default=False,
    ),
]
UntrainedCaptures = Annotated[
    int,
    typer.Option(
        "--untrained",
        min=0,
        metavar="K",
        help="Capture K networks of this architecture with random weights, too: the first goes to "
        "PATH-untrained-1.",
    ),
]
AtSite = Annotated[
    str | None,
    typer.Option(
        "--site",
        metavar="SITE",
        help="The site, of a folder of captured states; or the array or column, of a file that "
        "holds several.",
    ),
]
ModelDemo = Annotated[
    bool,
    typer.Option(
        "--model",
        help="Instead: train a small language model and audit its layers, in about five minutes "
        "the first time.",
    ),
]
