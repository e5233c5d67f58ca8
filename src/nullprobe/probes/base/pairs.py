"""What every probe of contrast pairs ends in, and the estimator shell that the methods share.

Each side is brought to mean zero and unit scale on its own. What tells the sides of every pair
apart, such as the words "yes" and "no", is then gone, and what is left of a difference within
pairs is told by which side is true, or by something else that flips along.
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

# How it was settled which end of the probe means true.
UNRESOLVED, FROM_LABELS, FROM_SHARE = "unresolved", "from labels", "from positive_fraction"


@dataclass(frozen=True, eq=False)
class Normaliser:
    """What is subtracted from each side, and what it is multiplied by then; from training pairs.

    Attributes
    ----------
    mean, inverse : ndarray of shape (2, G, d)
        Means and reciprocal standard deviations (0 for a constant feature) of the negative and
        the positive side in each of G groups.
    groups : tuple or None
        Labels of the groups; None where all pairs are one.
    """

    mean: np.ndarray
    inverse: np.ndarray
    groups: tuple | None = None

    @classmethod
    def of(cls, pairs: ContrastPairs) -> Normaliser:
        """Return the normaliser of the given pairs."""
        sides = (arrays.host(pairs.negative), arrays.host(pairs.positive))
        if pairs.groups is None:
            names, members = None, [slice(None)]
        else:
            found, codes, counts = np.unique(pairs.groups, return_inverse=True, return_counts=True)
            names, members = tuple(found.tolist()), [codes == g for g in range(len(found))]
            if counts.min() < 2:
                validation.complain(
                    "each group needs two pairs to be normalised",
                    f"group {names[counts.argmin()]!r} has one",
                    "pass more pairs of it, or merge groups",
                )
        found = [[units(side[rows]) for rows in members] for side in sides]
        normaliser = cls(
            np.array([[mean for mean, _ in side] for side in found]),
            np.array([[inverse for _, inverse in side] for side in found]),
            names,
        )
        for name, inverse in zip(("negative", "positive"), normaliser.inverse, strict=True):
            still = np.flatnonzero(~inverse.any(axis=1))
            if len(still):
                where = "" if names is None else f" of group {names[still[0]]!r}"
                validation.complain(
                    "both sides of the pairs must vary",
                    f"the {name} side{where} does not, but for rounding",
                    "check which token or layer that side was taken from",
                )
        return normaliser

    def codes(self, groups: Any, n: int) -> np.ndarray | None:
        """Return the position of each pair's group (n,), or None where all pairs are one."""
        if self.groups is None:
            return None
        if groups is None:
            validation.complain(
                "pairs must come with their groups, as those did that the probe was fitted to",
                "no groups arrived",
                "pass the prompt template of each pair",
            )
        place = {label: g for g, label in enumerate(self.groups)}
        labels = np.asarray(group_labels(groups, n)).tolist()
        unknown = [label for label in labels if label not in place]
        if unknown:
            validation.complain(
                f"groups must be among the {len(place)} that the probe was fitted to",
                f"{unknown[0]!r} arrived",
                "fit with pairs of this group, too, or leave its pairs out",
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
    """A fitted reader of pairs: p = σ(θ·x̃ + b) on either side, the same θ and b; frozen.

    Attributes
    ----------
    weights : ndarray of shape (d,)
        θ, in units of the standard deviations.
    bias : float
        b.
    normaliser : Normaliser
        What x̃ is.
    sign : float
        1.0 if a positive side of the larger p is read as true, −1.0 if one of the smaller is.
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

        In the library and on the device of the negative side.
        """
        below, above = (sigmoid(u) for u in self.logits(negative, positive, groups))
        X = validation.representation(negative)
        return arrays.like(0.5 + 0.5 * self.sign * (above - below), X)

    def predict(self, negative: Array, positive: Array, groups: Any = None) -> np.ndarray:
        """Return 1 where the positive side is read as true, 0 elsewhere (n,)."""
        # By the logits: of two probabilities that round to 1, neither is the larger.
        below, above = self.logits(negative, positive, groups)
        return (self.sign * (above - below) > 0).astype(int)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return σ(u) = ½(1 + tanh(u / 2)), which neither overflows nor changes the dtype."""
    found = np.tanh(0.5 * logits)
    found += 1.0
    found *= 0.5
    return found


class PairEstimator(BaseEstimator):
    """The shell round a probe of pairs: validate, normalise, call, store.

    Attributes
    ----------
    probe_ : PairedProbe
        The fitted reader.
    sign_ : str
        How it was settled which end means true: "from labels", "from positive_fraction", or
        "unresolved".
    """

    positive_fraction: float | None = None

    def read(self, negative: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
        """Return weights (d,) and bias, fitted to normalised sides; every method says how."""
        raise TypeError(f"{type(self).__name__} does not say how it fits")

    def fit(self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None) -> Self:
        """Fit the probe; labels, if there are any, only settle its sign.

        Parameters
        ----------
        negative, positive : array of shape (n, d)
            The two sides; or one ContrastPairs, and nothing else.
        y : array-like of shape (n,), optional
            1 where the positive side is true. Without labels, and unless ``positive_fraction`` is
            known and not ½, nothing tells truth from its opposite: ``sign_`` is then
            "unresolved", and the largest weight counts as positive.
        groups : array-like of shape (n,), optional
            Prompt template of each pair: each is normalised on its own.

        Raises
        ------
        InputError
            If these are no pairs, see ContrastPairs, or there is a group of one pair.
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
        return self._settle(FROM_SHARE, float(np.mean(self.predict(pairs))) - 0.5, share - 0.5)

    def orient(
        self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None
    ) -> Self:
        """Settle by labels which end means true: the one that is right more often.

        Takes what ``fit`` takes; a few labelled pairs will do, of one class even.
        """
        negative, positive, y, groups = self._parts(negative, positive, y, groups)
        read = self.probe_.predict(negative, positive, groups)
        accuracy = float(np.mean(read == need_truth(y, len(negative))))
        return self._settle(FROM_LABELS, accuracy - 0.5, 1.0)

    def _settle(self, how: str, found: float, wanted: float) -> Self:
        """Turn the probe round where what is found has not the sign that is wanted."""
        if found * wanted < 0:
            self.probe_ = replace(self.probe_, sign=-self.probe_.sign)
        self.sign_ = how if found * wanted else UNRESOLVED  # a tie settles nothing
        return self

    def decision_function(self, negative: Any, positive: Any = None, groups: Any = None) -> Array:
        """Return the probability that the positive side is the true one (n,)."""
        negative, positive, _, groups = self._parts(negative, positive, None, groups)
        return self.probe_.scores(negative, positive, groups)

    def predict(self, negative: Any, positive: Any = None, groups: Any = None) -> np.ndarray:
        """Return 1 where the positive side is read as true, 0 elsewhere (n,)."""
        negative, positive, _, groups = self._parts(negative, positive, None, groups)
        return self.probe_.predict(negative, positive, groups)

    def score(
        self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None
    ) -> float:
        """Return the accuracy on pairs with labels.

        Up to sign where that is unresolved: then the better of a and 1 − a, whatever ``predict``
        says, so that ½ is the worst there is.
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
