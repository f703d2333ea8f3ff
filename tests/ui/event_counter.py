"""A count of the events of one type that a widget gets."""

from PySide6.QtCore import QEvent, QObject


class EventCounter(QObject):
    """Counts the events of one type that a widget gets.

    Attributes:
        n: Number of events since the count began or was set to 0.
    """

    def __init__(self, widget: QObject, event_type: QEvent.Type) -> None:
        super().__init__(widget)
        self.n = 0
        self._event_type = event_type
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        self.n += event.type() is self._event_type
        return False
