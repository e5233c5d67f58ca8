"""What flows through an audit: validated once, formed once, and named as it arrived."""

import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from nullprobe import ContrastPairs, InputError, Moments, audit, compare, compare_pairs, worlds
from nullprobe._core import linalg, validation
from nullprobe.auditing import whole_sample
from nullprobe.auditing.projection import portrait
from nullprobe.data.concept import concept
from nullprobe.erasers.leace import leace

N = 120
FEW = {"draws": 39, "n_splits": 1}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 5))
Y = np.arange(N) % 2
X[:, 0] += 1.5 * Y
GROUPS = np.array(["south", "north", "west", "east"])[np.arange(N) // 2 % 4]


def patched(monkeypatch, real, fake):
    """Put a function in the place of another, under whichever name a module knows it."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("nullprobe"):
            for name, value in list(vars(module).items()):
                if value is real:
                    monkeypatch.setattr(module, name, fake)


CHEAP = ["readable", "one_direction", "erasure_holds", "one_feature"]
CASES = {
    "classes": {"X": X, "y": Y, "groups": GROUPS},
    "three classes": {"X": X, "y": np.arange(N) % 3, "claims": CHEAP},
    "numbers": {"X": X, "y": X[:, 1] + RNG.normal(size=N)},
    "two layers": {"X": {"a": X, "b": X[:, ::-1].copy()}, "y": Y, "claims": CHEAP[:3]},
    "float32": {"X": X.astype(np.float32), "y": Y, "claims": CHEAP},
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_moments_of_the_whole_sample_and_their_eraser_are_formed_once(case, monkeypatch):
    given, found = CASES[case], Counter()
    several = given["X"] if isinstance(given["X"], dict) else {"": given["X"]}
    z = concept(given["y"])

    def counted(cls, A, own, *args, **options):
        for name, one in several.items():
            same = getattr(own, "data", None)
            if np.array_equal(A, one) and np.array_equal(same, z.data):
                found["moments", name] += 1
        return real(A, own, *args, **options)

    real = Moments.summed
    monkeypatch.setattr(Moments, "summed", classmethod(counted))
    means = {name: one.mean(axis=0, dtype=float) for name, one in several.items()}
    cross = {name: z.matrix - z.matrix.mean(axis=0) for name in several}

    def erased(moments, **options):
        for name, one in several.items():
            C = (one - means[name]).T @ cross[name] / N
            if moments.n == N and np.allclose(moments.cross_covariance, C, atol=1e-6):
                found["leace", name] += 1
        return leace(moments, **options)

    patched(monkeypatch, leace, erased)
    audit(**given, **FEW)
    assert found == {(what, name): 1 for what in ("moments", "leace") for name in several}


@pytest.mark.slow
def test_the_engine_validates_nothing_again(monkeypatch):
    found = Counter()

    def counting(name, real, rows):
        def counted(a, *args, **options):
            found[name] += rows(a)
            return real(a, *args, **options)

        return counted

    finite = validation.finite
    patched(monkeypatch, finite, counting("finite", finite, lambda a: 1))
    # Merging moments looks at the few names of classes; that is no reading of labels.
    patched(monkeypatch, concept, counting("concept", concept, lambda y: len(y) == N))
    audit(X, Y, groups=GROUPS, baselines={"one column": X[:, :1]}, **FEW)
    assert found == {"finite": 2, "concept": 2}  # of X and the baseline; of y and the groups


FRAME = pd.DataFrame(X, columns=[f"width {j}" for j in range(5)])
NAMES = list(FRAME.columns)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        (FRAME, {}, NAMES),
        (X, {"feature_names": NAMES[::-1]}, NAMES[::-1]),
        (FRAME, {"feature_names": range(5)}, list("01234")),
        (X, {}, None),
    ],
)
@pytest.mark.parametrize("how", [audit, compare])
def test_names_of_columns_and_groups_are_kept(given, options, expected, how):
    few = (
        {"claims": ["readable"], **FEW}
        if how is audit
        else {"erasers": ["leace"], "probes": ["linear"]}
    )
    result = how(given, Y, groups=GROUPS, **options, **few)
    assert result.provenance.get("feature_names") == expected
    assert result.provenance["group_names"] == ["east", "north", "south", "west"]
    assert "group_names" not in how(given, Y, **few).provenance


@pytest.mark.slow
def test_columns_that_are_drawn_have_their_names():
    few = {"claims": ["readable"], **FEW}
    layers = {"a": FRAME.iloc[:, :2], "b": X[:, :3]}
    found = audit(layers, Y, **few)
    assert found["a"].portrait.axes == ("width 0", "width 1")
    assert found["a"].provenance["feature_names"] == ["width 0", "width 1"]
    assert found["b"].portrait.axes == ("column 0", "column 1", "column 2")
    assert "feature_names" not in found["b"].provenance


@pytest.mark.parametrize("how", [audit, compare])
def test_names_of_other_columns_are_refused(how):
    with pytest.raises(InputError, match="5 columns of X, but 2 names"):
        how(X, Y, feature_names=["a", "b"])


@pytest.mark.parametrize("others", [{"truth": Y}, {"sentiment": np.zeros(N)}, [Y]])
@pytest.mark.parametrize("how", [audit, compare_pairs])
def test_other_labels_of_pairs_are_validated_alike(others, how):
    w = worlds.distractor(n=N, d=4, random_state=0)
    with pytest.raises(InputError):
        how(ContrastPairs(w.negative, w.positive, w.y), others=others)


@pytest.mark.parametrize("d", [2, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_portrait_shows_what_erasers_of_either_scale_leave(d, dtype):
    some, z = (10.0 ** np.arange(d) * X[:, :d] + 3).astype(dtype), concept(Y)
    whole = whole_sample.Whole(some, z)
    found = portrait(some, z, whole=whole)
    moments = Moments.of(some, z)
    scaled = (some - moments.mean) * linalg.reciprocal(moments.scale)
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    left = leace(Moments.of(scaled, z)).apply(scaled)
    if d == 2:
        np.testing.assert_allclose(found.erased_standardised, left, atol=tolerance)
    squares = (left - left.mean(axis=0)) ** 2
    shown = found.erased_standardised
    assert ((shown - shown.mean(axis=0)) ** 2).sum() <= squares.sum() * (1 + tolerance)
    np.testing.assert_array_equal(found.raw, portrait(some, z).raw)
