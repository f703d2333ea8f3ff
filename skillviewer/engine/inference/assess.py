"""Assessment of one video by one model, step by step: features, attention, task state and score."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from skillviewer.core.analysis.analysis import Analysis, MapRect, Provenance
from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.analysis.familiarity import TrainingFeatureStats
from skillviewer.core.analysis.track_term import TrackTerm
from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import VideoError
from skillviewer.core.kinematics.crop import missing_tracks_text
from skillviewer.core.kinematics.motion_numbers import motion_numbers
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.frame_inputs import Sampling, sampling_of
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.runtime.threads import one_thread
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _PartialAnalysis:
    """Results of the steps so far."""

    def __init__(
        self,
        info: VideoInfo,
        clip_range: ClipRange | None,
        sampling: Sampling,
        model: AttentionModel,
        rect: MapRect,
        track_scores: FloatArray,
    ) -> None:
        self._info = info
        self._clip_range = clip_range
        self._sampling = sampling
        self._model = model
        self._rect = rect
        self._track_scores = track_scores  # (K, N) score that tracks add after each step
        self._attention: list[NDArray[np.float32]] = []
        self._state: list[NDArray[np.float32]] = []
        self._score: list[NDArray[np.float64]] = []

    def add(self, attention: torch.Tensor, state: torch.Tensor, score: torch.Tensor) -> None:
        score_of_tracks = self._track_scores[:, len(self._score)]
        score_of_network = score.double().cpu().numpy()
        attention_values = attention.float().cpu().numpy()
        state_values = state.float().cpu().numpy()
        self._attention.append(attention_values)
        self._state.append(state_values)
        self._score.append(score_of_network + score_of_tracks)

    def to_analysis(self, provenance: Provenance) -> Analysis:
        n_steps = len(self._score)
        return Analysis(
            video=self._info,
            samples=self._sampling.frames[:, :n_steps],
            attention=np.stack(self._attention, axis=1),
            map_kind=self._model.map_kind,
            map_rect=self._rect,
            task_state=np.stack(self._state, axis=1),
            score_curve=np.stack(self._score, axis=1),
            segment_stops=self._sampling.segment_stops[:n_steps],
            n_segments=self._sampling.positions.shape[1],
            provenance=provenance,
            clip_range=self._clip_range,
        )


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """A loaded model with all that scoring a video needs."""

    model: AttentionModel  # the attention model, in evaluation mode on its device
    source: FeatureSource  # source of the features
    rect: MapRect  # part of the picture that the maps cover
    provenance: Provenance  # provenance of the analyses
    familiarity: TrainingFeatureStats | None = None  # statistics of the training videos, or None
    raters_scale: ScoreCalibration | None = None  # map to the raters' scale, or None
    tracks: TrackTerm | None = None  # term of the tracks that is added to the score, or None


def assess(
    reader: VideoReader,
    scoring: ScoringModel,
    n_passes: int,
    token: CancelToken,
    report: Report,
    clip_range: ClipRange | None = None,
) -> Analysis:
    """Assess one video.

    Args:
        reader: The open video.
        scoring: The model.
        n_passes: K.
        token: Checked after every sampled frame.
        report: Receives every step, with the analysis so far as value unless the model needs the whole video first.
        clip_range: Range to assess, or None for the whole video.

    Raises:
        DatasetError: The range lies outside the video.
        VideoError: The video cannot be read, or lacks the tracks that the model needs.
    """
    model = scoring.model
    source = scoring.source
    provenance = scoring.provenance
    info = reader.read_info(token)
    sampling = sampling_of(info, source.preprocessing, n_passes, clip_range)
    n_steps = sampling.positions.shape[1]
    device = next(model.parameters()).device
    track_scores = scores_of_tracks(scoring.tracks, info, sampling)
    uses_tracks = scoring.tracks is not None or sampling.crop is not None
    tracks_digest = TrackStore().content_digest(info.digest, sampling.stored_range) if uses_tracks else ""
    rect = scoring.rect.within(sampling.crop)
    partial_analysis = _PartialAnalysis(info, clip_range, sampling, model, rect, track_scores)
    all_fused: list[torch.Tensor] = []
    feature_sum = np.zeros(2 * source.extractor.n_channels, np.float64)
    state = None
    with torch.inference_mode():
        for n_done, features in enumerate(source.steps(reader, sampling, token), start=1):
            feature_sum += features.astype(np.float32).mean(axis=(0, 2, 3))
            inputs = torch.from_numpy(features).to(device).float()
            with one_thread():
                fused = model.fuse(inputs[:, None])[:, 0]
            if model.needs.whole_video:
                all_fused.append(fused)
                report(Progress("looking", n_done, n_steps))
                continue
            with one_thread():
                state = state if state is not None else model.initial_state(n_passes, None, inputs)
                output = model.step(fused, state)
            state = output.state
            partial_analysis.add(output.attention, output.task_state, output.score)
            report(Progress("looking", n_done, n_steps, partial_analysis.to_analysis(provenance)))
        if model.needs.whole_video:
            with one_thread():
                state = model.initial_state(n_passes, torch.stack(all_fused, dim=1), all_fused[0])
                for fused in all_fused:
                    output = model.step(fused, state)
                    state = output.state
                    partial_analysis.add(output.attention, output.task_state, output.score)
    mean_feature = (feature_sum / n_steps).astype(np.float32)
    analysis = partial_analysis.to_analysis(provenance)
    familiarity = scoring.familiarity
    warning = familiarity.warning(mean_feature) if familiarity is not None else ""
    novelty = familiarity.novelty(mean_feature) if familiarity is not None else None
    scale = scoring.raters_scale
    calibrated_score = scale.calibrate(analysis.score, unfamiliar=bool(warning)) if scale is not None else None
    return replace(
        analysis,
        tracks=tracks_digest,
        mean_feature=mean_feature,
        warning=warning,
        novelty=novelty,
        scaled=calibrated_score,
    )


def scores_of_tracks(term: TrackTerm | None, info: VideoInfo, sampling: Sampling) -> FloatArray:
    """Return the score that the stored tracks of a video add after each step, (K, N); zeros for a model without tracks.

    Raises:
        VideoError: The video has no tracks, none of the model's measures, or no reference path that the model needs.
    """
    if term is None:
        return np.zeros(sampling.positions.shape)
    name = info.path.name
    tracks = TrackStore().get(info.digest, sampling.stored_range)
    if tracks is None:
        raise VideoError(f"{name}: {missing_tracks_text()}")
    tracks.check_video(info)
    if term.needs_reference and tracks.reference is None:
        raise VideoError(f"{name}: its tracks have no reference path, and the model adds distances from one: draw it.")
    scores = []
    for frames in sampling.frames:
        numbers = motion_numbers(tracks, frames.tolist(), tracks.reference)
        # rounded to float32 as in training
        pass_scores = term.of({measure: values.astype(np.float32) for measure, values in numbers.items()})
        if pass_scores is None:
            track_names = ", ".join(sorted({measure.name.partition(",")[0] for measure in term.measures}))
            raise VideoError(
                f"{name}: its tracks have none of the measures that the model adds. It knows: {track_names}."
            )
        scores.append(pass_scores)
    return np.stack(scores)
