"""Import of a timeline into a study: annotations of one video become moments, notes, attempts or phases."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from skillviewer.core.errors import DatasetError
from skillviewer.core.text import counted
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.clips import frame_range
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.study import Study

_OWN_TIERS = frozenset(Tier)
"""Names of tiers that the export writes: moments and notes that come back are those of the program."""


class TierUse(StrEnum):
    """Meaning of a tier in the study."""

    MOMENTS = "moments"
    NOTES = "notes"
    ATTEMPTS = "attempts"
    PHASES = "phases"


@dataclass(frozen=True, slots=True)
class TimelineAdded:
    """Result of an import: numbers of the new moments and notes, names of the new videos, and a sentence on all."""

    moments: tuple[int, ...]
    notes: tuple[int, ...]
    videos: tuple[str, ...]
    sentence: str


def add_timeline(
    study: Study,
    name: str,
    file: VideoInfo,
    annotations: Sequence[Annotation],
    uses: Mapping[str, TierUse],
    author: str = "",
) -> TimelineAdded:
    """Add the annotations of some tiers to a video of a study; those that it has already are not added again.

    Two annotations of different tiers are two, also where time, text and author are the same; within a tier they are
    one, and the sentence counts the repeats. Moments and notes keep the name of their tier.

    Without a text, the tier is the label. A point that becomes a moment lasts as long as its frame. Attempts and phases
    are parts of the file, to the frame, that are videos of the study; the task of a phase is its text, so that it is
    compared with the same phase of other videos.

    ``author`` is that of annotations that state none.

    Raises:
        DatasetError: No annotation is of these tiers.
        StudyError: There is no such video, or the study cannot be written; then nothing is added.
    """
    used = [annotation for annotation in annotations if annotation.tier in uses]
    if not used:
        raise DatasetError("The timeline has no annotation in the chosen tiers.")
    inside = [annotation for annotation in used if annotation.start_s < file.duration_s]
    known_keys = _known_keys(study, name)
    new_keys: set[Hashable] = set()
    n_known = n_repeated = 0
    moments: list[int] = []
    notes: list[int] = []
    parts: list[str] = []
    with study.transaction():
        for annotation in inside:
            use = uses[annotation.tier]
            writer = annotation.author or author
            tier = "" if annotation.tier in _OWN_TIERS else annotation.tier
            next_frame_s = file.end_s(file.frame_at(annotation.start_s))
            stop_s = min(annotation.stop_s, file.duration_s) if annotation.stop_s > annotation.start_s else next_frame_s
            text = annotation.text.strip() or annotation.label
            label = annotation.text.strip() or ("" if annotation.tier == Tier.MOMENTS else annotation.label)
            if use is TierUse.NOTES:
                key, untiered = (_key(annotation.start_s, None, text, writer, tier_name) for tier_name in (tier, ""))
            else:
                key, untiered = (_key(annotation.start_s, stop_s, label, writer, tier_name) for tier_name in (tier, ""))
            if key in new_keys:
                n_repeated += 1
                continue
            new_keys.add(key)
            if use in (TierUse.ATTEMPTS, TierUse.PHASES):
                clip_range = frame_range(file, annotation.start_s, stop_s)
                task = annotation.label if use is TierUse.PHASES else None
                part = study.videos.split(name, clip_range, f"{name} {annotation.label}", task)
                if part in known_keys:
                    n_known += 1
                else:
                    parts.append(part)
                    known_keys.add(part)
            elif key in known_keys:
                n_known += 1
            elif untiered in known_keys:  # from a timeline that was imported before tiers were kept
                known_keys.discard(untiered)
                n_known += 1
            elif use is TierUse.NOTES:
                notes.append(
                    study.annotations.write_note(text, author=writer, video=name, time_s=annotation.start_s, tier=tier)
                )
            else:
                moments.append(
                    study.annotations.save_moment(
                        name, annotation.start_s, stop_s, author=writer, label=label, tier=tier
                    )
                )
    n_late = len(used) - len(inside)
    added_text = f"{counted(len(moments), 'moment')}, {counted(len(notes), 'note')}, {counted(len(parts), 'part')}"
    repeated = f"{n_repeated} repeated within a tier, " if n_repeated else ""
    summary = f"New: {added_text} of the video. {n_known} known already, {repeated}{n_late} after the end of the video."
    return TimelineAdded(tuple(moments), tuple(notes), tuple(parts), summary)


def _known_keys(study: Study, name: str) -> set[Hashable]:
    """Return the keys of a video's moments and notes, and the names of all videos of the study."""
    moments = (_key(m.start_s, m.stop_s, m.label, m.author, m.tier) for m in study.annotations.moments(name))
    notes = (_key(n.time_s or 0.0, None, n.text, n.author, n.tier) for n in study.annotations.notes(name))
    return {*moments, *notes, *(video.name for video in study.videos.all())}


def _key(start_s: float, stop_s: float | None, text: str, author: str, tier: str) -> Hashable:
    return round(start_s, 6), stop_s and round(stop_s, 6), text, author, tier  # notes have no end


def undo_timeline_import(study: Study, added: TimelineAdded) -> None:
    """Take an import back: its moments, notes and videos; errors are those of ``Study``."""
    with study.transaction():
        for number in added.moments:
            study.annotations.remove("moment", number)
        for number in added.notes:
            study.annotations.remove("note", number)
        for name in {video.name for video in study.videos.all()}.intersection(added.videos):
            study.videos.remove(name)
