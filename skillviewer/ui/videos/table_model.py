"""The list of videos as a table for Qt's views."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Slot,
)

from skillviewer.core.analysis.cohort import MIN_COHORT
from skillviewer.core.text import clock, printable, signed
from skillviewer.core.video.extents import TimeRange
from skillviewer.core.video.footage import VideoClip
from skillviewer.ui.markup import as_tip
from skillviewer.ui.session.cohorts import Cohorts
from skillviewer.ui.session.video_list import VideoEntry, VideoList, VideoState

if TYPE_CHECKING:
    from collections.abc import Callable

NAME, LENGTH, SCORE, PERCENTILE, STATE = range(5)
COLUMNS = 5
SETTLE_MS = 100
SORT_ROLE = Qt.ItemDataRole.UserRole
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
UNDER_ROLE = Qt.ItemDataRole.UserRole + 2
"""What stands under a name or a score."""

Index = QModelIndex | QPersistentModelIndex


class VideoTable(QAbstractTableModel):
    """Rows are videos; columns are name, length, score, percentile among the comparable videos, and state."""

    def __init__(self, videos: VideoList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._videos = videos
        self._cohorts = Cohorts(videos)
        self._settle = QTimer(self)  # scores of many videos come at once
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._tell_percentiles)
        self._words = {
            VideoState.NEW: self.tr("not assessed"),
            VideoState.WAITING: self.tr("waiting"),
            VideoState.WORKING: self.tr("assessing"),
            VideoState.DONE: self.tr("assessed"),
            VideoState.FAILED: self.tr("failed"),
            VideoState.UNREADABLE: self.tr("unreadable"),
            VideoState.MISSING: self.tr("not found"),
            VideoState.REPLACED: self.tr("another file"),
        }
        self._order = {state: at for at, state in enumerate(VideoState)}
        self._tellers: dict[int, Callable[[VideoEntry, int], object]] = {
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.ToolTipRole: self._tool_tip,
            Qt.ItemDataRole.TextAlignmentRole: lambda _entry, column: _alignment(column),
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            SORT_ROLE: self._sort_key,
            ENTRY_ROLE: lambda entry, _column: entry,
            UNDER_ROLE: lambda entry, column: {NAME: self.about, SCORE: _half}.get(column, lambda _: "")(entry),
        }
        videos.about_to_add.connect(self._on_about_to_add)
        videos.added.connect(self._on_added)
        videos.changed.connect(self._on_changed)
        videos.about_to_remove.connect(self._on_about_to_remove)
        videos.removed.connect(self._on_removed)
        videos.about_to_clear.connect(self.beginResetModel)
        videos.cleared.connect(self.endResetModel)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of videos."""
        return 0 if parent.isValid() else len(self._videos)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else COLUMNS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the names of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            titles = (
                self.tr("Name"), self.tr("Length"), self.tr("Score"), self.tr("Pctl."), self.tr("State")
            )  # fmt: skip
            return titles[section]
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._about_column(section)
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def _about_column(self, column: int) -> str:
        if column == PERCENTILE:
            return self.tr(
                "Percentile: of 100 comparable videos of the same task so many score lower. It takes {} others or more."
            ).format(MIN_COHORT)
        return self.tr("The score, and half of its 95 % interval (±)") if column == SCORE else ""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return what a cell shows, is sorted by, or says aloud."""
        if not index.isValid():
            return None
        entry, column = self._videos[index.row()], index.column()
        tell = self._tellers.get(role)
        return tell(entry, column) if tell is not None else None

    def state_words(self, state: VideoState) -> str:
        """Return the word for a state."""
        return self._words[state]

    def _spoken(self, entry: VideoEntry, column: int) -> str:
        """Say the whole row at its name, and an interval with its score."""
        if column == NAME:
            return ", ".join(self._spoken(entry, c) if c else self._text(entry, c) for c in range(COLUMNS))
        interval = self.interval(entry) if column == SCORE else ""
        return " ".join(filter(None, (self._text(entry, column), interval)))

    def _text(self, entry: VideoEntry, column: int) -> str:
        if column == NAME:
            return printable(entry.name)
        if column == LENGTH:
            return clock(entry.length_s)[:-2] if entry.length_s is not None else "–"
        if column == SCORE:
            return signed(entry.analysis.score, 2) if entry.analysis is not None else "–"
        if column == PERCENTILE:
            standing = self._cohorts.standing(entry)
            return standing.percentile_words if standing is not None else "–"
        if entry.state is VideoState.WORKING and entry.total:
            return self.tr("{} of {}").format(entry.done, entry.total)
        return self._words[entry.state]

    def interval(self, entry: VideoEntry) -> str:
        """Return the interval of a score in words, "" without one."""
        found = entry.analysis.interval if entry.analysis is not None else None
        if found is None:
            return ""
        return self.tr("(95 % interval {} to {})").format(*(signed(end, 2) for end in found))

    def _tool_tip(self, entry: VideoEntry, _column: int) -> str:
        lines = [printable(str(entry.path)), self.part(entry), entry.reason]
        if entry.analysis is not None:
            lines += [f"{self._text(entry, SCORE)} {self.interval(entry)}".strip(), entry.analysis.warning]
        return as_tip("\n".join(line for line in lines if line))

    def part(self, entry: VideoEntry) -> str:
        """Return which part of its file a video is, "" for the whole."""
        if entry.extent is None:
            return ""
        if isinstance(entry.extent, TimeRange):
            start_s, stop_s = entry.extent.start_s, entry.extent.stop_s
            return f"{clock(start_s)[:-2]}–{clock(stop_s)[:-2]}"
        return self.tr("frames {} to {}").format(entry.extent.start_frame + 1, entry.extent.stop_frame)

    def _short_part(self, entry: VideoEntry) -> str:
        """Return the same in whole seconds, which fits into a narrow column, once the times of the frames are known."""
        span_s = entry.span_s
        if entry.extent is None or span_s is None:
            return self.part(entry)
        return "–".join(f"{int(at_s // 60)}:{int(at_s % 60):02d}" for at_s in span_s)

    def about(self, entry: VideoEntry) -> str:
        """Return what stands under a name: of an assessed video its length and participant, else how far it is.

        Of a part of a file it is always said which.
        """
        part = self._short_part(entry)
        if entry.state is not VideoState.DONE:
            return " · ".join(filter(None, (self._text(entry, STATE), part)))
        parts = [part or self._text(entry, LENGTH), printable(entry.participant or "")]
        if entry.analysis is not None and entry.analysis.warning:
            parts.insert(0, self.tr("unfamiliar"))
        return " · ".join(part for part in parts if part)

    def _sort_key(self, entry: VideoEntry, column: int) -> str | float:
        if column == NAME:
            return entry.name.casefold()
        if column == LENGTH:
            return entry.length_s if entry.length_s is not None else -1.0
        if column == SCORE:
            return entry.analysis.score if entry.analysis is not None else float("-inf")
        if column == PERCENTILE:
            standing = self._cohorts.standing(entry)
            percentile = standing.percentile if standing is not None else None
            return percentile if percentile is not None else float("-inf")
        return float(self._order[entry.state])

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
        self.dataChanged.emit(self.index(row, 0), self.index(row, COLUMNS - 1))
        if self._videos[row].state is VideoState.DONE:  # a score more moves the percentiles of all
            self._settle.start()

    @Slot()
    def _tell_percentiles(self) -> None:
        if len(self._videos):
            self.dataChanged.emit(self.index(0, PERCENTILE), self.index(len(self._videos) - 1, PERCENTILE))


class VideoFilter(QSortFilterProxyModel):
    """The table sorted, and filtered by words of the name and by state."""

    def __init__(self, table: VideoTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._state: VideoState | None = None
        self._current: VideoClip | None = None
        self.setSourceModel(table)
        self.setSortRole(SORT_ROLE)

    def set_words(self, text: str) -> None:
        """Keep videos whose path, name, participant or task holds all these words."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def set_state(self, state: VideoState | None) -> None:
        """Keep videos in one state, or all."""
        self._state = state
        self.invalidate()

    def set_current(self, footage: VideoClip | None) -> None:
        """Keep the video on screen, whatever is kept besides: a list that drops it would go on to another."""
        if footage != self._current:
            self._current = footage
            if self._state is not None or self._words:
                self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Return whether a video is kept."""
        if self._state is None and not self._words:
            return True  # asked of every video again and again
        entry = self.sourceModel().index(row, 0, parent).data(ENTRY_ROLE)
        if not isinstance(entry, VideoEntry):
            return False
        person = entry.participant or ""
        text = f"{entry.path.parent.name}/{entry.path.name} {entry.name} {person} {entry.task}".casefold()
        if entry.footage == self._current:
            return True
        fits = self._state is None or entry.state is self._state
        return fits and all(word in text for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:
        """Sort numbers as numbers and names as words with numbers in them."""
        a, b = left.data(SORT_ROLE), right.data(SORT_ROLE)
        if isinstance(a, str) and isinstance(b, str):
            return _natural(a) < _natural(b)
        return bool(a < b)


@lru_cache(maxsize=4096)
def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which clip 9 stands before clip 10."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for letter in text + "\0":
        if letter in "0123456789":
            digits += letter
            continue
        if digits:
            parts.append((0, int(digits), digits))
            digits = ""
        parts.append((1, 0, letter))
    return tuple(parts)


def _half(entry: VideoEntry) -> str:
    """Return half of an interval, to stand under the score in its middle: "± 0.22"; "" without one."""
    found = entry.analysis.interval if entry.analysis is not None else None
    return f"± {(found[1] - found[0]) / 2:.2f}" if found is not None else ""


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in {LENGTH, SCORE, PERCENTILE} else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
