"""Drawn: reads numbers back from a picture, by the numbers at its ticks and nothing else."""

import re
from collections import defaultdict
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np

NUMBER = re.compile(r"−?\d[\d,]*\.?\d*(?: ?%)?")
LARGEST = 25  # pixels of a mark; what is larger is an area
STEP = re.compile(r"([MLHVz])([^MLHVz]*)")


def value(text):
    """Return the number that a tick says, or None."""
    if not NUMBER.fullmatch(text):
        return None
    share = 0.01 if text.endswith("%") else 1.0
    return share * float(text.rstrip(" %").replace("−", "-").replace(",", ""))


class Drawing:
    """A picture: its texts, its marks and its lines, in pixels and in numbers.

    Attributes
    ----------
    texts : list of (float, float, str)
    marks : list of (float, float, str)
        Place of each mark that is no tick, and what it refers to, in the order of drawing.
    lines : list of (ndarray of shape (n, 2), bool)
        Corners of each path outside the definitions, and whether it is clipped to the axes.
    """

    def __init__(self, svg):
        root = ElementTree.fromstring(svg)
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        inside = {one for part in root.iter("defs") for one in part.iter()}
        shapes = {one.get("id"): one.get("d", "") for one in inside if one.get("id")}
        self.texts, self.marks, self.lines = [], [], []
        for element in root.iter():
            if element in inside:
                continue
            if element.tag == "text" and element.get("x"):
                self.texts.append((*self._place(element), "".join(element.itertext())))
            elif element.tag == "use":
                name = element.get("href", "").lstrip("#")
                corners = np.zeros((0, 2)) if "C" in shapes[name] else self._corners(shapes[name])
                if len(corners) and np.ptp(corners, axis=0).max() > LARGEST:
                    self.lines.append((corners + self._place(element), True))
                elif len(corners) > 2 or "C" in shapes[name]:  # not a tick
                    self.marks.append((*self._place(element), name))
            elif element.tag == "path" and "C" not in element.get("d", ""):
                corners = self._corners(element.get("d", ""))
                self.lines.append((corners, element.get("clip-path") is not None))

    @staticmethod
    def _place(element):
        return float(element.get("x")), float(element.get("y"))

    @staticmethod
    def _corners(path):
        found, x, y = [], 0.0, 0.0
        for letter, rest in STEP.findall(path):
            numbers = [float(one) for one in re.findall(r"-?\d*\.?\d+", rest)]
            if letter == "H":
                x = numbers[0]
            elif letter == "V":
                y = numbers[0]
            elif letter in "ML":
                x, y = numbers
            if letter != "z":
                found.append((x, y))
        return np.array(found)

    def scale(self, side):
        """Return what turns pixels of an axis into its numbers."""
        lines = defaultdict(list)
        for x, y, text in self.texts:
            found = value(text)
            if found is not None:
                lines[round(y if side == "x" else x)].append((x if side == "x" else y, found))
        usable = {at: pairs for at, pairs in lines.items() if len({v for _, v in pairs}) > 1}
        at = max(usable) if side == "x" else min(usable)  # below, or on the left
        places, numbers = np.array(sorted(set(usable[at]))).T
        shift = 0.0 if side == "x" else -3.15  # of a baseline below the middle of its letters
        fit = np.polyfit(places + shift, numbers, 1)
        assert np.allclose(np.polyval(fit, places + shift), numbers, atol=0.02 * np.ptp(numbers))
        return lambda pixels: np.polyval(fit, np.asarray(pixels, dtype=float))

    def bars(self):
        """Return, of each histogram, the height at a number: in the order of drawing."""
        across, up = self.scale("x"), self.scale("y")
        made = []
        for corners, clipped in self.lines:
            flat = [
                (*sorted((across(a[0]), across(b[0]))), float(up(a[1])))
                for a, b in pairwise(corners)
                if a[1] == b[1] and a[0] != b[0]
            ]
            if clipped and len(flat) >= 8:
                made.append(flat)
        return made
