"""Moments of a study with their labels, of people and of the model in use, video by video."""

from skillviewer.core.explanation.moments import find_moments
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.data.study.models import cached_analysis
from skillviewer.data.study.remarks import Opinion
from skillviewer.data.study.study import Study


def marked(study: Study) -> tuple[dict[str, tuple[float, list[Annotation]]], list[str]]:
    """Return duration and moments of each video that has any, and the names of models among their authors.

    The duration is known from the analysis by the model in use; without one, the last moment ends the video. Opinions
    on moments of a model are left out.

    Raises:
        StudyError: The study cannot be read.
    """
    model = study.models.default_model(study.settings.model)
    found: dict[str, tuple[float, list[Annotation]]] = {}
    moments: dict[str, list[Annotation]] = {}
    for m in study.remarks.moments():
        if m.opinion is Opinion.NONE:
            one = Annotation(Tier.MOMENTS, m.start_s, m.stop_s, m.label, m.author or "unnamed")
            moments.setdefault(m.video, []).append(one)
    for video in study.videos.all():
        of_video = moments.get(video.name, [])
        analysis = cached_analysis(video, model.digest) if model is not None else None
        duration_s = max((one.stop_s for one in of_video), default=0.0)
        if analysis is not None and model is not None:
            duration_s = max(duration_s, analysis.video.duration_s)
            words = {True: "raised the score", False: "lowered the score"}
            of_video += [
                Annotation(Tier.FOUND, m.start_s, m.stop_s, words[m.amount > 0], model.name)
                for m in find_moments(analysis)
            ]
        if of_video:
            found[video.name] = duration_s, of_video
    return found, [model.name] if model is not None else []
