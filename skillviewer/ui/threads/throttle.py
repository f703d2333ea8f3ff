"""Throttled progress: the first report at once, then the latest some times a second; and single-shot timers."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from skillviewer.core.progress import Progress

SHOWN_EVERY_MS = 100


def single_shot(parent: QObject, interval_ms: int, slot: Callable[[], object] | None = None) -> QTimer:
    """Return a timer that calls ``slot`` once, ``interval_ms`` after it was started last."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    if slot is not None:
        timer.timeout.connect(slot)
    return timer


class Throttle(QObject):
    """Limits reports to a rate that the user can follow."""

    shown = Signal(object)  # the latest ``Progress``

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest: Progress | None = None
        self._timer = single_shot(self, SHOWN_EVERY_MS, self._show)

    def report(self, progress: Progress) -> None:
        """Show it now, or, if a report was shown a moment ago, after a short time unless a newer one comes."""
        self._latest = progress
        if not self._timer.isActive():
            self._show()

    def stop(self) -> None:
        """Drop a report that was not shown yet."""
        self._timer.stop()
        self._latest = None

    @Slot()
    def _show(self) -> None:
        progress, self._latest = self._latest, None
        if progress is not None:
            self._timer.start()
            self.shown.emit(progress)
