"""Annotations by a model: scores and contributions of segments, and the moments that moved the score most."""

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_text import unfamiliar_sentence
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import clear_moments, find_moments
from skillviewer.core.text import signed
from skillviewer.core.timelines.annotation import Annotation, Tier


def model_annotations(analysis: Analysis, evidence: Evidence | None) -> list[Annotation]:
    """Return the moments, scores and contributions of a model as annotations.

    Scores and contributions are means over the passes, for each segment with frames. Contributions need evidence. If
    the video is unfamiliar to the model, each tier begins with an annotation that says so.

    Raises:
        ValueError: The evidence belongs to another analysis.
    """
    video = analysis.video
    model = analysis.provenance.model
    annotations = [
        Annotation(Tier.FOUND, moment.start_s, moment.stop_s, text=moment.sentence(), author=model, value=moment.amount)
        for moment in clear_moments(find_moments(analysis, evidence), analysis)
    ]
    series = {Tier.SCORE: analysis.score_curve.mean(axis=0)}
    if evidence is not None:
        series[Tier.EVIDENCE] = evidence.contributions
    warning = unfamiliar_sentence([analysis])
    if warning:
        annotations += [
            Annotation(tier, analysis.start_s, stop_s=analysis.start_s, text=warning, author=model)
            for tier in (Tier.FOUND, *series)
        ]
    segments = zip(analysis.segment_starts.tolist(), analysis.segment_stops.tolist(), strict=True)
    for segment, (start, stop) in enumerate(segments):
        if stop > start:
            start_s = float(video.times_s[start])
            stop_s = video.end_s(stop - 1)
            for tier, values in series.items():
                value = float(values[segment])
                annotations.append(Annotation(tier, start_s, stop_s, text=signed(value, 3), author=model, value=value))
    return annotations
