"""Write nnsight.pt: values that a trace saved, as a dict of tensors."""

import nnsight
import tiny_gpt2
import torch

model = nnsight.NNsight(tiny_gpt2.model())
with model.trace(tiny_gpt2.ids()):
    saved = nnsight.save({})
    for i in range(2):
        saved[f"layer {i}"] = tiny_gpt2.first(model.transformer.h[i].output)
content = {**saved, "attention_mask": tiny_gpt2.mask(), "label": tiny_gpt2.labels()}
torch.save(content, tiny_gpt2.HERE / "nnsight.pt")
print({name: (type(value).__name__, tuple(value.shape)) for name, value in content.items()})
