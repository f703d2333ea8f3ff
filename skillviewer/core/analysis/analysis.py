"""Results of one model on one video."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.arrays import Float32Array, FloatArray, IntArray, ReadOnly, frozen
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.core.video.info import VideoInfo

EVEN_FROM = 0.95
"""Least mean entropy of maps that are spread evenly, as a share of the entropy of a uniform map."""

CLIPPED_SHARE = 0.02
"""Greatest share of all cells that lie beyond the end of a clipped colour scale."""

FAINT_SHARE = 0.1
"""Greatest share of the frames that do not reach the end of a clipped colour scale."""


class MapKind(StrEnum):
    """Kind of the numbers in an attention map."""

    DISTRIBUTION = "distribution"  # non-negative, with sum 1 over the cells
    GATE = "gate"  # each cell between 0 and 1
    SIGNED = "signed product"  # unbounded, of either sign
    NONE = "none"  # no map; stored as a uniform one


@dataclass(frozen=True, slots=True)
class MapRect:
    """Part of the picture that a map covers, as fractions of the picture's width and height; may exceed 0 to 1.

    The model sees the picture resized to a square, so that the fractions hold for any aspect ratio.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def within(self, outer_rect: "MapRect | None") -> "MapRect":
        """Return this rectangle, given relative to ``outer_rect`` (None: the picture), relative to the picture."""
        if outer_rect is None:
            return self
        width = outer_rect.right - outer_rect.left
        height = outer_rect.bottom - outer_rect.top
        return MapRect(
            outer_rect.left + self.left * width,
            outer_rect.top + self.top * height,
            outer_rect.left + self.right * width,
            outer_rect.top + self.bottom * height,
        )


@dataclass(frozen=True, slots=True)
class Provenance:
    """Origin of an analysis, in enough detail to repeat the computation."""

    program: str  # name and version of the program
    model: str  # name of the checkpoint
    model_digest: str  # SHA-256 of the checkpoint's configuration and weights
    attention_model: str  # name of its entry in ``ATTENTION_MODELS``
    flow: str  # algorithm of the optical flow
    backbone: str  # name of the backbone
    device: str
    precision: str  # ``float32`` or ``bfloat16``


