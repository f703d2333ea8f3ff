"""The videos in the window, and what is known of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis import Analysis
from skillviewer.core.arrays import Picture
from skillviewer.core.video import VideoInfo


class VideoState(StrEnum):
    """How far a video is, under the model that is chosen."""

    NEW = "new"
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One video of the list.

    Attributes:
        path: Where it lies.
        info: What is known of the file, once it has been looked at.
        thumbnail: A small picture, (h, w, 3) uint8, once it has been looked at.
        state: How far it is.
        done: Sampled frames finished while it is being assessed.
        total: Sampled frames in all, or 0.
        analysis: What the model chosen says of it, whole; or None.
        reason: Why it failed, in a sentence.
    """

    path: Path
    info: VideoInfo | None = None
    thumbnail: Picture | None = None
    state: VideoState = VideoState.NEW
    done: int = 0
    total: int = 0
    analysis: Analysis | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """Name of the file without its suffix."""
        return self.path.stem


class VideoList(QObject):
    """Videos in the order in which they were added, each path once."""

    about_to_add = Signal(int, int)
    added = Signal(int, int)
    changed = Signal(int)
    about_to_clear = Signal()
    cleared = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._rows: dict[Path, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __getitem__(self, row: int) -> Entry:
        return self._entries[row]

    def row(self, path: Path) -> int | None:
        """Return the row of a video, or None."""
        return self._rows.get(path)

    def get(self, path: Path) -> Entry | None:
        """Return the entry of a video, or None."""
        row = self._rows.get(path)
        return None if row is None else self._entries[row]

    def add(self, paths: Iterable[Path]) -> list[Path]:
        """Append videos; those that are there already are left as they are.

        Returns:
            The videos that are new.
        """
        fresh = [path for path in dict.fromkeys(paths) if path not in self._rows]
        if fresh:
            first, last = len(self._entries), len(self._entries) + len(fresh) - 1
            self.about_to_add.emit(first, last)
            for path in fresh:
                self._rows[path] = len(self._entries)
                self._entries.append(Entry(path))
            self.added.emit(first, last)
        return fresh

    def update(self, path: Path, **changes: Any) -> None:  # noqa: ANN401 - fields of Entry, checked by replace()
        """Change fields of an entry; a video that has left the list is ignored."""
        row = self._rows.get(path)
        if row is None:
            return
        self._entries[row] = replace(self._entries[row], **changes)
        self.changed.emit(row)

    def clear(self) -> None:
        """Forget all videos."""
        self.about_to_clear.emit()
        self._entries.clear()
        self._rows.clear()
        self.cleared.emit()
