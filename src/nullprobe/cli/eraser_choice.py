"""Choice of an eraser: a method and its parameters, as the command line names them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nullprobe._core.parameters import choice, known
from nullprobe._core.validation import complain
from nullprobe.cli.option_names import option
from nullprobe.data.concept import Concept
from nullprobe.erasers import ERASERS
from nullprobe.erasers.estimator import MomentEraser
from nullprobe.moments import ClassMoments, Moments
from nullprobe.probes import PROBES


@dataclass(frozen=True)
class Choice:
    """A method and its parameters.

    Attributes
    ----------
    method : str
        Name of a method.
    parameters : mapping of str to value
        By their names in the method: a target as text, a probe by its name, a task by its column.
        None leaves the value to the method.
    """

    method: str
    parameters: Mapping[str, Any]

    def check(self) -> None:
        """Refuse an unknown method, a parameter that it does not take, and one that it lacks."""
        choice("method", self.method, list(ERASERS))
        for name in self._passed():
            takers = [method for method in ERASERS if name in _parameters(method)]
            if self.method not in takers:
                flag = option(name)
                complain(
                    f"{flag} is for --method {' or '.join(takers)}",
                    f"the method is {self.method}",
                    f"leave {flag} out, or choose another method",
                )
        if self.parameters.get("probe") is not None:
            known("probe", self.parameters["probe"], list(PROBES))
        if "task" in _parameters(self.method) and self.task is None:
            complain(
                f"--method {self.method} needs --task COLUMN, what the rows shall go on to tell",
                "none was named, and without one it is LEACE",
                "name a column, or choose --method leace",
            )

    @property
    def task(self) -> str | None:
        """Column that the representation shall go on to covary with."""
        return self.parameters.get("task")

    def needs_rows(self, z: Concept) -> bool:
        """Return whether the fit needs all rows of this concept at once, not just their moments."""
        rank, loss = self.parameters.get("rank"), self.parameters.get("loss")
        if self.method == "rlace" and z.classes is not None:
            return loss != "squared" and rank is not None and rank < len(z.classes) - 1
        return not issubclass(ERASERS[self.method], MomentEraser)

    def _passed(self) -> dict[str, Any]:
        return {name: value for name, value in self.parameters.items() if value is not None}

    def unfitted(self, z: Concept | Moments | ClassMoments) -> Any:
        """Return the estimator for a concept, or for moments of one."""
        options = self._passed()
        options.pop("task", None)  # is a matter of the fit
        if "probe" in options:
            options["probe"] = PROBES[options["probe"]]()
        if "target" in options and z.classes is not None:
            labels = {str(label): label for label in z.classes}
            known("class", options["target"], list(labels))
            options["target"] = labels[options["target"]]
        return ERASERS[self.method](**options)


def _parameters(method: str) -> set[str]:
    """Return the parameters of the method and of its fit."""
    made, fitted = ERASERS[method], ERASERS[method].fit
    return {*inspect.signature(made).parameters, *inspect.signature(fitted).parameters}
