"""Order in which Tab goes through the widgets of a window: as they are read, also if some were made later."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QGridLayout, QLayout, QMainWindow, QStatusBar, QToolBar, QWidget


def focus_neighbour(window: QWidget, current: QWidget | None, *, forward: bool) -> QWidget | None:
    """Return the widget to which Tab goes from the current one, or Shift+Tab backwards; None if there is no other."""
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
    """Return the children of a widget: those of its layout first, then the others from top to bottom."""
    children = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    if isinstance(widget, QMainWindow):
        return sorted(children, key=_place_in_window)
    layout = widget.layout()
    laid_out = [] if layout is None or isinstance(widget, QDockWidget) else list(_widgets_of(layout))
    others = [child for child in children if child not in laid_out]
    return laid_out + sorted(others, key=lambda child: (child.y(), child.x()))


def _place_in_window(part: QWidget) -> tuple[int, int, int]:
    """Return a key that sorts tool bars first, then panels and screen from left to right, and the status bar last."""
    group = 1
    if isinstance(part, QToolBar):
        group = 0
    elif isinstance(part, QStatusBar):
        group = 2
    return group, part.x(), part.y()


def _widgets_of(layout: QLayout) -> Iterator[QWidget]:
    """Yield the widgets of a layout and of the layouts in it; those of a grid row by row."""
    indices = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        indices.sort(key=lambda index: _cell_of(layout, index))
    for index in indices:
        item = layout.itemAt(index)
        if item is None:
            continue
        widget = item.widget()
        inner = item.layout()
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _widgets_of(inner)


def _cell_of(grid: QGridLayout, index: int) -> tuple[int, int]:
    """Return row and column of an item of a grid."""
    position = grid.getItemPosition(index)
    assert isinstance(position, tuple)
    row, column, _, _ = position
    return int(row), int(column)
