"""What tests of the model organism share: a small one, and how two are compared."""

from nullprobe import worlds
from nullprobe._core import progress
from nullprobe.worlds.language_models import training

FEW = {"n_entities": 12, "steps": 3}


def brief(**options):
    """Return an organism that was trained for a moment, and not kept."""
    return worlds.language(**{"cache": False, **FEW, **options})


def same(model, other):
    """Return whether two models have the same weights, to the byte."""
    mine, others = model.state_dict(), other.state_dict()
    return list(mine) == list(others) and all(
        mine[name].numpy().tobytes() == others[name].numpy().tobytes() for name in mine
    )


def trained_llama(steps=100, texts=200):
    """Return a Llama of four layers that has learned a little, its tokenizer, and statements."""
    from transformers import LlamaConfig, LlamaForCausalLM

    organism = brief()
    words = sorted(organism.tokenizer.get_vocab(), key=organism.tokenizer.get_vocab().get)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=256, num_hidden_layers=4,
        num_attention_heads=2, max_position_embeddings=16, initializer_range=0.125,
        pad_token_id=0, bos_token_id=2, eos_token_id=2,
    )  # fmt: skip
    with training.untouched(0):
        model = LlamaForCausalLM(config)
    training.train(model, organism.facts, words, steps=steps, seed=0, report=progress.silent)
    return model.eval(), organism.tokenizer, organism.statements(texts)
