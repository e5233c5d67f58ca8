"""Options of commands that run models: what Python takes has an option, by the same word."""

import contextlib
import inspect

import numpy as np
import pytest
from support import tiny_models as tiny  # noqa: F401  skips where there is no torch

from nullprobe import AffineEraser, Moments, audit_model, audit_use, models
from nullprobe.cli import edit_options, model_commands, text_commands
from nullprobe.erasers import ERASERS

# Which option passes a keyword of Python on, and why one has none.
ELSEWHERE = {
    "model": "model", "tokenizer": "model", "texts": "text", "y": "concept",
    "layers": "layer_list", "random_state": "seed", "n_draws": "draws", "fit": "method",
    "prompts": "generate", "erasers": "eraser", "frame": "file", "sites": "site", "folder": "out",
    "n_jobs": "jobs", "concepts": "other_concept",
}  # fmt: skip
WITHOUT = {
    "metric": "a function of logits is written in Python",
    "unit": "the name of a metric",
    "progress": "a bar is shown on every terminal",
}
DEFAULTS = {"title": None}  # named after file and concept
OTHERWISE = {("audit_model", "text"): "a command line names the column"}


@pytest.mark.parametrize(
    ("command", "function"),
    [
        ("audit_model", audit_model),
        ("audit_use", audit_use),
        ("scrub", models.scrub),
        ("erase", models.generate),
    ],
)
def test_every_keyword_of_python_has_an_option(command, function):
    commands = model_commands if hasattr(model_commands, command) else text_commands
    options = inspect.signature(getattr(commands, command)).parameters
    for keyword in inspect.signature(function).parameters:
        assert ELSEWHERE.get(keyword, keyword) in options or keyword in WITHOUT, keyword
    for name, option in options.items():
        python = inspect.signature(function).parameters.get(name)
        if (command, name) in OTHERWISE:
            continue
        if python is not None and python.default is not inspect.Parameter.empty:
            allowed = (python.default, inspect.Parameter.empty, DEFAULTS.get(name))
            assert option.default in allowed, name


# Of moments alone, one cannot keep a task, and the other is the mean projection.
NOTHING_NEW = {"splince", "rlace"}


def test_methods_inside_a_model_are_those_that_are_fitted_from_moments():
    rng = np.random.default_rng(0)
    moments = Moments.of(rng.normal(size=(30, 3)), np.arange(30) % 2)
    able = {}
    for name, kind in ERASERS.items():
        with contextlib.suppress(AttributeError, ValueError):
            able[name] = kind.from_moments(moments).eraser_
    affine = {name for name, one in able.items() if isinstance(one, AffineEraser)}
    assert affine - NOTHING_NEW == set(edit_options.MOMENT_METHODS)
    for new, old in {"splince": "leace", "rlace": "mean_projection"}.items():
        np.testing.assert_allclose(able[new].matrix, able[old].matrix, atol=1e-12)
