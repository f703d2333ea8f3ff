"""Timelines of the videos of a study: moments, opinions, notes, marks of votes, and attempts as annotations."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from skillviewer.core.errors import DatasetError
from skillviewer.core.explanation.moments import clear_moments, find_moments
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.annotations import Note, Opinion, SavedMoment
from skillviewer.data.study.models import cached_analysis
from skillviewer.data.study.study import Study
from skillviewer.data.study.votes import Vote

_VERDICTS = {1: "better", 0: "no difference", -1: "worse"}


def study_annotations(study: Study, files: Mapping[str, VideoInfo]) -> dict[str, list[Annotation]]:
    """Return the annotations of a study on some files, by digest; a file has the annotations of all its attempts.

    Notes without a time, and withdrawn votes, are left out.

    Raises:
        StudyError: The study cannot be read.
    """
    videos = study.videos.all()
    by_file: dict[str, list[Annotation]] = {digest: [] for digest in files}
    by_video = {video.name: by_file[video.digest] for video in videos if video.digest in files}
    moments = {moment.id: moment for moment in study.annotations.moments() if moment.video in by_video}
    for moment in moments.values():
        by_video[moment.video].append(_moment_annotation(moment))
    for note in study.annotations.notes():
        moment_of_note = None if note.moment is None else moments.get(note.moment)
        annotation = _note_annotation(note, moment_of_note)
        if note.video in by_video and annotation is not None:
            by_video[note.video].append(annotation)
    for vote in study.votes.all():
        for name, annotation in _mark_annotations(vote):
            if name in by_video:
                by_video[name].append(annotation)
    for video in videos:
        if video.name in by_video and video.clip_range is not None:
            with suppress(DatasetError):  # an attempt outside the file
                file = files[video.digest]
                frames = video.clip_range.frames(file)
                start_s = float(file.times_s[frames.start])
                stop_s = file.end_s(frames.stop - 1)
                by_video[video.name].append(Annotation(Tier.ATTEMPTS, start_s, stop_s, video.name))
    return by_file


def moments_by_author(study: Study) -> tuple[dict[str, tuple[float, list[Annotation]]], list[str]]:
    """Return duration and moments of every video with moments, and the names of the models among the authors.

    The moments are those that users saved and those that the default model found, without opinions on moments. The
    duration is known from the analysis by the default model; without an analysis, the last moment ends the video.

    Raises:
        StudyError: The study cannot be read.
    """
    model = study.models.default_model(study.settings.model)
    by_video: dict[str, tuple[float, list[Annotation]]] = {}
    saved_moments: dict[str, list[Annotation]] = {}
    for saved_moment in study.annotations.moments():
        if saved_moment.opinion is Opinion.NONE:
            saved_moments.setdefault(saved_moment.video, []).append(_moment_annotation(saved_moment, "unnamed"))
    for video in study.videos.all():
        annotations = saved_moments.get(video.name, [])
        duration_s = max((annotation.stop_s for annotation in annotations), default=0.0)
        analysis = cached_analysis(video, model.digest) if model is not None else None
        if model is not None and analysis is not None:
            duration_s = max(duration_s, analysis.video.duration_s)
            for moment in clear_moments(find_moments(analysis), analysis):
                text = "raised the score" if moment.amount > 0 else "lowered the score"
                annotations.append(Annotation(Tier.FOUND, moment.start_s, moment.stop_s, text, author=model.name))
        if annotations:
            by_video[video.name] = duration_s, annotations
    model_names = [model.name] if model is not None else []
    return by_video, model_names


def _moment_annotation(moment: SavedMoment, default_author: str = "") -> Annotation:
    if moment.opinion is Opinion.NONE:
        tier = moment.tier or Tier.MOMENTS
        return Annotation(
            tier, moment.start_s, moment.stop_s, text=moment.label, author=moment.author or default_author
        )
    text = _join_texts(moment.opinion.value, moment.label)
    return Annotation(Tier.OPINIONS, moment.start_s, moment.stop_s, text, moment.author)


def _note_annotation(note: Note, moment: SavedMoment | None) -> Annotation | None:
    """Return a note at the time of its moment or at its own time, or None for a note without a time."""
    if moment is not None:
        return Annotation(Tier.NOTES, moment.start_s, moment.stop_s, note.text, note.author)
    if note.time_s is not None:
        return Annotation(Tier.NOTES, note.time_s, stop_s=note.time_s, text=note.text, author=note.author)
    return None


def _mark_annotations(vote: Vote) -> Iterator[tuple[str, Annotation]]:
    """Yield name of the video and annotation of every mark of a valid vote."""
    if vote.verdict is None or not vote.is_valid:
        return
    for name, mark_s, sign in ((vote.left, vote.left_mark_s, 1), (vote.right, vote.right_mark_s, -1)):
        if mark_s is not None:
            text = _join_texts(_VERDICTS[sign * int(vote.verdict)], vote.reason)
            yield name, Annotation(Tier.MARKS, mark_s, stop_s=mark_s, text=text, author=vote.rater)


def _join_texts(*texts: str) -> str:
    return " – ".join(filter(None, texts))
