"""A screen reader for tests: it knows names, descriptions and actions alone, and sees no widget.

The flows are read through Qt's own interface in the gate (``test_screen_reader.py``), and over D-Bus, as Orca reads
them (``test_atspi.py``).
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

PATIENCE_S = 60.0


class Node(Protocol):
    """One thing that a screen reader can name."""

    @property
    def name(self) -> str:
        """Its name, without the mark of a key."""

    @property
    def words(self) -> str:
        """Name, description and text."""

    @property
    def role(self) -> str:
        """Its kind by Qt's name: Button, CheckBox, Chart, ..."""

    @property
    def usable(self) -> bool:
        """True where it is on screen and enabled."""

    @property
    def actions(self) -> dict[str, Callable[[], None]]:
        """What can be done with it, by Qt's name of the action."""

    def children(self) -> "list[Node]":
        """Return what is inside."""

    def write(self, text: str) -> bool:
        """Replace its text; False where it has none that can be edited."""

    def choose(self) -> None:
        """Choose it among the items of its list."""


class Reader:
    """Finds things by name and does what they offer.

    Args:
        root: Returns what to look through.
        pause: Lets the program work for a moment.
        patience_s: Seconds that it waits for what should come.
    """

    def __init__(self, root: Callable[[], Node], pause: Callable[[], None], patience_s: float = PATIENCE_S) -> None:
        self._root, self._pause, self._patience_s = root, pause, patience_s

    def every(self) -> Iterator[Node]:
        """Return all that is on screen, from the outside in."""
        waiting = [self._root()]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed([child for child in node.children() if child.usable])

    def _first(self, what: str, found: Callable[[Node], bool]) -> Node:
        end = time.monotonic() + self._patience_s
        while True:
            for node in self.every():
                if found(node):
                    return node
            if time.monotonic() > end:
                heard = "\n".join(filter(None, (node.words for node in self.every())))
                raise AssertionError(f"{what} was not found in:\n{heard}")
            self._pause()

    def rest(self, time_s: float) -> None:
        """Let time go by."""
        end = time.monotonic() + time_s
        while time.monotonic() < end:
            self._pause()

    def hear(self, pattern: str) -> str:
        """Wait until something says what matches a pattern; return its words."""
        return self._first(pattern, lambda node: re.search(pattern, node.words) is not None).words

    def press(self, name: str, role: str = "") -> None:
        """Press what has a name."""

        def offers(node: Node) -> bool:
            return node.name == name and role in {"", node.role} and "Press" in node.actions

        self._first(f"{role} “{name}”", offers).actions["Press"]()

    def choose(self, name: str) -> None:
        """Choose the item of a list whose whole name matches a pattern."""
        self._first(f"item “{name}”", lambda node: "Item" in node.role and bool(re.fullmatch(name, node.name))).choose()

    def write(self, name: str, text: str) -> None:
        """Write into the field of a name."""
        self._first(f"field “{name}”", lambda node: node.name == name and node.write(text))


def hear_the_score(reader: Reader, *, unfamiliar: bool = False) -> tuple[float, list[float]]:
    """Hear the score of the video on screen, its map, and the curve; return the score and the curve.

    The score of a video that is unlike the training videos is hidden: it is shown on request.
    """
    if unfamiliar:
        reader.hear("does not know such videos")
        reader.press("Show score")
    score = _numbers(reader.hear(r"^Score [+−]?\d+\.\d+"))[0]
    reader.hear(r"^Picture\b.*Frame \d+ of \d+, \d\d:\d\d\.\d{3}, score so far .*strongest at the ")
    words = reader.hear(r"^Score over time\b.*Last [+−]?\d+\.\d+ at \d\d:\d\d\.\d{3}, least .*All: ")
    return score, _numbers(words.partition("All: ")[2], r" at \d\d:")


def hear_why(reader: Reader, *, unfamiliar: bool = False) -> list[float]:
    """Hear the page on the score; return the contributions of the segments.

    Moments of a video that is unlike the training videos are folded: they are shown on request.
    """
    words = reader.hear(r"^Contribution of each segment\b.*Segment 1 of \d+, ")
    reader.hear(r"^Contribution of each area\b.*Row \d+, column \d+: ")
    if unfamiliar:
        reader.hear("unlike those the model was trained on")
        reader.press("Show moments")
    reader.hear(r"(raised|lowered) the score by \d+\.\d+")
    return _numbers(words, r"(?:;|$)")


def _numbers(words: str, after: str = "") -> list[float]:
    found = re.findall(rf"([+−]?\d+\.\d+){after}", words)
    return [float(number.replace("−", "-")) for number in found]


def vote_left(reader: Reader, rater: str) -> None:
    """Sit down as a rater, and vote for the left video of the first pair."""
    reader.press("Rank")
    reader.write("Name of the rater", rater)
    reader.press("Begin")
    reader.hear("Left video at")
    reader.hear("^Right video.*Frame 1 of")
    reader.rest(0.6)  # a vote right after the pair came does not count: nobody has seen it
    reader.press("Left is better")


def export_scores(reader: Reader, file: Path) -> None:
    """Write the table of scores of the video on screen."""
    reader.press("Export")
    reader.choose(" *Scores")
    reader.write("Write to", str(file))
    reader.press("Export", "Button")
    reader.hear(rf"{re.escape(file.name)}$")
    reader.hear("^Written and checked")
