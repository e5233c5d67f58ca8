"""Hidden states by request: a folder with one .safetensors a request, as inference servers write.

Each file holds ``token_ids`` (tokens,) and ``hidden_states`` (tokens, layers, d), and it is one row
of each layer: the state at the last token, unless another rule is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nullprobe._core.validation import complain
from nullprobe.data import token_rows
from nullprobe.data.readers import READERS, kind_of
from nullprobe.data.readers.reader import Arrays, named_if_broken
from nullprobe.data.tensor_files import open_tensors

STATES, TOKENS = "hidden_states", "token_ids"
REQUEST = "request"  # name of the request of each row
LAYER = "layer"
_KEYS = (REQUEST, "request_id", "id", "name")  # columns of a file of labels that may name requests


class RequestFolder:
    """A folder of hidden states by request.

    Parameters
    ----------
    files : sequence of Path
        One file for each request, in order.
    labels : mapping of str to ndarray, optional
        Labels of requests, with a column that names them.

    Attributes
    ----------
    sites : list of str
        Names of the layers.
    """

    def __init__(self, files: Sequence[Path], labels: Mapping[str, np.ndarray] | None = None):
        self.files = files
        first = _shapes(files[0])
        self.sites = [f"{LAYER} {i}" for i in range(first[STATES][1])]
        # An array of one value is a label of the request, unless there is a single token.
        longer = next((s for s in map(_shapes, files) if s.get(STATES, [0])[0] > 1), first)
        arrays = [name for name in longer if name != TOKENS]
        self._of_request = [name for name in arrays if longer[name] in ([], [1])]
        self._labels = {} if labels is None else self._joined(labels)

    @property
    def names(self) -> list[str]:
        """Names of the arrays."""
        inside = [name for name in self._of_request if name not in self._labels]
        return [REQUEST, *inside, *self._labels, *self.sites]

    def read(self, only: Sequence[str] | None, rule: str) -> Arrays:
        """Return arrays (n, ...), a row for each request."""
        wanted = [name for name in self.names if only is None or name in only]
        rows: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
        inside = [name for name in self._of_request if name in wanted and name not in self._labels]
        layers = [i for i, site in enumerate(self.sites) if site in wanted]
        load = READERS["safetensors"].load
        for path in self.files:
            with named_if_broken(path, ".safetensors"):
                content = load(path, [*inside, *([STATES] if layers else [])], ())
            assert isinstance(content, dict), "a .safetensors holds arrays"
            for name in inside:
                if name not in content or content[name].size != 1:
                    complain(f"{str(path)!r} needs one value of {name!r}", "it has another number")
                rows[name].append(content[name].ravel()[0])
            if layers:
                states = self._states(path, content)
                state = token_rows.pooled(states[None], rule)[0]
                for i in layers:
                    rows[self.sites[i]].append(state[i])
        arrays = {name: np.array(values) for name, values in rows.items() if values}
        if REQUEST in wanted:
            arrays[REQUEST] = np.array([path.stem for path in self.files])
        arrays |= {name: y for name, y in self._labels.items() if name in wanted}
        return {name: arrays[name] for name in wanted}

    def _states(self, path: Path, content: Arrays) -> np.ndarray:
        """Return the states (tokens, layers, d) of a request."""
        states = content.get(STATES)
        if states is None or states.ndim != 3:
            complain(f"{str(path)!r} needs {STATES!r} (tokens, layers, features)", "it has none")
        if states.shape[1] != len(self.sites):
            complain(
                f"every request must have {len(self.sites)} layers, as {self.files[0].name!r} has",
                f"{path.name!r} has {states.shape[1]}",
            )
        return states

    def _joined(self, labels: Mapping[str, np.ndarray]) -> Arrays:
        """Return labels in the order of the requests."""
        key = next((name for name in _KEYS if name in labels), None)
        if key is None:
            complain(
                f"the file of labels must name the requests in a column {', '.join(_KEYS)}",
                f"its columns are {', '.join(map(repr, list(labels)[:10]))}",
                f"rename the column to {REQUEST!r}",
            )
        names: list[str] = [str(name) for name in labels[key].tolist()]
        row = {name.removesuffix(".safetensors"): i for i, name in enumerate(names)}
        if len(row) < len(names):
            complain("the file of labels must name each request once", "a name occurs twice")
        missing = [path.stem for path in self.files if path.stem not in row]
        if missing:
            complain(
                "the file of labels must name every request",
                f"{len(missing)} of {len(self.files)} are missing, first {missing[0]!r}",
                "a request has the name of its file, without .safetensors",
            )
        order = np.array([row[path.stem] for path in self.files])
        return {name: y[order] for name, y in labels.items() if name != key}


def is_requests(files: Sequence[Path]) -> bool:
    """Whether files hold hidden states by request."""
    if not files or files[0].is_dir() or kind_of(files[0]) != "safetensors":
        return False
    with named_if_broken(files[0], ".safetensors"):
        shapes = _shapes(files[0])
    states = shapes.get(STATES, [])
    return len(states) == 3 and shapes.get(TOKENS) == states[:1]


def _shapes(path: Path) -> dict[str, list[int]]:
    with open_tensors(path) as content:
        return {name: content.get_slice(name).get_shape() for name in content.keys()}  # noqa: SIM118  not a mapping
