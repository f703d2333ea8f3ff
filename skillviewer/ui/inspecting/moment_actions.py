"""What the actions on moments and on the contribution of cells do, and when they can."""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QObject, Slot

from skillviewer.core.analysis.analysis import Analysis, MapKind

if TYPE_CHECKING:
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.ui.inspecting.screen import InspectScreen
    from skillviewer.ui.shell.main_window import MainWindow


def cells_as_maps(analysis: Analysis, evidence: "Evidence") -> Analysis | None:
    """Return an analysis whose maps are the contributions of the cells in each step, signed; None without cells."""
    if evidence.cell_steps is None:
        return None
    return replace(analysis, attention=evidence.cell_steps.astype(np.float32), map_kind=MapKind.SIGNED)


class InsightKeys(QObject):
    """Ties the actions to the moments of the video on screen and to its player.

    Args:
        window: The window.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window, self._insight = window, window.program.insight
        self._playback = window.program.playback
        self._made: tuple[Evidence, Analysis | None] | None = None
        actions, tour = window.actions_, self._insight.tour
        actions.bind("previous_moment", lambda: tour.go(-1))
        actions.bind("next_moment", lambda: tour.go(1))
        actions.bind("keep_moment", self._keep)
        actions["keep_moment"].setAutoRepeat(False)
        actions.bind_switch("cell_evidence", self._on_cells)
        self._insight.inquiry.changed.connect(self._refresh)
        self._insight.remarks.changed.connect(self._refresh)
        self._playback.marks_changed.connect(self._refresh)
        self._refresh()

    def _keep(self) -> None:
        """Keep the selection, and show where it went."""
        self._insight.tour.keep()
        self._window.raise_dock("moments")

    @Slot()
    def _refresh(self, *_: object) -> None:
        actions = self._window.actions_
        actions.set_enabled(bool(self._insight.inquiry.cards), "previous_moment", "next_moment")
        marked = self._playback.marks != (None, None)
        actions.set_enabled(marked and self._insight.remarks.writable, "keep_moment")
        cells = self._cells()
        actions.set_enabled(cells is not None, "cell_evidence")
        if actions["cell_evidence"].isChecked():
            self._show(cells)

    def _cells(self) -> Analysis | None:
        found = self._insight.inquiry.findings
        if found is None or found.evidence is None:
            return None
        if self._made is None or self._made[0] is not found.evidence:
            self._made = found.evidence, cells_as_maps(found.analysis, found.evidence)
        return self._made[1]

    @Slot(bool)
    def _on_cells(self, on: bool) -> None:
        if on:
            self._insight.explanations.want(self, True)
        else:
            self._insight.explanations.want(self, False)
        self._show(self._cells() if on else None)

    def _show(self, cells: Analysis | None) -> None:
        screen = cast("InspectScreen", self._window.screen_named("inspect"))
        screen.player.set_contributions(cells)


def bind(window: "MainWindow") -> None:
    """Tie the actions of the docks; once, when the window is made."""
    InsightKeys(window)
