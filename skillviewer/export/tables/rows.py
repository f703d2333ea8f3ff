"""Rows of the tables of scores, curves, evidence and compared models, and the functions that make them.

Frames, passes and steps count from 0. Times are in seconds from the first frame. Positions, which are fractions of the
picture, and cells count from the top left corner.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.map_comparison import MapNumbers, VideoComparison, compare_video
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.text import finite_or_none


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One analysis.

    Attributes:
        video: Name of the video file.
        path: Path of the video file.
        video_digest: SHA-256 of the video file.
        model: Name of the checkpoint.
        model_digest: SHA-256 of the weights.
        attention_model: Kind of attention model.
        score: Mean over the passes of the score after the last step.
        interval_low: Lower end of the 95 % prediction interval over the choice of frames; empty with one pass.
        interval_high: Upper end of that interval.
        n_passes: Number of passes.
        n_segments: Sampled frames of a pass.
        n_frames: Frames of the video.
        duration_s: Duration of the video.
        rate_hz: Median frame rate of the video.
        start_s: Start of the assessed part: 0, or the start of the range.
        stop_s: End of the assessed part.
        warning: Warning about the score or the file, or empty.
        unfamiliar: True if the video is unlike the training videos of the model, so that the score may mean little.
        criterion: Rated item of the raters' scale. This and the next four fields are empty if the model has no scale.
        rating: Score on the raters' scale; empty if refused.
        rating_low: Lower end of the prediction interval of the rating, for a participant outside the training data.
        rating_high: Upper end of that interval.
        rating_refusal: Reason for no rating, or empty.
    """

    video: str
    path: str
    video_digest: str
    model: str
    model_digest: str
    attention_model: str
    score: float
    interval_low: float | None
    interval_high: float | None
    n_passes: int
    n_segments: int
    n_frames: int
    duration_s: float
    rate_hz: float
    start_s: float
    stop_s: float
    warning: str
    unfamiliar: bool
    criterion: str
    rating: float | None
    rating_low: float | None
    rating_high: float | None
    rating_refusal: str


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One step of one pass.

    Attributes:
        video: Name of the file.
        path: Path of the file.
        model: Name of the checkpoint.
        pass_index: Pass, from 0.
        step: Step of the model (segment), from 0.
        frame: Sampled frame, from 0.
        time_s: Presentation time of the frame.
        segment_stop: Frame after the last frame of the segment.
        score: Score after this step.
        peak_x: Centre of the cell with the greatest magnitude, as a fraction of the picture's width; empty without map.
        peak_y: Centre of this cell, as a fraction of the picture's height.
        peak: Value of this cell, as the model computed it.
        start_s: Start of the assessed part: 0, or the start of the range.
        stop_s: End of the assessed part.
        unfamiliar: True if the video is unlike the training videos of the model, so that scores may mean little.
    """

    video: str
    path: str
    model: str
    pass_index: int
    step: int
    frame: int
    time_s: float
    segment_stop: int
    score: float
    peak_x: float | None
    peak_y: float | None
    peak: float | None
    start_s: float
    stop_s: float
    unfamiliar: bool


def score_rows(analyses: Iterable[Analysis]) -> list[ScoreRow]:
    """Return one row for each analysis."""
    rows = []
    for analysis in analyses:
        video = analysis.video
        provenance = analysis.provenance
        low, high = analysis.interval if analysis.interval is not None else (None, None)
        calibrated_score = analysis.scaled if analysis.scaled is not None else CalibratedScore("")
        rows.append(
            ScoreRow(
                video=video.path.name,
                path=str(video.path),
                video_digest=video.digest,
                model=provenance.model,
                model_digest=provenance.model_digest,
                attention_model=provenance.attention_model,
                score=analysis.score,
                interval_low=low,
                interval_high=high,
                n_passes=analysis.n_passes,
                n_segments=analysis.n_segments,
                n_frames=video.n_frames,
                duration_s=video.duration_s,
                rate_hz=video.rate_hz,
                start_s=round(analysis.start_s, 6),
                stop_s=round(analysis.stop_s, 6),
                warning=analysis.all_warnings,
                unfamiliar=analysis.unfamiliar,
                criterion=calibrated_score.criterion,
                rating=calibrated_score.rating,
                rating_low=calibrated_score.low,
                rating_high=calibrated_score.high,
                rating_refusal=calibrated_score.refusal,
            )
        )
    return rows


def curve_rows(analyses: Iterable[Analysis]) -> list[CurveRow]:
    """Return one row for each step of each pass of each analysis."""
    rows = []
    for analysis in analyses:
        video = analysis.video
        for (pass_index, step), frame in np.ndenumerate(analysis.samples):
            peak_x, peak_y, peak = _find_peak(analysis, pass_index, step)
            rows.append(
                CurveRow(
                    video=video.path.name,
                    path=str(video.path),
                    model=analysis.provenance.model,
                    pass_index=pass_index,
                    step=step,
                    frame=int(frame),
                    time_s=float(video.times_s[frame]),
                    segment_stop=int(analysis.segment_stops[step]),
                    score=float(analysis.score_curve[pass_index, step]),
                    peak_x=peak_x,
                    peak_y=peak_y,
                    peak=peak,
                    start_s=round(analysis.start_s, 6),
                    stop_s=round(analysis.stop_s, 6),
                    unfamiliar=analysis.unfamiliar,
                )
            )
    return rows


def _find_peak(analysis: Analysis, pass_index: int, step: int) -> tuple[float | None, float | None, float | None]:
    """Return position (x, y) and value of the cell with the greatest magnitude; None if there is no map."""
    if analysis.map_kind is MapKind.NONE:
        return None, None, None
    values = analysis.attention[pass_index, step]
    peak_index = int(np.argmax(np.abs(values)))
    row, column = np.unravel_index(peak_index, values.shape)
    n_rows, n_columns = values.shape
    rect = analysis.map_rect
    x = rect.left + (float(column) + 0.5) / n_columns * (rect.right - rect.left)
    y = rect.top + (float(row) + 0.5) / n_rows * (rect.bottom - rect.top)
    return x, y, float(values[row, column])


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """Contribution of one part of a video to its score in one pass.

    Attributes:
        video: Name of the file.
        path: Path of the file.
        model: Name of the checkpoint.
        part: ``segment`` or ``cell``; a cell is occluded in all steps at once.
        pass_index: Pass, from 0.
        step: Step of the segment, from 0; empty for a cell.
        start_s: Start of the segment; empty for a cell.
        stop_s: End of the segment; empty for a cell.
        grid_row: Row of the cell, from 0 at the top; empty for a segment.
        grid_column: Column of the cell, from 0 at the left; empty for a segment.
        contribution: Score minus the score without this part; positive if the part raised the score.
        score: Score of the video, mean over the passes.
        baseline: Score of the empty video, with all segments occluded.
        from_s: Start of the assessed part: 0, or the start of the range.
        to_s: End of the assessed part.
        unfamiliar: True if the video is unlike the training videos of the model, so that numbers may mean little.
    """

    video: str
    path: str
    model: str
    part: str
    pass_index: int
    step: int | None
    start_s: float | None
    stop_s: float | None
    grid_row: int | None
    grid_column: int | None
    contribution: float
    score: float
    baseline: float
    from_s: float
    to_s: float
    unfamiliar: bool


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """Two models on one video; the numbers are means over the frames that either of them sampled.

    Attributes:
        video: Name of the file.
        path: Path of the file.
        first_model: Name of the first checkpoint.
        second_model: Name of the second.
        first_score: Score of the first.
        second_score: Score of the second.
        first_passes: Passes of the first over the video.
        second_passes: Passes of the second.
        first_map: Kind of the maps of the first model.
        second_map: Kind of the maps of the second model; only maps of one kind are comparable.
        n_frames_compared: Frames that either model sampled, from the first at which both have a map.
        correlation: Pearson's correlation of the densities, -1 to 1; empty if a map is constant throughout.
        similarity: Histogram intersection, 0 to 1.
        divergence: Kullback-Leibler divergence of the first from the second, in nats.
        divergence_back: Kullback-Leibler divergence of the second from the first, in nats.
        top_overlap: Overlap of the densest 10 % of the area of both maps, 0 to 1; 0.1 is expected by chance.
        centre_distance: Distance of the centres of mass, as a share of the picture's diagonal.
        first_entropy: Entropy of the maps of the first model, 0 (one cell) to 1 (uniform).
        second_entropy: Entropy of the maps of the second model.
        start_s: Start of the assessed part: 0, or the start of the range.
        stop_s: End of the assessed part.
    """

    video: str
    path: str
    first_model: str
    second_model: str
    first_score: float
    second_score: float
    first_passes: int
    second_passes: int
    first_map: str
    second_map: str
    n_frames_compared: int
    correlation: float | None
    similarity: float | None
    divergence: float | None
    divergence_back: float | None
    top_overlap: float | None
    centre_distance: float | None
    first_entropy: float | None
    second_entropy: float | None
    start_s: float
    stop_s: float


def evidence_rows(analysis: Analysis, evidence: Evidence) -> list[EvidenceRow]:
    """Return one row for each segment and each cell of each pass.

    Raises:
        ExportError: The evidence is of another analysis.
    """
    if not evidence.belongs_to(analysis):
        raise ExportError(f"The evidence is not of this analysis of {analysis.video.path.name}: compute it again.")
    video = analysis.video
    last_frame = video.n_frames - 1
    starts_s = [float(video.times_s[min(start, last_frame)]) for start in analysis.segment_starts.tolist()]
    stops_s = [video.end_s(max(stop, 1) - 1) for stop in analysis.segment_stops.tolist()]
    empty_row = EvidenceRow(
        video=video.path.name,
        path=str(video.path),
        model=analysis.provenance.model,
        part="",
        pass_index=0,
        step=None,
        start_s=None,
        stop_s=None,
        grid_row=None,
        grid_column=None,
        contribution=0.0,
        score=evidence.score,
        baseline=evidence.baseline,
        from_s=round(analysis.start_s, 6),
        to_s=round(analysis.stop_s, 6),
        unfamiliar=analysis.unfamiliar,
    )
    rows = [
        replace(
            empty_row,
            part="segment",
            pass_index=pass_index,
            step=step,
            start_s=starts_s[step],
            stop_s=stops_s[step],
            contribution=float(contribution),
        )
        for (pass_index, step), contribution in np.ndenumerate(evidence.segments)
    ]
    if evidence.cells is None:
        return rows
    rows += [
        replace(
            empty_row,
            part="cell",
            pass_index=pass_index,
            grid_row=grid_row,
            grid_column=grid_column,
            contribution=float(contribution),
        )
        for (pass_index, grid_row, grid_column), contribution in np.ndenumerate(evidence.cells)
    ]
    return rows


def comparison_rows(analyses: Sequence[Analysis]) -> list[ComparisonRow]:
    """Return one row for each pair of analyses of the same video, in the order of the arguments.

    Raises:
        ExportError: No video is analysed by two models.
    """
    return [
        ComparisonRow(
            video=first.video.path.name,
            path=str(first.video.path),
            first_model=first.provenance.model,
            second_model=second.provenance.model,
            first_score=first.score,
            second_score=second.score,
            first_passes=first.n_passes,
            second_passes=second.n_passes,
            first_map=str(first.map_kind),
            second_map=str(second.map_kind),
            n_frames_compared=len(comparison.frames),
            **comparison_columns(comparison.mean),
            start_s=round(first.start_s, 6),
            stop_s=round(first.stop_s, 6),
        )
        for first, second, comparison in compared_pairs(analyses)
    ]


def compared_pairs(analyses: Sequence[Analysis]) -> list[tuple[Analysis, Analysis, VideoComparison]]:
    """Return each pair of analyses of the same video, in the order of the arguments, with the comparison of their maps.

    Raises:
        ExportError: No video is analysed by two models.
    """
    pairs = [
        (first, second, compare_video(first, second))
        for first, second in combinations(analyses, 2)
        if first.clip_id == second.clip_id
    ]
    if not pairs:
        raise ExportError("There is nothing to compare: a comparison needs two models that assessed the same video.")
    return pairs


def comparison_columns(numbers: MapNumbers) -> dict[str, float | None]:
    """Return the numbers of a comparison of two maps by column of the tables; None if undefined."""
    return {
        "correlation": finite_or_none(numbers.correlation),
        "similarity": finite_or_none(numbers.similarity),
        "divergence": finite_or_none(numbers.divergence),
        "divergence_back": finite_or_none(numbers.divergence_back),
        "top_overlap": finite_or_none(numbers.top_overlap),
        "centre_distance": finite_or_none(numbers.centre_distance),
        "first_entropy": finite_or_none(numbers.entropy),
        "second_entropy": finite_or_none(numbers.entropy_other),
    }
