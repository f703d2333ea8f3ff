"""Requests of panels for points that the user clicks in the picture."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

Points = list[tuple[float, float]]
"""x and y of each point in pixels of the picture; (0, 0) is the centre of the top left pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class PointRequest:
    """A request for points.

    Attributes:
        hint: Instruction to the user, in a sentence.
        picked: Called with frame, x and y in pixels for each point.
        ended: Called with all points when the user ends the line; None if the points form no line.
        max_points: Number of points after which the request ends; 0 for any number.
    """

    hint: str
    on_picked: Callable[[int, float, float], object] | None = None
    on_ended: Callable[[Points], object] | None = None
    max_points: int = 0


class PointRequests(QObject):
    """Holder of the present request."""

    changed = Signal(object)  # the present ``PointRequest``, or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current_request: PointRequest | None = None

    def ask(self, request: PointRequest | None) -> None:
        """Replace the present request; None ends it."""
        if request is not self.current_request:
            self.current_request = request
            self.changed.emit(request)