@dataclass(frozen=True, repr=False, eq=False)
class Analysis(ReadOnly):
    """Results of one model on one video, with K passes, N sampled frames, grid (h, w) and task state of width D."""

    video: VideoInfo
    samples: IntArray  # (K, N) int64, sampled frames, counted from 0; ascending in each pass
    attention: Float32Array  # (K, N, h, w) float32, as the model computed it (see ``map_kind``)
    map_kind: MapKind
    map_rect: MapRect  # part of the picture that the maps cover
    task_state: Float32Array  # (K, N, D) float32, hidden state of the task RNN after every step
    score_curve: FloatArray  # (K, N) float64, score after every step; the last column holds the score of each pass
    segment_stops: IntArray  # (N,) int64, frame after the last of each segment; the first starts at ``frames.start``
    # sampled frames per pass in the complete analysis. In an incomplete one the arrays hold the steps finished so far,
    # equally many in every pass, so that N is smaller.
    n_segments: int
    provenance: Provenance
    warning: str = ""  # warning about the score, for example that the video is unlike the training videos, or ""
    # (2F,) float32, mean feature over sampled frames, passes and cells. None in incomplete analyses and in those that
    # older versions stored.
    mean_feature: Float32Array | None = None
    # distance from the training videos, relative to the largest distance of a held-out training video. Above 1 there is
    # a warning. None if the model has no statistics of its training videos.
    novelty: float | None = None
    clip_range: ClipRange | None = None  # analysed range of the file, or None for the whole file
    # score on the raters' scale or its refusal. None if the model knows no ratings, in incomplete analyses and in those
    # that older versions stored.
    scaled: CalibratedScore | None = None
    tracks: str = ""  # SHA-256 of the stored tracks on which the numbers depend, or ""

    def __post_init__(self) -> None:
        ReadOnly.__post_init__(self)
        k, n = self.samples.shape
        is_vector_or_none = self.mean_feature is None or self.mean_feature.ndim == 1
        shapes_agree = (
            self.attention.shape[:2] == (k, n)
            and self.attention.ndim == 4
            and self.task_state.shape[:2] == (k, n)
            and self.score_curve.shape == (k, n)
            and self.segment_stops.shape == (n,)
        )
        if not shapes_agree or not is_vector_or_none:
            raise ValueError(f"shapes do not agree: {self!r}")

    @property
    def all_warnings(self) -> str:
        """Warnings about the score and the file, or ""."""
        return f"{self.warning} {self.note}".strip()

    @property
    def unfamiliar(self) -> bool:
        """True if the video is unlike the training videos, so that its score means nothing."""
        return bool(self.warning)

    @property
    def note(self) -> str:
        """Warnings about the file, also if it lacks a part of the attempt, or ""."""
        return f"{self.clip.shortfall(self.video)} {self.video.note}".strip()

    @property
    def clip(self) -> VideoClip:
        """The analysed clip."""
        return VideoClip(self.video.path, self.clip_range)

    @property
    def clip_id(self) -> tuple[str, ClipRange | None]:
        """Identity of the analysed clip, independent of the path: digest and range of the file."""
        return self.video.digest, self.clip_range

    @cached_property
    def frames(self) -> range:
        """Frames of the file that were analysed."""
        return self.clip.frames(self.video)

    @property
    def start_s(self) -> float:
        """Start of the first analysed frame, in seconds from the file's first frame."""
        return float(self.video.times_s[self.frames.start])

    @property
    def stop_s(self) -> float:
        """End of the last analysed frame, in seconds from the file's first frame."""
        return self.video.end_s(self.frames.stop - 1)

    @property
    def segment_starts(self) -> IntArray:
        """(N,) first frame of each segment, which is the stop of the previous one."""
        return np.concatenate(([self.frames.start], self.segment_stops[:-1]), dtype=np.int64)

    @property
    def n_passes(self) -> int:
        """K, number of passes."""
        return int(self.samples.shape[0])

    @property
    def n_samples(self) -> int:
        """N, sampled frames per pass; so far, in an incomplete analysis."""
        return int(self.samples.shape[1])

    @property
    def complete(self) -> bool:
        """True if every step has been computed."""
        return self.n_samples == self.n_segments

    @cached_property
    def score(self) -> float:
        """Mean over the passes of the score after the last step."""
        return float(np.mean(self.score_curve[:, -1]))

    @cached_property
    def _distinct_passes(self) -> tuple[IntArray, IntArray]:
        """Indices of passes that sampled different frames, and the number of passes with the frames of each."""
        _, indices, counts = np.unique(self.samples, axis=0, return_index=True, return_counts=True)
        return indices, counts

    @property
    def n_distinct_passes(self) -> int:
        """Number of passes that sampled different frames; below K for a video with few frames."""
        return len(self._distinct_passes[0])

    @property
    def same_frames(self) -> bool:
        """True if there are several passes and all sampled the same frames."""
        return self.n_passes > 1 and self.n_distinct_passes == 1

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """95 % prediction interval for the score of one more pass; None unless at least two passes differ.

        The interval, by Student's t, shows how much the choice of frames moves the score, and no other uncertainty of
        the model. Its width comes from the distinct passes, since a pass with the frames of another adds no
        information.
        """
        half_widths = self.half_intervals
        if half_widths is None:
            return None
        half_width = float(half_widths[-1])
        return self.score - half_width, self.score + half_width

    @cached_property
    def half_intervals(self) -> FloatArray | None:
        """(N,) half the width of ``interval`` after every step, or None unless at least two passes differ."""
        indices, counts = self._distinct_passes
        if len(indices) < 2:  # an interval of zero width would claim certainty
            return None
        from scipy.special import stdtrit  # imported late, since it takes as long as opening the window

        deviation = np.std(self.score_curve[indices], axis=0, ddof=1)
        mean_variance = ((counts / self.n_passes) ** 2).sum()  # of the mean over all passes, relative to one pass
        half_widths: FloatArray = stdtrit(len(indices) - 1, 0.975) * deviation * np.sqrt(1 + mean_variance)
        return frozen(half_widths)

    @cached_property
    def in_time_order(self) -> IntArray:
        """(M, 3) rows (frame, pass, step) of the sampled frames of all passes, in order of frames.

        Every frame appears once. If several passes sampled it, the row is that of the first pass. If one pass sampled
        it in several steps, as in a video with fewer frames than segments, the row is that of the last step.
        """
        k, n = self.samples.shape
        passes, steps = np.divmod(np.arange(k * n, dtype=np.int64), n)
        frames = self.samples.reshape(-1)
        order = np.lexsort((-steps, passes, frames))
        rows = np.stack([frames, passes, steps], axis=1)[order]
        _, first_rows = np.unique(rows[:, 0], return_index=True)
        return frozen(rows[first_rows])

    @cached_property
    def spread_evenly(self) -> bool:
        """True if the maps are distributions and nearly uniform, by ``EVEN_FROM``."""
        maps = self.attention.astype(np.float64)
        n_cells = maps.shape[-2] * maps.shape[-1]
        if self.map_kind is not MapKind.DISTRIBUTION or maps.size == 0 or n_cells < 2:
            return False
        negative_logs = np.log(1 / np.where(maps > 0, maps, 1))
        mean_entropy = (maps * negative_logs).sum(axis=(-2, -1)).mean()
        return bool(mean_entropy >= EVEN_FROM * np.log(n_cells))

    @cached_property
    def clipping_limit(self) -> float:
        """Magnitude at which colours are clipped so that the maps of most frames reach it; 0 without maps.

        It is the smaller of two magnitudes, one that ``CLIPPED_SHARE`` of all cells exceed, and one that the peaks of
        all but ``FAINT_SHARE`` of the frames reach.
        """
        magnitudes = np.abs(self.attention)
        if self.map_kind is MapKind.NONE or magnitudes.size == 0:
            return 0.0
        cell_limit = float(np.quantile(magnitudes, 1 - CLIPPED_SHARE))
        peaks = magnitudes.max(axis=(-2, -1))
        peak_limit = float(np.quantile(peaks, FAINT_SHARE))
        return min(cell_limit, peak_limit)

    @property
    def times_s(self) -> FloatArray:
        """(K, N) presentation times of the sampled frames in seconds."""
        return self.video.times_s[self.samples]

    @property
    def rating(self) -> str:
        """Rating on the raters' scale as text, or ""."""
        return self.scaled.words if self.scaled is not None else ""

    def in_task(self, *tasks: str) -> "Analysis":
        """Return the analysis with its rating refused if the video is of another task than the rated one.

        Args:
            *tasks: Names of the video's task; empty ones do not count.
        """
        calibrated_score = None if self.scaled is None else self.scaled.in_task(*tasks)
        return self if calibrated_score is self.scaled else replace(self, scaled=calibrated_score)

    def with_video(self, video: VideoInfo) -> "Analysis":
        """Return the same analysis with another location of the file."""
        return replace(self, video=video)
