"""Data go one way: the order of docs/design.md, enforced from the imports themselves."""

import pytest
from layers import KNOWN, RANK, modules, violations


@pytest.mark.parametrize("module", modules(), ids=lambda module: ".".join(module[0]) or "top")
def test_imports_go_one_way(module):
    assert violations(*module) == []


def test_every_room_has_a_place_in_the_order():
    rooms = {parts[0] for parts in KNOWN if parts}
    assert rooms - {"__main__"} <= set(RANK)


WHOLE = {
    (),
    ("_check",),
    ("_array",),
    ("reading",),
    ("pairs",),
    ("moments",),
    ("erasers",),
    ("erasers", "affine"),
    ("erasers", "leace"),
    ("probes",),
    ("probes", "linear"),
    ("claims", "verdict"),
    ("worlds", "world"),
    ("models",),
    ("cli", "app"),
    ("cli", "subject"),
}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("moments", "from nullprobe.erasers.leace import leace"),  # upward
        ("moments", "from nullprobe import erasers"),
        ("moments", "from .erasers import leace"),
        ("moments", "import nullprobe"),
        ("moments", "import nullprobe.claims.verdict as v"),
        ("erasers.inlp", "from nullprobe.erasers.leace import leace"),  # sideways
        ("erasers.inlp", "from . import leace"),
        ("erasers.inlp", "from nullprobe.erasers import LEACE"),
        ("probes.lda", "from nullprobe.erasers.affine import AffineEraser"),
        ("probes.lda", "from nullprobe.probes.quadratic import QuadraticProbe"),
        ("probes.lda", "from nullprobe.probes.strongest import StrongestProbe"),
        ("reading", "from nullprobe.moments import Moments"),
        ("erasers.affine", "from nullprobe.erasers.leace import leace"),
        ("measures.damage", "from nullprobe.measures.guardedness import largest_correlation"),
        ("erasers.inlp", "def f():\n    from nullprobe import moments"),  # delayed
        ("cli.demo", "def f():\n    from nullprobe import moments"),
        ("cli.demo", "from nullprobe.cli.app import main"),
        ("audit", "from nullprobe.cli import app"),
        ("claims.used", "import nullprobe.models"),
        ("evidence.run", "from nullprobe.models.capture import capture"),
        ("models.sites", "from nullprobe.models.hooks import reading"),
        ("worlds.xor", "from nullprobe import moments"),
        ("nulls.surrogate", "from nullprobe.worlds.world import World"),
        ("moments", "import torch"),  # other array libraries
        ("cli.app", "def f():\n    import torch.nn as nn"),
        ("erasers.leace", "from array_api_compat import array_namespace"),
        ("_check", "if True:\n    import dask.array"),
    ],
)
def test_a_wrong_import_is_found(module, source):
    assert len(violations(tuple(module.split(".")), False, source, WHOLE)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("moments", "from nullprobe import _array, _check"),
        ("moments", "import torchvision, numpy"),
        ("erasers.leace", "from nullprobe.erasers.affine import AffineEraser"),
        ("erasers.leace", "from .affine import AffineEraser"),
        ("erasers.leace", "from ..moments import Moments"),
        ("measures.damage", "from nullprobe.erasers import LEACE"),
        ("erasers.inlp", "from nullprobe.probes.linear import LinearProbe"),
        ("probes.strongest", "from nullprobe.probes.lda import LDAProbe"),
        ("erasers.inlp", "from nullprobe import reading"),
        ("worlds.xor", "from nullprobe.worlds.world import World"),
        ("worlds.contrast", "from nullprobe.pairs import ContrastPairs"),
        ("cli.app", "def f():\n    from nullprobe import models"),
        ("cli.app", "def f():\n    from nullprobe.cli import sources"),
        ("cli.demo", "from nullprobe.cli.subject import Subject"),
        ("_array", "import torch"),
        ("models.capture", "import torch"),
        ("model_audit", "from nullprobe.models.capture import capture"),
        ("models.capture", "from nullprobe.models.sites import Site"),
    ],
)
def test_a_right_import_is_let_through(module, source):
    assert violations(tuple(module.split(".")), False, source, WHOLE) == []


def test_a_package_gathers_its_own_files():
    source = "from nullprobe.erasers.leace import LEACE\nfrom .affine import AffineEraser"
    assert violations(("erasers",), True, source, WHOLE) == []
    assert violations((), True, "from nullprobe.erasers import LEACE", WHOLE) == []
    assert violations((), True, "from nullprobe import models", WHOLE) != []
    unseen = "if TYPE_CHECKING:\n    from nullprobe import models"
    assert violations((), True, unseen, WHOLE) == []
