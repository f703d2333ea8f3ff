"""Order in which Tab goes through the widgets of a window: as they are read, also if some were made later."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStatusBar, QToolBar, QWidget


def focus_neighbour(window: QWidget, current: QWidget | None, *, forward: bool) -> QWidget | None:
    """Return the widget to which Tab goes, or Shift+Tab if not ``forward``; None if there is no other widget."""
    stops = [widget for widget in _walk(window) if widget is current or _is_stop(widget)]
    if not stops:
        return None
    if current not in stops:
        return stops[0 if forward else -1]
    step = 1 if forward else -1
    neighbour = stops[(stops.index(current) + step) % len(stops)]
    return neighbour if neighbour is not current else None


def _is_stop(widget: QWidget) -> bool:
    takes_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return takes_tab and widget.isEnabled() and widget.focusProxy() is None


def _walk(widget: QWidget) -> Iterator[QWidget]:
    """Yield a widget and all visible widgets inside it, in the order in which they are read."""
    yield widget
    for child in _parts(widget):
        # Qt moves a panel behind the tab of another one out of the window
        is_behind_tab = isinstance(child, QDockWidget) and not widget.rect().intersects(child.geometry())
        if child.isVisible() and not is_behind_tab:
            yield from _walk(child)


def _parts(widget: QWidget) -> list[QWidget]:
    """Return the children of a widget: row by row from top to bottom, and each row from left to right.

    Their places tell the order, and not the layouts: Qt deletes items of layouts that PySide still hands out.
    """
    children = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    if isinstance(widget, QMainWindow):
        return sorted(children, key=_place_in_window)
    rows: list[list[QWidget]] = []
    for child in sorted(children, key=lambda child: (child.y(), child.x())):
        middle_px = child.y() + child.height() / 2
        if rows and middle_px < max(other.y() + other.height() for other in rows[-1]):
            rows[-1].append(child)
        else:
            rows.append([child])
    return [child for row in rows for child in sorted(row, key=lambda child: child.x())]


def _place_in_window(part: QWidget) -> tuple[int, int, int]:
    """Return a key that sorts tool bars first, then panels and screen from left to right, and the status bar last."""
    group = 1
    if isinstance(part, QToolBar):
        group = 0
    elif isinstance(part, QStatusBar):
        group = 2
    return group, part.x(), part.y()
