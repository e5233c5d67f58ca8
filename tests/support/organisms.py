"""What tests of the model organism share: a small one, and how two are compared."""

from nullprobe import worlds

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
