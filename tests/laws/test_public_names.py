"""One word has one meaning in every estimator and function that takes it."""

import numpy as np
import pytest

from nullprobe import (
    LEACE,
    ClassMoments,
    InputError,
    LDAProbe,
    MiMiC,
    Moments,
    QuadraticLEACE,
    QuadraticProbe,
    leace,
    mimic,
    quadratic_leace,
)
from nullprobe.probes.linear.lda import directions, lda

rng = np.random.default_rng(0)
Y = np.arange(60) % 2
X = rng.standard_normal((60, 4)) * (1 + Y[:, None]) + Y[:, None]
MOMENTS, BY_CLASS = Moments.of(X, Y), ClassMoments.of(X, Y)


def fits(estimator):
    return lambda **given: estimator(**given).fit(X, Y)


# Whatever takes a shrinkage, and the words that it offers.
SHRINKS = {
    "LDAProbe": (fits(LDAProbe), "oas"),
    "LDAProbe.from_moments": (lambda **given: LDAProbe.from_moments(MOMENTS, **given), "oas"),
    "lda": (lambda **given: lda(MOMENTS, **given), "oas"),
    "directions": (lambda **given: directions(MOMENTS, **given), "oas"),
    "LEACE": (fits(LEACE), "oas"),
    "leace": (lambda **given: leace(MOMENTS, **given), "oas"),
    "QuadraticProbe": (fits(QuadraticProbe), "cv"),
    "QuadraticLEACE": (fits(QuadraticLEACE), "minimal"),
    "quadratic_leace": (lambda **given: quadratic_leace(BY_CLASS, **given), "minimal"),
    "MiMiC": (fits(MiMiC), "minimal"),
    "mimic": (lambda **given: mimic(BY_CLASS, **given), "minimal"),
    "mimic of means": (lambda **given: mimic(MOMENTS, match="mean", **given), "minimal"),
}


@pytest.mark.parametrize("name", SHRINKS)
def test_a_shrinkage_is_a_number_or_a_word_that_the_method_offers(name):
    make, word = SHRINKS[name]
    for value in (word, np.str_(word), 0.5, 1, np.float32(0.25)):
        make(shrinkage=value)
    for wrong in (None, "auto", *({"oas", "cv", "minimal"} - {word}), -0.1, 1.5, np.nan, True, X):
        with pytest.raises(InputError, match=f"shrinkage must be a number from 0 to 1 or '{word}'"):
            make(shrinkage=wrong)


@pytest.mark.parametrize("name", sorted({*SHRINKS} - {"LEACE", "leace"}))
def test_the_word_is_the_default(name):
    make, word = SHRINKS[name]
    default, named = make(), make(shrinkage=word)
    if hasattr(named, "get_params"):
        assert default.get_params() == named.get_params()
    for one, other in zip(parts(default), parts(named), strict=True):
        np.testing.assert_array_equal(one, other)


def parts(result):
    """Return the arrays of a fitted estimator, of a map, or of a probe."""
    for held in ("eraser_", "probe_"):
        result = getattr(result, held, result)
    if isinstance(result, np.ndarray):
        return [result]
    return [value for value in vars(result).values() if isinstance(value, np.ndarray)]
