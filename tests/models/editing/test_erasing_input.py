"""Which erasers, and which sites, cannot be edited in a forward pass."""

import numpy as np
import pytest
from support.editing import D, eraser, hooks, ids
from support.tiny_models import make

from nullprobe import LEACE, InputError, OracleLEACE
from nullprobe.models import erase


def test_a_site_that_holds_no_states_is_complained_of():
    model = make("gpt2")
    model.transformer.h[0].mlp.forward = lambda x: None
    arrived = pytest.raises(InputError, match=r"'layers\.0\.mlp_output'.*NoneType")
    with arrived, erase(model, {"layers.0.mlp_output": eraser()}):
        model(input_ids=ids())


@pytest.mark.parametrize(
    ("erasers", "message"),
    [
        ({"layers.0.outputs": eraser()}, r"did you mean .*'layers\.0\.output'"),
        (
            {"layers.*.output": eraser()},
            r"'layers\.\*\.output' is a pattern.*'layers\.0\.output' \.\.\. 'layers\.1\.output'",
        ),
        ({"layers.*.outputs": eraser()}, r"'layers\.\*\.outputs' must name a site"),
        ({"layers.0.output": eraser(d=8)}, r"'layers\.0\.output' .* 16, .* 8"),
        ({"layers.0.output": LEACE()}, "LEACE has not been fitted"),
        ({"layers.0.output": LEACE}, r"'layers\.0\.output'.* class LEACE"),
        ({"layers.0.output": np.eye(D)}, "AffineEraser, but ndarray"),
        ([("layers.0.output", eraser())], "mapping.* list arrived"),
    ],
)
def test_erasers_that_cannot_be_used_are_refused(erasers, message):
    model = make("gpt2")
    with pytest.raises(InputError, match=message), erase(model, erasers):
        pass
    assert hooks(model) == 0


def test_an_eraser_that_needs_labels_is_refused():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, D)), np.arange(40) % 2
    fitted = OracleLEACE().fit(X, y)
    refused = pytest.raises(InputError, match="labels")
    with refused, erase(make("gpt2"), {"layers.0.output": fitted}):
        pass


def test_an_eraser_of_another_width_than_the_states_is_complained_of():
    model = make("gpt2")
    model.config.n_embd, model.transformer.config.n_embd = 8, 8
    refused = pytest.raises(InputError, match=r"'layers\.0\.output'.* 16, .* 8")
    with refused, erase(model, {"layers.0.output": eraser(d=8)}):
        model(input_ids=ids())
