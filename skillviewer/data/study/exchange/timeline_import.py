"""Import of a timeline into a study: annotations of one video become moments, notes, attempts or phases."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from skillviewer.core.errors import DatasetError
from skillviewer.core.text import counted
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.clips import frame_range
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.study import Study

_PROGRAM_TIERS = frozenset(Tier)
"""Names of tiers that the export writes; for their moments and notes no tier is stored when they are imported."""


class TierUse(StrEnum):
    """Meaning of a tier in the study."""

    MOMENTS = "moments"
    NOTES = "notes"
    ATTEMPTS = "attempts"
    PHASES = "phases"


@dataclass(frozen=True, slots=True)
class TimelineAdded:
    """Result of an import of a timeline."""

    moments: tuple[int, ...]  # numbers of the new moments
    notes: tuple[int, ...]  # numbers of the new notes
    videos: tuple[str, ...]  # names of the new videos: attempts and phases
    sentence: str  # summary for the user


def add_timeline(
    study: Study,
    name: str,
    file: VideoInfo,
    annotations: Sequence[Annotation],
    uses: Mapping[str, TierUse],
    author: str = "",
) -> TimelineAdded:
    """Add the annotations of some tiers to a video of a study; known annotations are not added again.

    Annotations with equal time, text and author are added once per tier, and the sentence counts the repeats. Moments
    and notes keep the name of their tier. An annotation without a text is labelled with its tier, and a point that
    becomes a moment lasts as long as its frame. Attempts and phases become videos of the study: parts of the file, to
    the frame. The task of a phase is its text, so that it is compared with the same phase of other videos.

    Args:
        study: The study.
        name: Name of the video.
        file: Facts about the file of the video.
        annotations: Annotations of the timeline.
        uses: Meaning of each tier; other tiers are left out.
        author: Author of annotations without one.

    Raises:
        DatasetError: The timeline has no annotation in these tiers.
        StudyError: There is no such video, or the study cannot be written; nothing is added then.
    """
    used = [annotation for annotation in annotations if annotation.tier in uses]
    if not used:
        raise DatasetError("The timeline has no annotation in the chosen tiers.")
    annotations_inside = [annotation for annotation in used if annotation.start_s < file.duration_s]
    known_keys = _known_keys(study, name)
    new_keys: set[Hashable] = set()
    n_known = 0
    n_repeated = 0
    moments: list[int] = []
    notes: list[int] = []
    parts: list[str] = []
    with study.transaction():
        for annotation in annotations_inside:
            use = uses[annotation.tier]
            entry = _entry(annotation, use, file, author)
            key_without_tier = replace(entry, tier="").key
            if entry.key in new_keys:
                n_repeated += 1
                continue
            new_keys.add(entry.key)
            if use in (TierUse.ATTEMPTS, TierUse.PHASES):
                clip_range = frame_range(file, entry.start_s, entry.stop_s)
                task = annotation.label if use is TierUse.PHASES else None
                part = study.videos.split(name, clip_range, f"{name} {annotation.label}", task)
                if part in known_keys:
                    n_known += 1
                else:
                    parts.append(part)
                    known_keys.add(part)
            elif entry.key in known_keys:
                n_known += 1
            elif key_without_tier in known_keys:  # imported by an earlier version, which stored no tiers
                known_keys.discard(key_without_tier)
                n_known += 1
            elif use is TierUse.NOTES:
                notes.append(_write_note(study, name, entry))
            else:
                moments.append(_save_moment(study, name, entry))
    n_late = len(used) - len(annotations_inside)
    added_text = f"{counted(len(moments), 'moment')}, {counted(len(notes), 'note')}, {counted(len(parts), 'part')}"
    repeated_text = f"{n_repeated} repeated within a tier, " if n_repeated else ""
    sentence = (
        f"New: {added_text} of the video. {n_known} known already, {repeated_text}{n_late} after the end of the video."
    )
    return TimelineAdded(tuple(moments), tuple(notes), tuple(parts), sentence)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An annotation as the study stores it."""

    start_s: float
    stop_s: float
    text: str  # text of a note, else label
    author: str
    tier: str  # tier, or "" for a tier of the program
    is_note: bool

    @property
    def key(self) -> Hashable:
        """Key by which entries are compared."""
        stop_s = None if self.is_note else self.stop_s
        return _key(self.start_s, stop_s, self.text, self.author, self.tier)


def _entry(annotation: Annotation, use: TierUse, file: VideoInfo, default_author: str) -> _Entry:
    if annotation.stop_s > annotation.start_s:
        stop_s = min(annotation.stop_s, file.duration_s)
    else:
        stop_s = file.end_s(file.frame_at(annotation.start_s))
    text = annotation.text.strip()
    needs_text = use is TierUse.NOTES or annotation.tier != Tier.MOMENTS
    if not text and needs_text:
        text = annotation.label
    tier = "" if annotation.tier in _PROGRAM_TIERS else annotation.tier
    return _Entry(
        start_s=annotation.start_s,
        stop_s=stop_s,
        text=text,
        author=annotation.author or default_author,
        tier=tier,
        is_note=use is TierUse.NOTES,
    )


def _write_note(study: Study, video: str, entry: _Entry) -> int:
    return study.annotations.write_note(
        entry.text, author=entry.author, video=video, time_s=entry.start_s, tier=entry.tier
    )


def _save_moment(study: Study, video: str, entry: _Entry) -> int:
    return study.annotations.save_moment(
        video, entry.start_s, entry.stop_s, author=entry.author, label=entry.text, tier=entry.tier
    )


def _known_keys(study: Study, name: str) -> set[Hashable]:
    """Return the keys of a video's moments and notes, and the names of all videos of the study."""
    keys: set[Hashable] = {video.name for video in study.videos.all()}
    for moment in study.annotations.moments(name):
        keys.add(_key(moment.start_s, moment.stop_s, text=moment.label, author=moment.author, tier=moment.tier))
    for note in study.annotations.notes(name):
        start_s = 0.0 if note.time_s is None else note.time_s
        keys.add(_key(start_s, None, note.text, note.author, note.tier))
    return keys


def _key(start_s: float, stop_s: float | None, text: str, author: str, tier: str) -> Hashable:
    """Return a key by which annotations are compared; notes have no end."""
    rounded_stop_s = None if stop_s is None else round(stop_s, 6)
    return round(start_s, 6), rounded_stop_s, text, author, tier


def undo_timeline_import(study: Study, timeline_added: TimelineAdded) -> None:
    """Undo an import: remove its moments, notes and videos; errors are those of ``Study``."""
    with study.transaction():
        for number in timeline_added.moments:
            study.annotations.remove("moment", number)
        for number in timeline_added.notes:
            study.annotations.remove("note", number)
        for name in {video.name for video in study.videos.all()}.intersection(timeline_added.videos):
            study.videos.remove(name)
