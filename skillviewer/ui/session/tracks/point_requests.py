"""Requests for points of the picture: a panel asks, and the player on screen takes clicks."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

Points = list[tuple[float, float]]
"""x and y in pixels of the picture; (0, 0) is the centre of the top left pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class PointRequest:
    """A request for points.

    Attributes:
        hint: What to click, in a sentence.
        picked: Called with frame, x and y in pixels for each point.
        ended: Called with all points when the user ends the line; None if each point is final.
        max_points: Number of points after which the request ends; 0 for any number.
    """

    hint: str
    picked: Callable[[int, float, float], object] | None = None
    ended: Callable[[Points], object] | None = None
    max_points: int = 0


class PointRequests(QObject):
    """The request under way, or None."""

    changed = Signal(object)  # the ``PointRequest`` under way, or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: PointRequest | None = None

    def ask(self, request: PointRequest | None) -> None:
        """Ask for points, instead of those asked for before; None ends the request."""
        if request is not self.current:
            self.current = request
            self.changed.emit(request)
