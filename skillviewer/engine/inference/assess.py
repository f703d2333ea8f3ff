"""One video through one model: frames, flow, features, attention, task state, score; step by step."""

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
from skillviewer.core.kinematics.crop import no_tracks
from skillviewer.core.kinematics.motion_numbers import motion_numbers
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.frame_inputs import Sampling, sampling_of
from skillviewer.engine.features.source import FeatureSource
from skillviewer.engine.runtime.threads import one_thread
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Growing:
    def __init__(
        self,
        info: VideoInfo,
        clip_range: ClipRange | None,
        sampling: Sampling,
        model: AttentionModel,
        rect: MapRect,
        added: FloatArray,
    ) -> None:
        self._info = info
        self._clip_range = clip_range
        self._sampling = sampling
        self._model = model
        self._rect = rect
        self._added = added  # (K, N) what tracks add to the score after each step
        self._attention: list[NDArray[np.float32]] = []
        self._state: list[NDArray[np.float32]] = []
        self._score: list[NDArray[np.float64]] = []

    def add(self, attention: torch.Tensor, state: torch.Tensor, score: torch.Tensor) -> None:
        self._attention.append(attention.float().cpu().numpy())
        self._state.append(state.float().cpu().numpy())
        self._score.append(score.double().cpu().numpy() + self._added[:, len(self._score)])

    def so_far(self, provenance: Provenance) -> Analysis:
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
    """A model that is ready to score videos."""

    model: AttentionModel  # the attention model, in evaluation mode on its device
    source: FeatureSource  # source of its features
    rect: MapRect  # part of the picture that its maps cover
    provenance: Provenance  # provenance of its numbers
    familiarity: TrainingFeatureStats | None = None  # statistics of the training videos, or None
    raters_scale: ScoreCalibration | None = None  # map to the raters' scale, or None
    tracks: TrackTerm | None = None  # what the tracks of the video add to the score, or None


def assess(
    reader: VideoReader,
    scoring: ScoringModel,
    n_passes: int,
    token: CancelToken,
    report: Report,
    clip_range: ClipRange | None = None,
) -> Analysis:
    """Assess one video; the first map is reported while the rest is still to be computed.

    The analysis so far is the ``value`` of the report of every step. ``clip_range`` is the part to assess, None for
    all. The token is checked after every sampled frame.

    Raises:
        DatasetError: The part lies outside the video.
        VideoError: The video cannot be read, or the model needs tracks and it has none.
    """
    model, source, provenance, familiarity = scoring.model, scoring.source, scoring.provenance, scoring.familiarity
    info = reader.describe(token)
    sampling = sampling_of(info, source.preprocessing, n_passes, clip_range)
    n = sampling.positions.shape[1]
    device = next(model.parameters()).device
    added = added_by_tracks(scoring.tracks, info, sampling)
    depends = scoring.tracks is not None or sampling.crop is not None
    tracks = TrackStore().content_digest(info.digest, sampling.stored_range) if depends else ""
    growing = _Growing(info, clip_range, sampling, model, scoring.rect.within(sampling.crop), added)
    fused: list[torch.Tensor] = []
    pooled = np.zeros(2 * source.extractor.n_channels, np.float64)
    state = None
    with torch.inference_mode():
        for n_done, features in enumerate(source.steps(reader, sampling, token), start=1):
            pooled += features.astype(np.float32).mean(axis=(0, 2, 3))
            tensor = torch.from_numpy(features).to(device).float()
            with one_thread():
                fused_t = model.fuse(tensor[:, None])[:, 0]
            if model.needs.whole_video:
                fused.append(fused_t)
                report(Progress("looking", n_done, n))
                continue
            with one_thread():
                state = state if state is not None else model.initial_state(n_passes, None, tensor)
                out = model.step(fused_t, state)
            state = out.state
            growing.add(out.attention, out.task_state, out.score)
            report(Progress("looking", n_done, n, growing.so_far(provenance)))
        if model.needs.whole_video:
            with one_thread():
                state = model.initial_state(n_passes, torch.stack(fused, dim=1), fused[0])
                for fused_t in fused:
                    out = model.step(fused_t, state)
                    state = out.state
                    growing.add(out.attention, out.task_state, out.score)
    mean = (pooled / n).astype(np.float32)
    whole = growing.so_far(provenance)
    warning = familiarity.warning(mean) if familiarity is not None else ""
    scale = scoring.raters_scale
    return replace(
        whole,
        tracks=tracks,
        pooled=mean,
        warning=warning,
        novelty=familiarity.novelty(mean) if familiarity is not None else None,
        scaled=scale.of(whole.score, unfamiliar=bool(warning)) if scale is not None else None,
    )


def added_by_tracks(term: TrackTerm | None, info: VideoInfo, sampling: Sampling) -> FloatArray:
    """Return (K, N) what the stored tracks of a video add to its score after each step; zeros for a model without.

    Raises:
        VideoError: It has no tracks, none that the model knows, or no reference path where the model needs one.
    """
    if term is None:
        return np.zeros(sampling.positions.shape)
    name = info.path.name
    tracks = TrackStore().get(info.digest, sampling.stored_range)
    if tracks is None:
        raise VideoError(f"{name}: {no_tracks()}")
    tracks.check_video(info)
    if term.needs_reference and tracks.reference is None:
        raise VideoError(f"{name}: its tracks have no reference path, and the model adds distances from one: draw it.")
    rows = []
    for frames in sampling.frames:
        numbers = motion_numbers(tracks, frames.tolist(), tracks.reference)
        # rounded as in training
        added = term.of({measure: values.astype(np.float32) for measure, values in numbers.items()})
        if added is None:
            measure_names = ", ".join(sorted({measure.name.partition(",")[0] for measure in term.measures}))
            raise VideoError(
                f"{name}: its tracks have none of the measures that the model adds. It knows: {measure_names}."
            )
        rows.append(added)
    return np.stack(rows)
