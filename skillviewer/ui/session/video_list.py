"""The list of videos, with the facts known of each, and the comparable ones of each task."""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import CohortPosition, place
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.core.video.info import VideoInfo


class VideoState(StrEnum):
    """State of a video under the chosen model."""

    NEW = "new"
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    REPLACED = "replaced"

    @property
    def has_picture(self) -> bool:
        return self is not VideoState.UNREADABLE and not self.lost

    @property
    def lost(self) -> bool:
        """True where its file is missing, or another file has replaced it."""
        return self is VideoState.MISSING or self is VideoState.REPLACED  # asked of all videos: a set is slower


@dataclass(frozen=True, slots=True, eq=False)
class VideoEntry:
    """One video of the list."""

    path: Path  # where it lies
    info: VideoInfo | None = None  # what is known of the file, once it has been looked at
    thumbnail: RGBImage | None = None  # a small picture, (h, w, 3) uint8, once it has been looked at
    state: VideoState = VideoState.NEW  # how far it is
    done: int = 0  # sampled frames finished while it is being assessed
    total: int = 0  # sampled frames in all, or 0
    analysis: Analysis | None = None  # what the model chosen says of it, whole; or None
    reason: str = ""  # why it failed, in a sentence
    study_name: str = ""  # its name in the study, or "" until the study knows it
    participant: str | None = None  # the participant, or None
    task: str = ""  # what is done in it, or "" for the study's task
    clip_range: ClipRange | None = None  # the part of the file that it is, or None for the whole
    occasion: str = ""  # when it was recorded (pre, post, a date), or ""

    @property
    def clip(self) -> VideoClip:
        """The file, or the part of it, which identifies the video in the list."""
        return VideoClip(self.path, self.clip_range)

    @property
    def span_s(self) -> tuple[float, float] | None:
        """Begin and end in seconds from the first frame of its file; None while they are not known."""
        if self.info is None:
            return None
        try:
            frames = self.clip.frames(self.info)
        except DatasetError:
            return None
        return float(self.info.times_s[frames[0]]), self.info.end_s(frames[-1])

    @property
    def length_s(self) -> float | None:
        """Duration in seconds, or None while it is not known."""
        span_s = self.span_s
        return None if span_s is None else span_s[1] - span_s[0]

    @property
    def name(self) -> str:
        """Its name in the study, or that of the file without its suffix."""
        return self.study_name or self.path.stem


class VideoList(QObject):
    """Videos in the order in which they were first added, each once; several may be parts of one file."""

    about_to_add = Signal(int, int)
    added = Signal(int, int)
    changed = Signal(int)
    about_to_remove = Signal(int)
    removed = Signal(int)
    about_to_clear = Signal()
    cleared = Signal()
    unfamiliar_shown = Signal(bool)  # whether scores of videos unlike the training videos are shown has changed

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

    def scored(self, entry: VideoEntry) -> Analysis | None:
        """Return the analysis of a video whose score is shown, else None."""
        analysis = entry.analysis
        hidden = analysis is not None and analysis.unfamiliar and not self.shows_unfamiliar
        return None if hidden else analysis

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[VideoEntry]:
        return iter(tuple(self._entries))

    def __getitem__(self, row: int) -> VideoEntry:
        return self._entries[row]

    def row(self, clip: VideoClip) -> int | None:
        return self._rows.get(clip)

    def get(self, clip: VideoClip | None) -> VideoEntry | None:
        """Return the entry of a video, or None where there is none, or no video is meant."""
        row = self._rows.get(clip) if clip is not None else None
        return None if row is None else self._entries[row]

    def title(self, clip: VideoClip) -> str:
        """Return what stands for a video in a title: the file's name, and which part of it is meant."""
        entry = self.get(clip)
        name = clip.path.name
        return name if clip.clip_range is None or entry is None else f"{name} ({entry.name})"

    def tasks(self, clip: VideoClip) -> tuple[str, str]:
        """Return the task of a video, and that of the study; "" where it is not stated."""
        entry = self.get(clip)
        return entry.task if entry is not None else "", self.study_task

    def named(self, name: str) -> VideoEntry | None:
        return next((entry for entry in self._entries if entry.study_name == name), None)

    def add(self, paths: Iterable[Path]) -> list[Path]:
        """Append whole files; those in the list already stay unchanged. Return the files that are new."""
        return [entry.path for entry in self.add_entries(VideoEntry(path) for path in dict.fromkeys(paths))]

    def add_entries(self, entries: Iterable[VideoEntry], row: int | None = None) -> list[VideoEntry]:
        """Add videos with their known fields at a row, or last; return the entries that are new.

        Those in the list stay unchanged.
        """
        fresh = {clip: entry for entry in entries if (clip := entry.clip) not in self._rows}
        if fresh:
            first = len(self._entries) if row is None else row
            last = first + len(fresh) - 1
            self.about_to_add.emit(first, last)
            self._entries[first:first] = fresh.values()
            self._rows.update((entry.clip, at) for at, entry in enumerate(self._entries[first:], start=first))
            self.added.emit(first, last)
        return list(fresh.values())

    def remove(self, clip: VideoClip) -> None:
        row = self._rows.get(clip)
        if row is not None:
            self.about_to_remove.emit(row)
            del self._entries[row], self._rows[clip]
            self._rows.update((entry.clip, at) for at, entry in enumerate(self._entries[row:], start=row))
            self.removed.emit(row)

    def update(self, clip: VideoClip, **changes: Any) -> None:  # noqa: ANN401 - fields of Entry, checked by replace()
        """Change fields of an entry; nothing happens if the video has left the list or has these values."""
        row = self._rows.get(clip)
        if row is None or all(_same(getattr(self._entries[row], name), value) for name, value in changes.items()):
            return
        self._entries[row] = replace(self._entries[row], **changes)
        self.changed.emit(row)

    def clear(self) -> None:
        self.about_to_clear.emit()
        self._entries.clear()
        self._rows.clear()
        self.cleared.emit()


