"""Which eraser owes which law; the tests in laws/ run over this list.

A new method is added here, with the laws that its docstring promises. A law that it does not
owe is left out, never switched off in the test.
"""

from nullprobe import ClassMoments, Moments
from nullprobe.erasers import (
    INLP,
    LEACE,
    RLACE,
    SPLINCE,
    MeanProjection,
    MiMiC,
    OracleLEACE,
    QuadraticLEACE,
)

LAWS = {
    "guarded": "no affine predictor of the concept beats the best constant on the sample",
    "guarded in mixed units": "the same with every feature in units of its own",
    "idempotent": "erasing twice is erasing once",
    "mean kept": "the mean of the representation stays where it is",
    "least rank": "no more directions are removed than the concept has",
    "rotation-equivariant": "erasing rotated data is rotating erased data",
    "unit-free": "erasing rescaled features is rescaling erased features",
    "merge equals one pass": "moments of pieces, added, give the eraser of the whole",
    "batch equals stream": "partial_fit over pieces gives the eraser of one fit",
    "numpy equals torch": "the library that holds the data makes no difference",
    "refit removes nothing": "an eraser fitted to erased data has rank 0",
    "least move": "no other eraser with the same guarantee moves the data less",
}

# Transport is of any rank and depends on the units; what else it owes, towards one class too, is
# told in tests/laws/test_transport.py.
TRANSPORT = {
    "guarded",
    "mean kept",
    "rotation-equivariant",
    "merge equals one pass",
    "batch equals stream",
    "numpy equals torch",
}

OWED = {
    LEACE: set(LAWS),
    # Orthogonality depends on the units, and so does the direction that is removed.
    MeanProjection: set(LAWS) - {"unit-free", "least move"},
    # Without a task it is LEACE; with one, tests/erasers/test_splince.py says more.
    SPLINCE: set(LAWS),
    # From rank(C) on it is mean projection; below, tests/erasers/test_rlace.py says more.
    RLACE: set(LAWS) - {"unit-free", "least move"},
    # It ends when held-out rows tell nothing more, which promises nothing of the sample.
    INLP: {"idempotent", "mean kept", "numpy equals torch"},
    # What a row's label takes away, it would take away again.
    OracleLEACE: set(LAWS) - {"idempotent"},
    QuadraticLEACE: TRANSPORT,
    MiMiC: TRANSPORT,
}

# What a method must be told for its promises to hold on any sample.
# The covariance of a class of hardly more rows than features is next to singular, and its map
# magnifies rounding; a class of fewer has none. Where classes are large, see test_transport.py.
PARAMETERS = {
    QuadraticLEACE: {"shrinkage": 0.1},
    MiMiC: {"shrinkage": 0.1},
}

# Erasers that need the concept of the rows they transform.
LABELLED = [OracleLEACE, QuadraticLEACE, MiMiC]

# Erasers of class labels alone, not of numbers.
CLASSES_ONLY = [QuadraticLEACE, MiMiC]

# What a method is fitted from, where that is not Moments.
MOMENTS = {QuadraticLEACE: ClassMoments, MiMiC: ClassMoments}

AFFINE = [method for method in OWED if method not in LABELLED]
STREAMED = [method for method in OWED if hasattr(method, "partial_fit")]


def owing(law, *, numbers=False):
    """Return the erasers that owe a law; with ``numbers``, only those that erase numbers, too."""
    assert law in LAWS, law
    found = [method for method, owed in OWED.items() if law in owed]
    return [method for method in found if not (numbers and method in CLASSES_ONLY)]


def new(method, kind=None):
    """Return an unfitted eraser of a method, for a concept of a kind."""
    return method(**PARAMETERS.get(method, {}), kind=kind)


def moments_of(method, X, y):
    """Return the moments of a sample that a method is fitted from."""
    return MOMENTS.get(method, Moments).of(X, y)


def from_moments(method, moments):
    """Return the eraser that a method fits to moments."""
    return method.from_moments(moments, **PARAMETERS.get(method, {}))


def transformed(fitted, X, y):
    """Return X erased by a fitted eraser, with the concept y if it needs one."""
    return fitted.transform(X, y) if type(fitted) in LABELLED else fitted.transform(X)


def erased(method, X, y, *, kind=None, **fit):
    """Fit a method to a sample and return the sample, erased."""
    return transformed(new(method, kind).fit(X, y, **fit), X, y)
