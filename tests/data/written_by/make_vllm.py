"""Write vllm/: hidden states by request, by the functions of vLLM that write them.

vLLM needs a GPU to run. Its wheel is enough for the writer: `python make_vllm.py vllm-*.whl` takes
`extract_from_kv_cache` and `_write_tensors` of the connector out of it, and calls them with a cache
laid out as the connector documents it: [blocks, layers, positions in a block, features].
"""

import ast
import os
import shutil
import sys
import zipfile

import tiny_gpt2
import torch
from safetensors.torch import save_file

FILE = "vllm/distributed/kv_transfer/kv_connector/v1/example_hidden_states_connector.py"
BLOCK = 4


def functions(wheel):
    """Return the two functions of the connector."""
    tree = ast.parse(zipfile.ZipFile(wheel).read(FILE))
    wanted = ("extract_from_kv_cache", "_write_tensors")
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in wanted
    ]
    for node in found:
        node.decorator_list = []
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
    names = {"save_file": save_file, "os": os}
    exec(compile(ast.Module(found, []), FILE, "exec"), names)
    return [names[name] for name in wanted]


class Event:
    """An event of a GPU that has passed."""

    def synchronize(self):
        """Return at once."""


def main(wheel):
    extract, write = functions(wheel)
    folder = tiny_gpt2.HERE / "vllm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    states, ids = tiny_gpt2.states(), tiny_gpt2.ids()
    for row in range(tiny_gpt2.ROWS):
        # As many tokens as in the text; the cache has whole blocks.
        tokens = tiny_gpt2.POSITIONS - row % 3
        last = list(range(tiny_gpt2.POSITIONS - tokens, tiny_gpt2.POSITIONS))
        cache = torch.zeros(2, 2, BLOCK, tiny_gpt2.WIDTH, dtype=torch.bfloat16)
        for position, at in enumerate(last):
            cache[position // BLOCK, :, position % BLOCK] = states[row, at].bfloat16()
        slots = torch.arange(2 * BLOCK)
        file = folder / f"cmpl-{row:04d}-0.safetensors"
        lock = os.open(f"{file}.lock", os.O_CREAT | os.O_WRONLY)
        tensors = {"hidden_states": extract(cache, slots, tokens), "token_ids": ids[row, last]}
        write(tensors, Event(), str(file), lock)
    labels = [f"cmpl-{i:04d}-0,{label}" for i, label in enumerate(tiny_gpt2.labels().tolist())]
    (tiny_gpt2.HERE / "vllm_labels.csv").write_text("\n".join(["request,label", *labels]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
