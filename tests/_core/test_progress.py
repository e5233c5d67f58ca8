"""Progress bars: which representation of how many, with time left, and no warnings."""

import subprocess
import sys

import numpy as np

from nullprobe import audit
from nullprobe._core import progress
from nullprobe._core.progress import Bars, Turn

KERNEL = """
import sys, types, warnings
ipython = types.ModuleType("IPython")
class Kernel:
    config = {"IPKernelApp": {}}
ipython.get_ipython = Kernel
sys.modules["IPython"] = ipython
sys.modules["ipywidgets"] = None
warnings.simplefilter("error")
import nullprobe
from nullprobe._core.progress import Bars
with Bars(disable=False) as bars:
    bars("rows", 1, 2)
print("done")
"""


class Bar:
    """A bar that writes down what it showed."""

    shown: list = []

    def __init__(self, *, desc, total, **_):
        self.desc, self.total, self.n = desc, total, 0

    def set_description(self, desc):
        self.desc = desc

    def update(self, more):
        self.n += more
        self.shown.append((self.desc, self.n, self.total))

    def close(self):
        self.shown.append((self.desc, "closed", self.total))


def test_a_second_bar_counts_the_representations_of_each_round(monkeypatch):
    Bar.shown = []
    monkeypatch.setattr(progress, "tqdm", Bar)
    with Bars("data") as bars:
        for _ in range(2):
            for number, name in enumerate(("a", "b"), 1):
                bars(Turn.of(name, number, 2, "permutations"), 3, 3)
        bars("pairs", 1, 1)
    turns = [one for one in Bar.shown if " of 2" in one[0]]
    a, b = ("data: a, 1 of 2", 0, 2), ("data: b, 2 of 2", 1, 2)
    closed = ("data: b, 2 of 2", "closed", 2)
    assert turns == [a, b, closed, a, b, closed]
    assert ("data: permutations", 3, 3) in Bar.shown
    assert Bar.shown[-1] == ("data: pairs", "closed", 1)


def test_an_audit_of_several_layers_says_which_of_how_many():
    rng = np.random.default_rng(0)
    X = {name: rng.normal(size=(90, 2)) for name in ("first", "second")}
    stages = []
    audit(
        X,
        np.arange(90) % 2,
        claims=["readable"],
        draws=39,
        progress=lambda stage, *_: stages.append(stage),
        independent=True,
    )
    assert {(one.name, one.number, one.count) for one in stages} == {
        ("first", 1, 2),
        ("second", 2, 2),
    }
    assert "second (2 of 2): permutations" in stages


def test_a_notebook_without_widgets_shows_plain_bars_and_no_warning():
    done = subprocess.run(
        [sys.executable, "-c", KERNEL], capture_output=True, text=True, check=False
    )
    assert done.stdout == "done\n", done.stderr
    assert "Warning" not in done.stderr
