"""Elision of names that keeps the part in which they differ."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

ALIKE = 4  # names that begin with this many letters in common are cut there


def n_alike(names: Sequence[str]) -> int:
    """Return how many letters of long names can be left out at the beginning, so that what tells them apart stays.

    Names of a study often begin alike: ``participant_07_left_hand_camera_front``. A number is not taken apart.
    """
    if len(names) < 2:
        return 0
    first, last = min(names), max(names)
    pairs = enumerate(zip(first, last, strict=False))
    alike = next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))
    while alike and first[alike - 1].isdigit():
        alike -= 1
    return alike if alike >= ALIKE else 0


def elided(name: str, alike: int, metrics: QFontMetrics, width_px: int) -> str:
    """Return a name cut where it is too long: first what all begin with (letters by ``n_alike``), then its end."""
    if metrics.horizontalAdvance(name) <= width_px:
        return name
    if not alike:
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width_px)
    return metrics.elidedText(f"…{name[alike:]}", Qt.TextElideMode.ElideRight, width_px)