def _same(before: object, after: object) -> bool:
    """Return whether nothing changes: large values are compared by identity alone."""
    return before is after or (isinstance(before, str | int | float) and before == after)


def _is_open(entry: VideoEntry) -> bool:
    return entry.analysis is None and entry.state.has_picture


class Cohorts(QObject):
    """Cohorts by task, in which a new score takes its place. A video whose file is gone keeps its score, and counts.

    A video that the model does not know counts only while such scores are shown.
    """

    def __init__(self, videos: VideoList) -> None:
        super().__init__(videos)
        self._videos = videos
        self._ranked: dict[str, list[float]] | None = None  # scores by task, ascending; None: nothing is counted
        self._members: dict[str, dict[VideoClip, VideoEntry]] = {}  # assessed videos by task
        self._seen: dict[VideoClip, VideoEntry] = {}  # as they were counted
        self._open: Counter[str] = Counter()  # number of videos by task that could be assessed and are not
        videos.changed.connect(self._on_changed)
        for signal in (videos.added, videos.removed, videos.cleared, videos.unfamiliar_shown):
            signal.connect(self._forget)

    def _on_changed(self, row: int) -> None:
        if self._ranked is not None:
            self._count(self._videos[row])

    def _count(self, entry: VideoEntry) -> None:
        """Put a video where it belongs by its score and task; other changes come by the thousand."""
        ranked, clip = self._ranks(), entry.clip
        before, self._seen[clip] = self._seen.get(clip), entry
        moved = before is None or (before.analysis, before.task) != (entry.analysis, entry.task)
        if before is not None:
            self._open[before.task] -= _is_open(before)
            scored_before = self.scored(before)
            if scored_before is not None:
                del self._members[before.task][clip]
                if moved:
                    ranked[before.task].remove(scored_before.score)
        self._open[entry.task] += _is_open(entry)
        scored = self.scored(entry)
        if scored is not None:
            self._members.setdefault(entry.task, {})[clip] = entry
            if moved:
                insort(ranked.setdefault(entry.task, []), scored.score)

    def _forget(self, *_: object) -> None:
        self._ranked = None

    def _ranks(self) -> dict[str, list[float]]:
        if self._ranked is None:
            self._ranked, self._members, self._seen, self._open = {}, {}, {}, Counter()
            for entry in self._videos:
                self._count(entry)
        return self._ranked

    def scored(self, entry: VideoEntry) -> Analysis | None:
        """Return the analysis of a video whose score is shown, else None."""
        return self._videos.scored(entry)

    def others(self, entry: VideoEntry) -> list[VideoEntry]:
        """Return the assessed videos that one is compared with, without itself."""
        self._ranks()
        members = self._members.get(entry.task, {}).copy()
        members.pop(entry.clip, None)
        return [*members.values()]

    def n_unassessed(self, entry: VideoEntry) -> int:
        """Return how many comparable videos could be assessed and are not, without the video itself."""
        self._ranks()
        itself = self._seen.get(entry.clip)
        return self._open[entry.task] - (itself is not None and itself.task == entry.task and _is_open(itself))

    def position(self, entry: VideoEntry) -> CohortPosition | None:
        """Return where a video stands among its comparable ones, or None before it is assessed."""
        if entry.analysis is None or self.scored(entry) is None:
            return None
        ranked = self._ranks().get(entry.task, [])
        counted = self._seen.get(entry.clip)
        if counted is None or counted.analysis is not entry.analysis:
            return None
        return place(entry.analysis.score, entry.analysis.interval, ranked)
