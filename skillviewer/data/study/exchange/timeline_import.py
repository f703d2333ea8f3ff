"""Import of a timeline into a study: annotations of one video become moments, notes, attempts or phases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from skillviewer.core.errors import DatasetError
from skillviewer.core.text import counted
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.clips import frame_range
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.study import Study


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
    """Add the annotations of some tiers to a video of a study; what it has already is not added again.

    Without a text, the tier is the label. A point that becomes a moment lasts as long as its frame. Attempts and phases
    are parts of the file, to the frame, that are videos of the study; the task of a phase is its text, so that it is
    compared with the same phase of other videos.

    ``author`` is that of annotations that state none.

    Raises:
        DatasetError: No annotation is of these tiers.
        StudyError: There is no such video, or the study cannot be written; then nothing is added.
    """
    chosen = [one for one in annotations if one.tier in uses]
    if not chosen:
        raise DatasetError("The timeline has no annotation in the chosen tiers.")
    inside = [one for one in chosen if one.start_s < file.duration_s]
    known: set[object] = {_key(m.start_s, m.stop_s, m.label, m.author) for m in study.remarks.moments(name)}
    known |= {_key(n.time_s or 0.0, None, n.text, n.author) for n in study.remarks.notes(name)}
    known |= {video.name for video in study.videos.all()}
    moments: list[int] = []
    notes: list[int] = []
    parts: list[str] = []
    with study.at_once():
        for one in inside:
            use, who = uses[one.tier], one.author or author
            least_s = file.end_s(file.frame_at(one.start_s))
            stop_s = min(one.stop_s, file.duration_s) if one.stop_s > one.start_s else least_s
            if use in (TierUse.ATTEMPTS, TierUse.PHASES):
                extent = frame_range(file, one.start_s, stop_s)
                task = one.label if use is TierUse.PHASES else None
                key: object = study.videos.split(name, extent, f"{name} {one.label}", task)
                if key not in known:
                    parts.append(str(key))
            elif use is TierUse.NOTES:
                text = one.text.strip() or one.label
                key = _key(one.start_s, None, text, who)
                if key not in known:
                    notes.append(study.remarks.write_note(text, author=who, video=name, time_s=one.start_s))
            else:
                label = one.text.strip() or ("" if one.tier == Tier.MOMENTS else one.label)
                key = _key(one.start_s, stop_s, label, who)
                if key not in known:
                    moments.append(study.remarks.save_moment(name, one.start_s, stop_s, author=who, label=label))
            known.add(key)
    old, late = len(inside) - len(moments) - len(notes) - len(parts), len(chosen) - len(inside)
    made = f"{counted(len(moments), 'moment')}, {counted(len(notes), 'note')}, {counted(len(parts), 'part')}"
    told = f"New: {made} of the video. {old} known already, {late} after the end of the video."
    return TimelineAdded(tuple(moments), tuple(notes), tuple(parts), told)


def _key(start_s: float, stop_s: float | None, text: str, author: str) -> tuple[object, ...]:
    return round(start_s, 6), stop_s and round(stop_s, 6), text, author  # notes have no end


def take_back_timeline(study: Study, added: TimelineAdded) -> None:
    """Take an import back: its moments, notes and videos; errors are those of ``Study``."""
    with study.at_once():
        for number in added.moments:
            study.remarks.remove("moment", number)
        for number in added.notes:
            study.remarks.remove("note", number)
        for name in {video.name for video in study.videos.all()}.intersection(added.videos):
            study.videos.remove(name)
