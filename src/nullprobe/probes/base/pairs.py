"""Fitted probes of contrast pairs, and the base class of their estimators.

Each side is standardised separately. This removes the difference that all pairs share, such as the
words "yes" and "no". The remaining difference within a pair depends on which side is true, or on
another feature that flips within pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe.data.pair_labels import group_labels, need_truth
from nullprobe.data.pairs import ContrastPairs, as_pairs, both_sides
from nullprobe.probes.base.nonlinear import units

# Source of the sign of a probe.
UNRESOLVED, FROM_LABELS, FROM_SHARE = "unresolved", "from labels", "from positive_fraction"


@dataclass(frozen=True, eq=False)
class Normaliser:
    """Standardisation of each side, fitted to training pairs.

    Attributes
    ----------
    mean, inverse : ndarray of shape (2, G, d)
        Means and reciprocal standard deviations (0 for a constant feature) of the negative and
        the positive side in each of G groups.
    groups : tuple or None
        Labels of the groups; None for a single group.
    """

    mean: np.ndarray
    inverse: np.ndarray
    groups: tuple | None = None

    @classmethod
    def of(cls, pairs: ContrastPairs) -> Normaliser:
        """Fit the normaliser to pairs."""
        sides = (arrays.host(pairs.negative), arrays.host(pairs.positive))
        if pairs.groups is None:
            names, members = None, [slice(None)]
        else:
            scales, codes, counts = np.unique(pairs.groups, return_inverse=True, return_counts=True)
            names, members = tuple(scales.tolist()), [codes == g for g in range(len(scales))]
            if counts.min() < 2:
                validation.complain(
                    "each group needs at least two pairs",
                    f"group {names[counts.argmin()]!r} has one",
                    "pass more pairs of this group, or merge groups",
                )
        scales = [[units(side[rows]) for rows in members] for side in sides]
        normaliser = cls(
            np.array([[mean for mean, _ in side] for side in scales]),
            np.array([[inverse for _, inverse in side] for side in scales]),
            names,
        )
        for name, inverse in zip(("negative", "positive"), normaliser.inverse, strict=True):
            constant = np.flatnonzero(~inverse.any(axis=1))
            if len(constant):
                where = "" if names is None else f" of group {names[constant[0]]!r}"
                validation.complain(
                    "both sides of the pairs must vary",
                    f"the {name} side{where} is constant up to rounding",
                    "check which token or layer that side was taken from",
                )
        return normaliser

    def codes(self, groups: Any, n: int) -> np.ndarray | None:
        """Return the position of each pair's group (n,); None for a single group."""
        if self.groups is None:
            return None
        if groups is None:
            validation.complain(
                "groups are required, because the probe was fitted to pairs with groups",
                "no groups arrived",
                "pass the prompt template of each pair",
            )
        place = {label: g for g, label in enumerate(self.groups)}
        labels = np.asarray(group_labels(groups, n)).tolist()
        unknown = [label for label in labels if label not in place]
        if unknown:
            validation.complain(
                f"groups must be among the {len(place)} groups of the fit",
                f"{unknown[0]!r} arrived",
                "add pairs of this group to the fit, or drop its pairs",
            )
        return np.array([place[label] for label in labels], dtype=int)

    def sides(self, pairs: ContrastPairs) -> list[np.ndarray]:
        """Return both sides (n, d) of pairs, normalised, in float64."""
        codes = self.codes(pairs.groups, len(pairs))
        both = (pairs.negative, pairs.positive)
        return [self.apply(arrays.host(X), side, codes) for side, X in enumerate(both)]

    def apply(self, X: Array, side: int, codes: np.ndarray | None) -> Array:
        """Return one side (n, d), 0 the negative and 1 the positive, normalised."""
        at = 0 if codes is None else codes
        inverse = arrays.like(self.inverse[side, at], X)
        return (arrays.working(X) - arrays.like(self.mean[side, at], X)) * inverse


