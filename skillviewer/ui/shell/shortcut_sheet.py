"""Sheet that lists the shortcuts."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from skillviewer.ui.actions.actions import Actions, key_text, without_mnemonic
from skillviewer.ui.actions.table import MENUS, ActionSpec
from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, horizontal, push_button, scroll_area, vertical
from skillviewer.ui.widgets.overlay_sheet import OverlaySheet
from skillviewer.ui.widgets.text_scaling import scaled_px

SPACE_PX = 112
"""Width of the sheet apart from the keys: margins, gap and scroll bar."""


class ShortcutSheet(OverlaySheet):
    """All shortcuts, by menu."""

    def __init__(self, actions: Actions, change_keys_action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._specs = actions.specs
        self.setAccessibleName("Keys")
        area = scroll_area(self, self.accessibleName())
        halves = AdaptiveGrid(area, margins=(24, 20, 24, 20), spacing=32)
        left_menus, right_menus = self._split_menus()
        left, left_px = self._make_half(halves, left_menus)
        right, right_px = self._make_half(halves, right_menus)
        halves.set_arrangements(
            wide=(
                Place(left, row=0, column=0, min_width_px=left_px),
                Place(right, row=0, column=1, min_width_px=right_px),
            ),
            narrow=(Place(left, row=0, column=0), Place(right, row=1, column=0)),
            wide_factors=(1, 1),
            narrow_factors=(1, 0),
        )
        area.setWidget(halves)
        text = "The keys of the player work while the picture, the curve or the list has the focus."
        note = text_label(text, self, muted=True, wrap=True)
        self._change_keys_action = change_keys_action
        self.change_keys_button = push_button("Change keys…", self, self._change_keys)
        foot = add_all(horizontal(margins=(24, 0, 16, 12)), growing(note), self.change_keys_button)
        add_all(vertical(self, margins=(4, 4, 4, 4)), area, foot)
        self.setFocusProxy(area)
        size = QSize(left_px + right_px + SPACE_PX, scaled_px(600))
        max_size = parent.size() - QSize(48, 48)
        self.setFixedSize(size.boundedTo(max_size))

    def _change_keys(self) -> None:
        self.dismiss()
        self._change_keys_action.trigger()

    def _split_menus(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Split the menus into a left and a right half of about the same length."""
        n_rows = [1 + len(self._specs_with_keys(menu)) for menu in MENUS]

        def imbalance(n_left: int) -> int:
            return abs(sum(n_rows[:n_left]) - sum(n_rows[n_left:]))

        n_left = min(range(1, len(MENUS)), key=imbalance)
        return MENUS[:n_left], MENUS[n_left:]

    def _specs_with_keys(self, menu: str) -> list[ActionSpec]:
        return [spec for spec in self._specs if spec.menu == menu and spec.keys]

    def _make_half(self, parent: QWidget, menus: tuple[str, ...]) -> tuple[QWidget, int]:
        """Return the keys of some menus, and the width at which no text wraps."""
        half = QWidget(parent)
        texts = []
        grid = QGridLayout(half)
        grid.setContentsMargins(*NO_MARGINS)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        row = 0
        for menu in menus:
            specs = self._specs_with_keys(menu)
            if not specs:
                continue
            heading = text_label(without_mnemonic(menu), parent, heading=True)
            gap_px = 10 if row else 0
            heading.setContentsMargins(0, gap_px, 0, 0)
            grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for spec in specs:
                keys = text_label("   ".join(key_text(key) for key in spec.keys), parent, muted=True)
                grid.addWidget(keys, row, 0, Qt.AlignmentFlag.AlignTop)
                text = QLabel(without_mnemonic(spec.text), parent)
                grid.addWidget(text, row, 1)
                texts.append(text)
                row += 1
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(row, 1)
        full_width_px = grid.sizeHint().width()
        for text in texts:
            text.setWordWrap(True)
        return half, full_width_px
