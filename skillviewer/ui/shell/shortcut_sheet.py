"""The sheet that lists the keys."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from skillviewer.ui.actions.actions import Actions, key_text, plain
from skillviewer.ui.actions.table import MENUS
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, push_button, scroll_area, vertical
from skillviewer.ui.widgets.overlay_sheet import OverlaySheet
from skillviewer.ui.widgets.theme import by_text


class ShortcutSheet(OverlaySheet):
    """All keys, by menu."""

    def __init__(self, actions: Actions, change: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._specs = actions.specs
        self.setAccessibleName("Keys")
        area = scroll_area(self, self.accessibleName())
        inside = QWidget(area)
        halves = FlowLayout(inside, gap_px=32)
        halves.setContentsMargins(24, 20, 24, 20)
        for menus in self._halves():
            halves.addWidget(self._half(inside, menus))
        area.setWidget(inside)
        text = "The keys of the player work while the picture, the curve or the list has the focus."
        note = text_label(text, self, muted=True, wrap=True)
        self.change = push_button("Change keys…", self, self.dismiss)
        self.change.clicked.connect(change.trigger)
        foot = add_all(horizontal(margins=(24, 0, 16, 12)), (note, 1), self.change)
        add_all(vertical(self, (4, 4, 4, 4)), area, foot)
        self.setFocusProxy(area)
        self.setFixedSize(QSize(by_text(800), by_text(600)).boundedTo(parent.size() - QSize(48, 48)))

    def _halves(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the menus of the left and of the right half, such that both are about as long."""
        rows = [1 + sum(1 for spec in self._specs if spec.menu == menu and spec.keys) for menu in MENUS]
        middle = min(range(1, len(MENUS)), key=lambda place: abs(sum(rows[:place]) - sum(rows[place:])))
        return MENUS[:middle], MENUS[middle:]

    def _half(self, parent: QWidget, menus: tuple[str, ...]) -> QWidget:
        half = QWidget(parent)
        grid = QGridLayout(half)
        grid.setContentsMargins(*NONE)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        row = 0
        for menu in menus:
            specs = [spec for spec in self._specs if spec.menu == menu and spec.keys]
            if not specs:
                continue
            heading = text_label(plain(menu), parent, heading=True)
            heading.setContentsMargins(0, 10 if row else 0, 0, 0)
            grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for spec in specs:
                keys = text_label("   ".join(key_text(key) for key in spec.keys), parent, muted=True)
                grid.addWidget(keys, row, 0)
                grid.addWidget(QLabel(plain(spec.text), parent), row, 1)
                row += 1
        grid.setColumnStretch(1, 1)
        return half