@dataclass(frozen=True, eq=False)
class PairedProbe:
    """A fitted probe of pairs: p = σ(θ·x̃ + b), with the same θ and b on both sides; frozen.

    Attributes
    ----------
    weights : ndarray of shape (d,)
        θ, in units of the standard deviations.
    bias : float
        b.
    normaliser : Normaliser
        Standardisation x ↦ x̃.
    sign : float
        1.0 if the side with the larger p is predicted true, −1.0 if the side with the smaller p is.
    """

    weights: np.ndarray
    bias: float
    normaliser: Normaliser
    sign: float = 1.0

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.weights)

    def logits(
        self, negative: Array, positive: Array, groups: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return θ·x̃ + b of the negative and of the positive sides, (n,) each."""
        sides = both_sides(negative, positive)
        validation.width(sides[0].shape[1], self.d)
        codes = self.normaliser.codes(groups, sides[0].shape[0])
        below, above = (
            arrays.host(self.normaliser.apply(X, i, codes) @ arrays.like(self.weights, X))
            for i, X in enumerate(sides)
        )
        return below + self.bias, above + self.bias

    def scores(self, negative: Array, positive: Array, groups: Any = None) -> Array:
        """Return the probability that the positive side is the true one (n,): ½(p⁺ + 1 − p⁻).

        The result has the library and device of the negative side.
        """
        below, above = (sigmoid(u) for u in self.logits(negative, positive, groups))
        X = validation.representation(negative)
        return arrays.like(0.5 + 0.5 * self.sign * (above - below), X)

    def predict(self, negative: Array, positive: Array, groups: Any = None) -> np.ndarray:
        """Return 1 where the positive side is predicted true, 0 elsewhere (n,)."""
        # Compares logits: two probabilities may both round to 1.
        below, above = self.logits(negative, positive, groups)
        return (self.sign * (above - below) > 0).astype(int)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return σ(u) = ½(1 + tanh(u / 2)), which neither overflows nor changes the dtype."""
    p = np.tanh(0.5 * logits)
    p += 1.0
    p *= 0.5
    return p


class PairEstimator(BaseEstimator):
    """Base class of probes of pairs: validate, normalise, call, store.

    Attributes
    ----------
    probe_ : PairedProbe
        The fitted probe.
    sign_ : str
        Source of the sign, which determines the end that predicts true: "from labels", "from
        positive_fraction", or "unresolved".
    """

    positive_fraction: float | None = None

    def read(self, negative: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
        """Return weights (d,) and bias, fitted to normalised sides; each method implements this."""
        raise TypeError(f"{type(self).__name__} does not implement read")

    def fit(self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None) -> Self:
        """Fit the probe without labels; labels, if passed, only set its sign.

        Parameters
        ----------
        negative, positive : array of shape (n, d)
            The two sides; or one ContrastPairs and no other argument.
        y : array-like of shape (n,), optional
            1 where the positive side is true. Without labels, and without a
            ``positive_fraction`` other than ½, truth and its opposite are indistinguishable:
            ``sign_`` is then "unresolved", and the largest weight is positive.
        groups : array-like of shape (n,), optional
            Prompt template of each pair; groups are normalised separately.

        Raises
        ------
        InputError
            If the input is not valid for ContrastPairs, or if a group has one pair.
        """
        share = self.positive_fraction
        share = 0.5 if share is None else parameters.share("positive_fraction", share)
        pairs = as_pairs(negative, positive, y, groups)
        pairs.need_enough()
        normaliser = Normaliser.of(pairs)
        weights, bias = self.read(*normaliser.sides(pairs))
        largest = weights[np.abs(weights).argmax()]
        self.probe_ = PairedProbe(weights, bias, normaliser, -1.0 if largest < 0 else 1.0)
        self.n_features_in_, self.sign_ = pairs.d, UNRESOLVED
        if pairs.y is not None:
            return self.orient(pairs)
        if share == 0.5:
            return self
        return self._set_sign(FROM_SHARE, float(np.mean(self.predict(pairs))) - 0.5, share - 0.5)

    def orient(
        self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None
    ) -> Self:
        """Set the sign by labels: the sign with the higher accuracy.

        Takes the arguments of ``fit``. A few labelled pairs suffice, even of one class.
        """
        negative, positive, y, groups = self._parts(negative, positive, y, groups)
        read = self.probe_.predict(negative, positive, groups)
        accuracy = float(np.mean(read == need_truth(y, len(negative))))
        return self._set_sign(FROM_LABELS, accuracy - 0.5, 1.0)

    def _set_sign(self, source: str, observed: float, expected: float) -> Self:
        """Flip the probe if the observed sign is not the expected one; record the source."""
        if observed * expected < 0:
            self.probe_ = replace(self.probe_, sign=-self.probe_.sign)
        self.sign_ = source if observed * expected else UNRESOLVED  # a tie leaves the sign open
        return self

    def decision_function(self, negative: Any, positive: Any = None, groups: Any = None) -> Array:
        """Return the probability that the positive side is the true one (n,)."""
        negative, positive, _, groups = self._parts(negative, positive, None, groups)
        return self.probe_.scores(negative, positive, groups)

    def predict(self, negative: Any, positive: Any = None, groups: Any = None) -> np.ndarray:
        """Return 1 where the positive side is predicted true, 0 elsewhere (n,)."""
        negative, positive, _, groups = self._parts(negative, positive, None, groups)
        return self.probe_.predict(negative, positive, groups)

    def score(
        self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None
    ) -> float:
        """Return the accuracy on pairs with labels.

        If the sign is unresolved, the larger of a and 1 − a, so that the worst score is ½.
        """
        negative, positive, y, groups = self._parts(negative, positive, y, groups)
        right = np.mean(
            self.probe_.predict(negative, positive, groups) == need_truth(y, len(negative))
        )
        return float(max(right, 1.0 - right) if self.sign_ == UNRESOLVED else right)

    def _parts(self, negative: Any, positive: Any, y: Any, groups: Any) -> tuple:
        check_is_fitted(self)
        if not isinstance(negative, ContrastPairs):
            return negative, positive, y, groups
        pairs = as_pairs(negative, positive, None, None)
        return (
            pairs.negative,
            pairs.positive,
            pairs.y if y is None else y,
            pairs.groups if groups is None else groups,
        )
