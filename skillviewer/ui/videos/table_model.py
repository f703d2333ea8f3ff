"""The list of videos as a table for Qt's views."""

import re
from functools import lru_cache
from string import digits
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)

from skillviewer.core.analysis.cohort import MIN_COHORT
from skillviewer.core.analysis.score_text import UNFAMILIAR
from skillviewer.core.text import printable
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.videos.columns import (
    COLUMNS,
    NAME_COLUMN,
    UNKNOWN,
    VideoColumn,
    format_interval,
    format_part,
    format_score,
)
from skillviewer.ui.widgets.layout import as_tip

if TYPE_CHECKING:
    from collections.abc import Callable

UPDATE_DELAY_MS = 100
SORT_ROLE = Qt.ItemDataRole.UserRole
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
SECOND_LINE_ROLE = Qt.ItemDataRole.UserRole + 2

Index = QModelIndex | QPersistentModelIndex


class VideoTable(QAbstractTableModel):
    """The list of videos as a table model. The name is in the first column."""

    all_changed = Signal()  # values that depend on all videos may have changed in every row

    def __init__(
        self, videos: VideoList, parent: QObject | None = None, columns: tuple[VideoColumn, ...] = COLUMNS
    ) -> None:
        super().__init__(parent)
        self.columns = columns
        self._videos = videos
        self._cohorts = videos.cohorts
        self._update_soon = single_shot(
            self, UPDATE_DELAY_MS, self.all_changed.emit
        )  # scores of many videos come at once
        self._getters: dict[int, Callable[[VideoEntry, VideoColumn], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda entry, column: column.text(entry, self._cohorts),
            Qt.ItemDataRole.ToolTipRole: self._tool_tip,
            Qt.ItemDataRole.TextAlignmentRole: lambda _entry, column: _alignment(column),
            Qt.ItemDataRole.AccessibleTextRole: self._accessible_text,
            SORT_ROLE: lambda entry, column: column.sort_key(entry, self._cohorts),
            ENTRY_ROLE: lambda entry, _column: entry,
            SECOND_LINE_ROLE: lambda entry, column: column.second_line(entry, self._cohorts),
        }
        videos.about_to_add.connect(self._on_about_to_add)
        videos.added.connect(self._on_added)
        videos.changed.connect(self._on_changed)
        videos.about_to_remove.connect(self._on_about_to_remove)
        videos.removed.connect(self._on_removed)
        videos.about_to_clear.connect(self.beginResetModel)
        videos.cleared.connect(self.endResetModel)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._videos)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.about.format(MIN_COHORT)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the value of a cell for a role."""
        get = self._getters.get(role) if index.isValid() else None
        if get is None:
            return None
        return get(self._videos[index.row()], self.columns[index.column()])

    def _accessible_text(self, entry: VideoEntry, column: VideoColumn) -> str:
        """Return the text of a cell for screen readers; for the name, the text of the whole row."""
        text = self._cell_text(entry, column)
        if column is not self.columns[NAME_COLUMN]:
            return text
        texts = [text]
        for other in self.columns[NAME_COLUMN + 1 :]:
            other_text = self._cell_text(entry, other)
            if other_text not in {"", UNKNOWN}:
                if not other.spoken_without_heading:
                    other_text = f"{other.title} {other_text}"
                texts.append(other_text)
        return ", ".join(texts)

    def _cell_text(self, entry: VideoEntry, column: VideoColumn) -> str:
        """Return the text on screen with the addition for screen readers."""
        text = column.text(entry, self._cohorts)
        addition = column.accessible_text(entry, self._cohorts)
        return f"{text} {addition}".strip()

    def _tool_tip(self, entry: VideoEntry, _column: VideoColumn) -> str:
        lines = [printable(str(entry.path)), format_part(entry), entry.reason]
        if entry.analysis is not None:
            scored = self._cohorts.shown_analysis(entry)
            score = format_score(entry, self._cohorts) if scored is not None else UNFAMILIAR
            lines += [f"{score} {format_interval(scored)}".strip(), entry.analysis.warning]
            if scored is not None and entry.analysis.scaled is not None:
                lines += [entry.analysis.scaled.sentence, entry.analysis.scaled.note]
        return as_tip("\n".join(line for line in lines if line))

    @Slot(int, int)
    def _on_about_to_add(self, first: int, last: int) -> None:
        self.beginInsertRows(QModelIndex(), first, last)

    @Slot(int, int)
    def _on_added(self, _first: int, _last: int) -> None:
        self.endInsertRows()

    @Slot(int)
    def _on_about_to_remove(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)

    @Slot(int)
    def _on_removed(self, _row: int) -> None:
        self.endRemoveRows()

    @Slot(int)
    def _on_changed(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))
        if self._videos[row].state is VideoState.DONE:  # a new score changes the percentiles of all
            self._update_soon.start(max(UPDATE_DELAY_MS, len(self._videos) // 10))


class VideoFilter(QSortFilterProxyModel):
    """The table of videos, sorted by a column, and filtered by a query and a state."""

    def __init__(self, table: VideoTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._query_words: tuple[str, ...] = ()
        self._required_state: VideoState | None = None
        self._current_clip: VideoClip | None = None
        self.setSourceModel(table)
        self.setSortRole(SORT_ROLE)

    def set_query(self, text: str) -> None:
        """Show the videos whose path, name, participant, task and occasion contain all words of a text."""
        self._query_words = tuple(text.casefold().split())
        self.invalidate()

    def set_state(self, state: VideoState | None) -> None:
        """Show the videos in one state, or all."""
        self._required_state = state
        self.invalidate()

    def set_current(self, clip: VideoClip | None) -> None:
        """Always show this video, so that no other one is chosen when the filter changes."""
        if clip != self._current_clip:
            self._current_clip = clip
            if self._required_state is not None or self._query_words:
                self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if self._required_state is None and not self._query_words:
            return True  # quickly, because Qt calls this for every video
        entry = self.sourceModel().index(row, 0, parent).data(ENTRY_ROLE)
        if not isinstance(entry, VideoEntry):
            return False
        if entry.clip == self._current_clip:
            return True
        if self._required_state is not None and entry.state is not self._required_state:
            return False
        participant = "" if entry.participant is None else entry.participant
        facts = f"{participant} {entry.task} {entry.occasion}"
        text = f"{entry.path.parent.name}/{entry.path.name} {entry.name} {facts}".casefold()
        return all(word in text for word in self._query_words)

    def lessThan(self, left: Index, right: Index) -> bool:
        """Return True if the left sort key is smaller. Numbers within texts are compared as numbers."""
        a = left.data(SORT_ROLE)
        b = right.data(SORT_ROLE)
        if isinstance(a, str) and isinstance(b, str):
            return _natural_key(a) < _natural_key(b)
        return bool(a < b)


@lru_cache(maxsize=2**15)  # a cache of fewer entries than there are names would not speed up sorting
def _natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key by which clip 9 comes before clip 10."""
    parts = re.findall(r"[0-9]+|[^0-9]", text + "\0")
    return tuple((0, int(part), part) if part[0] in digits else (1, 0, part) for part in parts)


def _alignment(column: VideoColumn) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.is_numeric else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
