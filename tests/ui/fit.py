"""Faults of the layout of a window or a dialog: texts that are cut, and parts that do not fit or cannot be reached."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QDockWidget,
    QHeaderView,
    QLabel,
    QMainWindow,
    QPushButton,
    QTableView,
    QToolButton,
    QWidget,
)

from skillviewer.ui.widgets.labels import ElidingLabel

ROUNDING_PX = 2


def _words(widget: QLabel | QAbstractButton) -> str:
    return widget.text().replace("&&", "\0").replace("&", "").replace("\0", "&")


def cut_text(widget: QLabel | QAbstractButton) -> str:
    """Return a sentence about text that has no room, "" if there is none. Texts in a tooltip may be shortened."""
    room = widget.contentsRect()
    text = _words(widget)
    if re.search(r"…[\w-]", text) and not widget.toolTip():
        return f"shortened without a tooltip: {text}"
    if isinstance(widget, QAbstractButton):
        if isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly:
            return ""
        needed_px = widget.fontMetrics().horizontalAdvance(text)
        return (
            f"button of {room.width()} px for {needed_px} px: {text}" if needed_px > room.width() + ROUNDING_PX else ""
        )
    if isinstance(widget, ElidingLabel):
        return ""
    if widget.wordWrap():
        needed_px = widget.heightForWidth(widget.width())
        return (
            f"{needed_px} px high in {widget.height()} px: {text}" if needed_px > widget.height() + ROUNDING_PX else ""
        )
    if widget.toolTip():
        return ""
    needed_px = widget.sizeHint().width()
    return f"{needed_px} px wide in {widget.width()} px: {text}" if needed_px > widget.width() + ROUNDING_PX else ""


def _ancestors(widget: QWidget, top: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None and parent is not top:
        yield parent
        parent = parent.parentWidget()


def is_behind_tab(widget: QWidget, top: QWidget) -> bool:
    """Return True if a widget lies in a panel whose tab is not chosen."""
    docks = (parent for parent in _ancestors(widget, top) if isinstance(parent, QDockWidget))
    return any(not top.rect().intersects(dock.geometry()) for dock in docks)


def is_reachable(widget: QWidget, top: QWidget) -> bool:
    """Return True if a widget lies in its window, or in something that scrolls."""
    for parent in _ancestors(widget, top):
        if isinstance(parent, QAbstractScrollArea):
            return True
        if isinstance(parent, QDockWidget) and isinstance(top, QMainWindow) and top.tabifiedDockWidgets(parent):
            return True  # behind its tab
    return top.rect().contains(widget.rect().translated(widget.mapTo(top, QPoint())))


def text_faults(top: QWidget) -> list[str]:
    """Return sentences about labels and buttons whose text is cut, or that cannot be reached."""
    faults = []
    texts: list[QLabel | QAbstractButton] = [*top.findChildren(QLabel), *top.findChildren(QAbstractButton)]
    for widget in texts:
        if widget.isVisible() and widget.text() and widget.width() > 0:
            fault = cut_text(widget) or ("" if is_reachable(widget, top) else f"out of reach: {widget.text()}")
            if fault:
                faults.append(f"{type(widget.parent()).__name__}, {type(widget).__name__}: {fault}")
    return faults


def _describe(widget: QWidget) -> str:
    return f"{type(widget).__name__} “{widget.accessibleName() or widget.objectName()}”"


def scroll_faults(top: QWidget) -> list[str]:
    """Return sentences about areas that scroll sideways, and about areas that scroll within one that scrolls."""
    faults = []
    scrolling = []
    for area in top.findChildren(QAbstractScrollArea):
        if not area.isVisible() or isinstance(area, QHeaderView) or area.visibleRegion().isEmpty():
            continue
        excess_px = area.horizontalScrollBar().maximum()
        if excess_px > 0:
            faults.append(f"{_describe(area)} is {excess_px} px too wide for {area.viewport().width()} px")
        if area.verticalScrollBar().maximum() > 0:
            scrolling.append(area)
    for area in scrolling:
        outer = [other for other in scrolling if other is not area and other.isAncestorOf(area)]
        faults += [f"{_describe(area)} scrolls in {_describe(other)}" for other in outer]
    return faults


def heading_faults(top: QWidget) -> list[str]:
    """Return sentences about headings of tables that are cut."""
    faults = []
    for table in top.findChildren(QTableView):
        header = table.horizontalHeader()
        if not table.isVisible() or not header.isVisible():
            continue
        for index in range(header.count()):
            if header.isSectionHidden(index):
                continue
            text = str(table.model().headerData(index, Qt.Orientation.Horizontal) or "")
            needed_px = header.fontMetrics().horizontalAdvance(text)
            if text and needed_px > header.sectionSize(index):
                faults.append(f"{_describe(table)}: heading {text}, {needed_px} px in {header.sectionSize(index)} px")
    return faults


def primary_faults(top: QWidget) -> list[str]:
    """Return sentences about emphasised buttons of which nothing is visible without scrolling."""
    return [
        f"primary button out of sight: {button.text()}"
        for button in top.findChildren(QPushButton)
        if button.property("primary")
        and button.isVisible()
        and not is_whole(button, top)
        and not is_behind_tab(button, top)
    ]


def is_whole(widget: QWidget, top: QWidget) -> bool:
    """Return True if the whole widget is in sight."""
    visible = QRect(QPoint(), top.size())
    for parent in _ancestors(widget, top):
        visible &= QRect(parent.mapTo(top, QPoint()), parent.size())
    return visible.contains(QRect(widget.mapTo(top, QPoint()), widget.size()))


def shortened(top: QWidget) -> list[str]:
    """Return texts of which even the shortest form is cut: labels, and cells of tables and lists that are on screen."""
    found = []
    for label in top.findChildren(ElidingLabel):
        if (
            label.isVisible()
            and label.width() > 0
            and label.text().endswith("…")
            and not label.longest_text.endswith("…")
        ):
            found.append(f"{type(label.parent()).__name__}: {label.text()} for {label.longest_text}")
    for view in top.findChildren(QAbstractItemView):
        if view.isVisible() and view.model() is not None and isinstance(view, QTableView):
            found += _short_cells(view)
    return found


def _short_cells(view: QTableView) -> list[str]:
    found = []
    model = view.model()
    for row in range(min(model.rowCount(), 5)):
        for column in range(model.columnCount()):
            if view.isColumnHidden(column):
                continue
            text = str(model.index(row, column).data() or "")
            needed_px = view.fontMetrics().horizontalAdvance(text)
            if text and needed_px > view.columnWidth(column):
                found.append(f"{_describe(view)}: cell {text}, {needed_px} px in {view.columnWidth(column)} px")
    return found


def overlaps(top: QWidget) -> list[str]:
    """Return sentences about labels and buttons that lie over others with the same parent."""
    faults = []
    kinds = (QLabel, QAbstractButton)
    for parent in top.findChildren(QWidget):
        if not parent.isVisible():
            continue
        parts = [child for child in parent.children() if isinstance(child, kinds) and child.isVisible()]
        for index, first in enumerate(parts):
            for second in parts[index + 1 :]:
                common = first.geometry() & second.geometry()
                if common.width() > ROUNDING_PX and common.height() > ROUNDING_PX:
                    faults.append(f"{_describe(parent)}: {first.text()} over {second.text()}")
    return faults


def faults_of(top: QWidget) -> list[str]:
    """Return sentences about all faults of a window or a dialog."""
    checks = (text_faults, scroll_faults, heading_faults, primary_faults, shortened, overlaps)
    return [fault for check in checks for fault in check(top)]
