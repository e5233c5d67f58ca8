"""A tiny random Llama in one GGUF file, with a tokenizer of letters."""

import numpy as np
import pytest

gguf = pytest.importorskip("gguf")

TOKENS = ["<s>", "</s>", "ab", *"abcdefghij", "Ġ"]
WIDTH, HIDDEN = 32, 64
QUANTISED = ("attn_q", "ffn_up", "ffn_down")


def save(path, *, seed=0, quantised=False, parts=None, architecture="llama"):
    """Write a model of two layers; some of its matrices in Q8_0 if ``quantised``."""
    v, d, h = len(TOKENS), WIDTH, HIDDEN
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(2)
    writer.add_embedding_length(d)
    writer.add_feed_forward_length(h)
    writer.add_vocab_size(v)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_context_length(64)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_merges(["a b"])
    writer.add_token_types([3, 3] + [1] * (v - 2))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    if parts is not None:
        writer.add_uint16("split.count", parts)
    rng = np.random.default_rng(seed)
    for name, shape in shapes(v, d, h).items():
        values = (np.abs(rng.normal(size=shape)) / d**0.5).astype("float32")
        if quantised and name.split(".")[-1] in QUANTISED:
            kind = gguf.GGMLQuantizationType.Q8_0
            packed = gguf.quants.quantize(values, kind)
            writer.add_tensor(f"{name}.weight", packed, raw_dtype=kind)
        else:
            writer.add_tensor(f"{name}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def shapes(v, d, h):
    """Return the shape of each weight by its name in the file."""
    layer = {
        "attn_norm": (d,),
        "ffn_norm": (d,),
        "ffn_gate": (h, d),
        "ffn_up": (h, d),
        "ffn_down": (d, h),
        **{f"attn_{part}": (d, d) for part in ("q", "k", "v", "output")},
    }
    blocks = {f"blk.{i}.{name}": shape for i in (0, 1) for name, shape in layer.items()}
    return {"token_embd": (v, d), "output": (v, d), "output_norm": (d,), **blocks}
