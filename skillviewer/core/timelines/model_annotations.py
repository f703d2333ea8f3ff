"""Annotations that a model makes: score and contribution of every segment, and its moments."""

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.wording import unfamiliar_sentence
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import find_moments, standing_out
from skillviewer.core.text import signed
from skillviewer.core.timelines.annotation import Annotation, Tier


def model_annotations(analysis: Analysis, evidence: Evidence | None) -> list[Annotation]:
    """Return what a model says of a video along time, its name as the author.

    Scores and contributions are means over the passes, for each segment with frames; contributions need evidence.
    Each tier begins by saying so if the model does not know such videos.

    Raises:
        ValueError: The evidence is of another analysis.
    """
    video, model = analysis.video, analysis.provenance.model
    annotations = [
        Annotation(Tier.FOUND, moment.start_s, moment.stop_s, moment.sentence(), model, moment.amount)
        for moment in standing_out(find_moments(analysis, evidence), analysis)
    ]
    if unknown := unfamiliar_sentence([analysis]):
        annotations += [
            Annotation(tier, analysis.start_s, analysis.start_s, unknown, model)
            for tier in (Tier.FOUND, Tier.SCORE, *([Tier.EVIDENCE] if evidence is not None else []))
        ]
    series = {Tier.SCORE: analysis.score_curve.mean(axis=0)}
    if evidence is not None:
        series[Tier.EVIDENCE] = evidence.contributions
    ends = zip(analysis.segment_starts.tolist(), analysis.segment_stops.tolist(), strict=True)
    for n, (start, stop) in enumerate(ends):
        if stop > start:
            times_s = float(video.times_s[start]), video.end_s(stop - 1)
            annotations += [
                Annotation(tier, *times_s, signed(float(values[n]), 3), model, float(values[n]))
                for tier, values in series.items()
            ]
    return annotations
