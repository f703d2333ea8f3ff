"""Annotations of videos that a study holds: moments, opinions, notes, marks of votes, attempts."""

from collections.abc import Mapping
from contextlib import suppress

from skillviewer.core.errors import DatasetError
from skillviewer.core.explanation.moments import find_moments, standing_out
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.annotations import Opinion, SavedMoment
from skillviewer.data.study.models import cached_analysis
from skillviewer.data.study.study import Study

_VERDICTS = {1: "better", 0: "no difference", -1: "worse"}


def study_annotations(study: Study, files: Mapping[str, VideoInfo]) -> dict[str, list[Annotation]]:
    """Return what the users of a study said along the time of some files, of all their attempts, by digest.

    Notes without a time, and withdrawn votes, are left out.

    A study that cannot be read is a StudyError.
    """
    by_file: dict[str, list[Annotation]] = {digest: [] for digest in files}
    of = {each.name: by_file[each.digest] for each in study.videos.all() if each.digest in files}
    moments = {moment.id: moment for moment in study.annotations.moments() if moment.video in of}
    for moment in moments.values():
        of[moment.video].append(_of_moment(moment))
    for note in study.annotations.notes():
        on = moments.get(note.moment or 0)
        if note.video in of and (on is not None or note.time_s is not None):
            ends = (on.start_s, on.stop_s) if on is not None else (note.time_s or 0.0,) * 2
            of[note.video].append(Annotation(Tier.NOTES, *ends, note.text, note.author))
    for vote in study.votes.all():
        for name, time_s, sign in ((vote.left, vote.left_mark_s, 1), (vote.right, vote.right_mark_s, -1)):
            if name in of and time_s is not None and vote.verdict is not None and vote.is_valid:
                text = " – ".join(filter(None, (_VERDICTS[sign * int(vote.verdict)], vote.reason)))
                of[name].append(Annotation(Tier.MARKS, time_s, time_s, text, vote.rater))
    for each in study.videos.all():
        if each.name in of and each.clip_range is not None:
            with suppress(DatasetError):  # an attempt outside the file
                video = files[each.digest]
                frames = each.clip_range.frames(files[each.digest])
                ends = float(video.times_s[frames.start]), video.end_s(frames.stop - 1)
                of[each.name].append(Annotation(Tier.ATTEMPTS, *ends, each.name))
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
        said = moments.get(video.name, [])
        duration_s = max((one.stop_s for one in said), default=0.0)
        analysis = cached_analysis(video, model.digest) if model is not None else None
        if model is not None and analysis is not None:
            duration_s = max(duration_s, analysis.video.duration_s)
            for m in standing_out(find_moments(analysis), analysis):
                text = "raised the score" if m.amount > 0 else "lowered the score"
                said.append(Annotation(Tier.FOUND, m.start_s, m.stop_s, text, model.name))
        if said:
            by_video[video.name] = duration_s, said
    return by_video, [model.name] if model is not None else []


def _of_moment(moment: SavedMoment, unnamed: str = "") -> Annotation:
    if moment.opinion is Opinion.NONE:
        tier = moment.tier or Tier.MOMENTS
        return Annotation(tier, moment.start_s, moment.stop_s, moment.label, moment.author or unnamed)
    text = " – ".join(filter(None, (moment.opinion.value, moment.label)))
    return Annotation(Tier.OPINIONS, moment.start_s, moment.stop_s, text, moment.author)
