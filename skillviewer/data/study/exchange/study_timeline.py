"""Annotations of videos that a study holds: moments, opinions, notes, marks of votes, attempts."""

from collections.abc import Mapping
from contextlib import suppress

from skillviewer.core.errors import DatasetError
from skillviewer.core.explanation.moments import clear_moments, find_moments
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.annotations import Opinion, SavedMoment
from skillviewer.data.study.models import cached_analysis
from skillviewer.data.study.study import Study

_VERDICTS = {1: "better", 0: "no difference", -1: "worse"}


def study_annotations(study: Study, files: Mapping[str, VideoInfo]) -> dict[str, list[Annotation]]:
    """Return the annotations of a study along the time of some files, of all their attempts, by digest.

    Notes without a time, and withdrawn votes, are left out.

    A study that cannot be read is a StudyError.
    """
    by_file: dict[str, list[Annotation]] = {digest: [] for digest in files}
    by_name = {video_.name: by_file[video_.digest] for video_ in study.videos.all() if video_.digest in files}
    moments = {moment.id: moment for moment in study.annotations.moments() if moment.video in by_name}
    for moment in moments.values():
        by_name[moment.video].append(_of_moment(moment))
    for note in study.annotations.notes():
        moment_of_note = moments.get(note.moment or 0)
        if note.video in by_name and (moment_of_note is not None or note.time_s is not None):
            ends = (
                (moment_of_note.start_s, moment_of_note.stop_s)
                if moment_of_note is not None
                else (note.time_s or 0.0,) * 2
            )
            by_name[note.video].append(Annotation(Tier.NOTES, *ends, note.text, note.author))
    for vote in study.votes.all():
        for name, time_s, sign in ((vote.left, vote.left_mark_s, 1), (vote.right, vote.right_mark_s, -1)):
            if name in by_name and time_s is not None and vote.verdict is not None and vote.is_valid:
                text = " – ".join(filter(None, (_VERDICTS[sign * int(vote.verdict)], vote.reason)))
                by_name[name].append(Annotation(Tier.MARKS, time_s, time_s, text, vote.rater))
    for video_ in study.videos.all():
        if video_.name in by_name and video_.clip_range is not None:
            with suppress(DatasetError):  # an attempt outside the file
                video = files[video_.digest]
                frames = video_.clip_range.frames(files[video_.digest])
                ends = float(video.times_s[frames.start]), video.end_s(frames.stop - 1)
                by_name[video_.name].append(Annotation(Tier.ATTEMPTS, *ends, video_.name))
    return by_file


def marked(study: Study) -> tuple[dict[str, tuple[float, list[Annotation]]], list[str]]:
    """Return duration and moments of each video that has any, and the names of models among their authors.

    The duration is known from the analysis by the model in use; without one, the last moment ends the video. Opinions
    on moments of a model are left out.

    A study that cannot be read is a StudyError.
    """
    model = study.models.default_model(study.settings.model)
    by_video: dict[str, tuple[float, list[Annotation]]] = {}
    moments: dict[str, list[Annotation]] = {}
    for moment in study.annotations.moments():
        if moment.opinion is Opinion.NONE:
            moments.setdefault(moment.video, []).append(_of_moment(moment, "unnamed"))
    for video in study.videos.all():
        annotations = moments.get(video.name, [])
        duration_s = max((annotation.stop_s for annotation in annotations), default=0.0)
        analysis = cached_analysis(video, model.digest) if model is not None else None
        if model is not None and analysis is not None:
            duration_s = max(duration_s, analysis.video.duration_s)
            for m in clear_moments(find_moments(analysis), analysis):
                text = "raised the score" if m.amount > 0 else "lowered the score"
                annotations.append(Annotation(Tier.FOUND, m.start_s, m.stop_s, text, model.name))
        if annotations:
            by_video[video.name] = duration_s, annotations
    return by_video, [model.name] if model is not None else []


def _of_moment(moment: SavedMoment, unnamed: str = "") -> Annotation:
    if moment.opinion is Opinion.NONE:
        tier = moment.tier or Tier.MOMENTS
        return Annotation(tier, moment.start_s, moment.stop_s, moment.label, moment.author or unnamed)
    text = " – ".join(filter(None, (moment.opinion.value, moment.label)))
    return Annotation(Tier.OPINIONS, moment.start_s, moment.stop_s, text, moment.author)
