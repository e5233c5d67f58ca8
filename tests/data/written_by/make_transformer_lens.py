"""Write transformer_lens.pt: `cache_dict` of an ActivationCache, with labels."""

import tempfile

import tiny_gpt2
import tokenizers
import torch
import transformers
from transformer_lens import TransformerBridge

# The library reads model and tokenizer from a folder.
words = {"[UNK]": 0, **{f"w{i}": i for i in range(1, 16)}}
tokenizer = transformers.PreTrainedTokenizerFast(
    tokenizer_object=tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]")),
    unk_token="[UNK]", bos_token="[UNK]", eos_token="[UNK]", pad_token="[UNK]",
)  # fmt: skip
with tempfile.TemporaryDirectory() as folder:
    tiny_gpt2.model().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    bridge = TransformerBridge.boot_transformers(folder, device="cpu")
wanted = ("hook_embed", "hook_resid_post", "hook_pattern")
_, cache = bridge.run_with_cache(
    tiny_gpt2.ids(), names_filter=lambda name: name.endswith(wanted), return_type="logits"
)
content = {**cache.cache_dict, "attention_mask": tiny_gpt2.mask(), "label": tiny_gpt2.labels()}
torch.save(content, tiny_gpt2.HERE / "transformer_lens.pt")
print({name: tuple(value.shape) for name, value in content.items()})
