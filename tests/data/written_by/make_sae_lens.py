"""Write sae_lens/: what CacheActivationsRunner saves, with token_ids; SAELens has no labels."""

import shutil

import sae_lens
import tiny_gpt2
import torch
from datasets import Dataset
from sae_lens import cache_activations_runner as runner
from transformer_lens import HookedTransformer, HookedTransformerConfig

HOOK = "blocks.0.hook_resid_post"
torch.manual_seed(0)
config = HookedTransformerConfig(
    n_layers=2, d_model=tiny_gpt2.WIDTH, n_ctx=16, d_head=4, n_heads=1, d_vocab=16, act_fn="gelu"
)
model = HookedTransformer(config)
# The runner loads models by name from the hub; this one is in memory.
runner.load_model = lambda **_: model
names = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "padding_side": "right"}
model.tokenizer = type("Tokenizer", (), {**names, "name_or_path": "tiny"})()
out = tiny_gpt2.HERE / "sae_lens"
shutil.rmtree(out, ignore_errors=True)
settings = runner.CacheActivationsRunnerConfig(
    dataset_path="in memory",
    model_name="tiny",
    model_batch_size=4,
    hook_name=HOOK,
    d_in=tiny_gpt2.WIDTH,
    training_tokens=tiny_gpt2.ROWS * tiny_gpt2.POSITIONS,
    context_size=tiny_gpt2.POSITIONS,
    new_cached_activations_path=str(out),
    shuffle=False,
    device="cpu",
    # Four rows of text in each file.
    buffer_size_gb=4 * tiny_gpt2.POSITIONS * tiny_gpt2.WIDTH * 4 / 1e9,
    prepend_bos=False,
    streaming=False,
)
data = Dataset.from_dict({"tokens": tiny_gpt2.ids().tolist()})
saved = runner.CacheActivationsRunner(settings, override_dataset=data).run()
print(sae_lens.__version__, saved, sorted(file.name for file in out.iterdir()))
