"""The list of videos."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.session.cohorts import Cohorts
from skillviewer.ui.session.video_entry import VideoEntry


class VideoList(QObject):
    """Distinct videos in the order in which they were added. Several may be clips of one file."""

    about_to_add = Signal(int, int)  # first and last row
    added = Signal(int, int)  # first and last row
    changed = Signal(int)  # row
    about_to_remove = Signal(int)  # row
    removed = Signal(int)  # row
    about_to_clear = Signal()
    cleared = Signal()
    unfamiliar_shown = Signal(bool)  # ``shows_unfamiliar`` changed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[VideoEntry] = []
        self._rows: dict[VideoClip, int] = {}
        self.shows_unfamiliar = False  # whether scores of videos unlike the training videos are shown
        self.study_task = ""  # task of the open study, "" if it states none
        self.cohorts = Cohorts(self)

    def show_unfamiliar(self, on: bool) -> None:
        """Show or hide the scores of videos that are unlike the training videos of the model."""
        if on == self.shows_unfamiliar:
            return
        self.shows_unfamiliar = on
        self.unfamiliar_shown.emit(on)
        for row, entry in enumerate(self._entries):
            if entry.analysis is not None and entry.analysis.unfamiliar:
                self.changed.emit(row)

    def shown_analysis(self, entry: VideoEntry) -> Analysis | None:
        """Return the analysis of a video whose score is shown, else None."""
        analysis = entry.analysis
        is_hidden = analysis is not None and analysis.unfamiliar and not self.shows_unfamiliar
        return None if is_hidden else analysis

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[VideoEntry]:
        return iter(tuple(self._entries))

    def __getitem__(self, row: int) -> VideoEntry:
        return self._entries[row]

    def row(self, clip: VideoClip) -> int | None:
        return self._rows.get(clip)

    def get(self, clip: VideoClip | None) -> VideoEntry | None:
        """Return the entry of a video, or None if the video is None or not in the list."""
        row = self._rows.get(clip) if clip is not None else None
        return None if row is None else self._entries[row]

    def title(self, clip: VideoClip) -> str:
        """Return the file name of a video, followed by its name in the study if it is a clip."""
        entry = self.get(clip)
        file_name = clip.path.name
        if clip.clip_range is None or entry is None:
            return file_name
        return f"{file_name} ({entry.name})"

    def tasks(self, clip: VideoClip) -> tuple[str, str]:
        """Return (task of the video, task of the study), each "" if it is not stated."""
        entry = self.get(clip)
        video_task = entry.task if entry is not None else ""
        return video_task, self.study_task

    def find_by_name(self, name: str) -> VideoEntry | None:
        """Return the entry of the video with this name in the study, or None."""
        return next((entry for entry in self._entries if entry.study_name == name), None)

    def add(self, paths: Iterable[Path]) -> list[Path]:
        """Append whole files and return the new ones. Files in the list stay unchanged."""
        entries = [VideoEntry(path) for path in dict.fromkeys(paths)]
        return [entry.path for entry in self.add_entries(entries)]

    def add_entries(self, entries: Iterable[VideoEntry], row: int | None = None) -> list[VideoEntry]:
        """Insert entries at a row, by default at the end, and return the new ones.

        Videos in the list stay unchanged.
        """
        entries_by_clip = {entry.clip: entry for entry in entries}
        new_entries = [entry for clip, entry in entries_by_clip.items() if clip not in self._rows]
        if new_entries:
            first = len(self._entries) if row is None else row
            last = first + len(new_entries) - 1
            self.about_to_add.emit(first, last)
            self._entries[first:first] = new_entries
            self._number_rows(first)
            self.added.emit(first, last)
        return new_entries

    def remove(self, clip: VideoClip) -> None:
        row = self._rows.get(clip)
        if row is not None:
            self.about_to_remove.emit(row)
            del self._entries[row]
            del self._rows[clip]
            self._number_rows(row)
            self.removed.emit(row)

    def _number_rows(self, first: int) -> None:
        """Update the row numbers of all entries from a row on."""
        for row, entry in enumerate(self._entries[first:], start=first):
            self._rows[entry.clip] = row

    def update(self, clip: VideoClip, **changes: Any) -> None:  # noqa: ANN401 - fields of VideoEntry, checked by replace()
        """Change fields of an entry. An unknown video, and equal values, change nothing."""
        row = self._rows.get(clip)
        if row is None:
            return
        entry = self._entries[row]
        if all(_is_same(getattr(entry, name), value) for name, value in changes.items()):
            return
        self._entries[row] = replace(entry, **changes)
        self.changed.emit(row)

    def clear(self) -> None:
        self.about_to_clear.emit()
        self._entries.clear()
        self._rows.clear()
        self.cleared.emit()


def _is_same(value: object, new_value: object) -> bool:
    """Return True if two values are equal. Large values are compared by identity alone."""
    if value is new_value:
        return True
    return isinstance(value, str | int | float) and value == new_value
