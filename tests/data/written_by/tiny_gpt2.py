"""What the scripts of this folder share: a tiny GPT-2 with random weights, texts as ids, labels."""

from pathlib import Path

import torch
import transformers

HERE = Path(__file__).parent
ROWS, POSITIONS, WIDTH = 12, 5, 4


def model():
    """Return a GPT-2 of two layers, four features wide."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=16, n_positions=16, n_embd=WIDTH, n_layer=2, n_head=1, n_inner=4
    )
    return transformers.GPT2LMHeadModel(config).eval()


def ids():
    """Return token ids (rows, positions); the label of a row is in its last token."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(3, 16, (ROWS, POSITIONS), generator=generator)
    tokens[:, -1] = 1 + labels()
    return tokens


def labels():
    """Return a label (rows,) of each row."""
    return torch.arange(ROWS) % 2


def mask():
    """Return which positions are tokens (rows, positions): all of them, as no text is padded."""
    return torch.ones((ROWS, POSITIONS), dtype=torch.int64)


def states():
    """Return the residual stream after each layer (rows, positions, layers, width)."""
    # Not `hidden_states` of the model: the last of these comes after the final norm.
    gpt, layers = model(), []
    for block in gpt.transformer.h:
        block.register_forward_hook(lambda _, __, output: layers.append(first(output)))
    with torch.no_grad():
        gpt(ids())
    return torch.stack(layers, dim=2)


def first(output):
    """Return the states in the output of a block."""
    return output if isinstance(output, torch.Tensor) else output[0]
