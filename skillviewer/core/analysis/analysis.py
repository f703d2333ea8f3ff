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
"""Maps whose mean entropy is at least this share of a uniform map's are spread evenly."""

CLIPPED_SHARE = 0.02
"""A clipped colour scale ends where at most this share of all cells lie beyond it."""

FAINT_SHARE = 0.1
"""A clipped colour scale ends where at most this share of the frames do not reach it."""


class MapKind(StrEnum):
    """Kind of the numbers in an attention map."""

    DISTRIBUTION = "distribution"  # not negative, sums to 1 over the cells
    GATE = "gate"  # each cell by itself between 0 and 1
    SIGNED = "signed product"  # any sign, no bound
    NONE = "none"  # the model has no map; stored as uniform


@dataclass(frozen=True, slots=True)
class MapRect:
    """Part of the picture that a map covers, as fractions of its width and height; may exceed 0 to 1.

    The model sees the picture resized to a square, so the fractions hold for any aspect ratio.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def within(self, outer: "MapRect | None") -> "MapRect":
        """Return the same part of a part of the picture, ``outer``, as a part of the whole picture."""
        if outer is None:
            return self
        width, height = outer.right - outer.left, outer.bottom - outer.top
        return MapRect(
            outer.left + self.left * width,
            outer.top + self.top * height,
            outer.left + self.right * width,
            outer.top + self.bottom * height,
        )


@dataclass(frozen=True, slots=True)
class Provenance:
    """Origin of the numbers: enough to compute them again.

    Digests are SHA-256; ``precision`` is ``float32`` or ``bfloat16``.
    """

    program: str
    model: str
    model_digest: str
    attention_model: str
    flow: str
    backbone: str
    device: str
    precision: str


@dataclass(frozen=True, repr=False, eq=False)
class Analysis(ReadOnly):
    """Results of one model on one video. K passes, N sampled frames, grid (h, w), task state D."""

    video: VideoInfo
    samples: IntArray  # (K, N) int64, frame indices from 0; a pass is a row, ascending
    attention: Float32Array  # (K, N, h, w) float32, as the model computed it (see ``map_kind``)
    map_kind: MapKind  # what kind of numbers the maps are
    map_rect: MapRect  # where in the picture the map lies
    task_state: Float32Array  # (K, N, D) float32, hidden state of the task RNN after every step
    # (K, N) float64, the score read from the hidden state after every step; its last column is the score of the pass
    score_curve: FloatArray
    # (N,) int64, frame after the last of each segment; the first segment starts with ``frames``
    segment_stops: IntArray
    # sampled frames per pass in the complete analysis. Before, the arrays hold the steps finished so far, the same
    # number in every pass, and N is smaller.
    n_segments: int
    provenance: Provenance
    warning: str = ""  # a warning about the score (the video is unlike the training videos, say), or ""
    # (2F,) float32, the video's mean feature over sampled frames, passes and cells. None in incomplete analyses and in
    # those stored by older versions.
    pooled: Float32Array | None = None
    # distance from the training videos, as a multiple of the largest of a held-out training video; above 1 there is a
    # warning. None if the model has no statistics of its training videos.
    novelty: float | None = None
    # part of the file that was analysed, or None for the whole file. Frames count from the start of the file.
    clip_range: ClipRange | None = None
    # the score on the raters' scale, or a refusal; None if the model knows no ratings, in incomplete analyses and in
    # those stored by older versions
    scaled: CalibratedScore | None = None
    tracks: str = ""  # SHA-256 of the stored tracks that the numbers depend on, or "" if they depend on none

    def __post_init__(self) -> None:
        ReadOnly.__post_init__(self)
        k, n = self.samples.shape
        fits = (
            self.attention.shape[:2] == (k, n)
            and self.attention.ndim == 4
            and self.task_state.shape[:2] == (k, n)
            and self.score_curve.shape == (k, n)
            and self.segment_stops.shape == (n,)
            and (self.pooled is None or self.pooled.ndim == 1)
        )
        if not fits:
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
        """Warnings about the file and about how much of the attempt it holds, or ""."""
        return f"{self.clip.shortfall(self.video)} {self.video.note}".strip()

    @property
    def clip(self) -> VideoClip:
        """The analysed clip."""
        return VideoClip(self.video.path, self.clip_range)

    @property
    def clip_id(self) -> tuple[str, ClipRange | None]:
        """Identity of the analysed clip wherever the file lies: digest of the file, and the part of it."""
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
        """(N,) frame at which each segment starts: the end of the previous one."""
        return np.concatenate(([self.frames.start], self.segment_stops[:-1]), dtype=np.int64)

    @property
    def n_passes(self) -> int:
        """K."""
        return int(self.samples.shape[0])

    @property
    def n_samples(self) -> int:
        """N, sampled frames per pass (so far)."""
        return int(self.samples.shape[1])

    @property
    def complete(self) -> bool:
        """True once every step has been computed."""
        return self.n_samples == self.n_segments

    @cached_property
    def score(self) -> float:
        """Mean over the passes of the score after the last step."""
        return float(np.mean(self.score_curve[:, -1]))

    @cached_property
    def _different(self) -> tuple[IntArray, IntArray]:
        """Passes that sampled different frames: the first of each kind, and the number of passes of that kind."""
        _, first, counts = np.unique(self.samples, axis=0, return_index=True, return_counts=True)
        return first, counts

    @property
    def n_different(self) -> int:
        """Number of passes that sampled different frames; a video with few frames has fewer than K."""
        return len(self._different[0])

    @property
    def same_frames(self) -> bool:
        """True if several passes all sampled the same frames."""
        return self.n_passes > 1 and self.n_different == 1

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """95 % prediction interval for the score of one more pass; None unless at least two passes differ.

        Student's t. It shows how much the choice of frames alone moves the score, and nothing else of the model's
        uncertainty. A pass that sampled the same frames as another adds no information: the spread is that of the
        different passes.
        """
        half = self.half_intervals
        return (self.score - float(half[-1]), self.score + float(half[-1])) if half is not None else None

    @cached_property
    def half_intervals(self) -> FloatArray | None:
        """(N,) half the width of that interval after every step, or None unless at least two passes differ."""
        first, counts = self._different
        if len(first) < 2:  # an interval of zero width would claim certainty
            return None
        from scipy.special import stdtrit  # here: importing it takes as long as opening the window

        spread = np.std(self.score_curve[first], axis=0, ddof=1)
        of_mean = ((counts / self.n_passes) ** 2).sum()  # variance of the mean over all passes, relative to one pass
        widths: FloatArray = stdtrit(len(first) - 1, 0.975) * spread * np.sqrt(1 + of_mean)
        return frozen(widths)

    @cached_property
    def in_time_order(self) -> IntArray:
        """(M, 3) rows (frame, pass, step) of every sampled frame of all passes, by frame, then by pass.

        A frame that several passes sampled appears once, with the first pass's map; a frame that one pass sampled in
        several steps (a video with fewer frames than segments) appears with the last of them.
        """
        k, n = self.samples.shape
        passes, steps = np.divmod(np.arange(k * n, dtype=np.int64), n)
        rows = np.stack([self.samples.reshape(-1), passes, steps], axis=1)
        rows = rows[np.lexsort((-rows[:, 2], rows[:, 1], rows[:, 0]))]
        return frozen(rows[np.unique(rows[:, 0], return_index=True)[1]])

    @cached_property
    def spread_evenly(self) -> bool:
        """True for distributions of nearly uniform maps: mean entropy at least ``EVEN_FROM`` of the greatest."""
        maps = self.attention.astype(np.float64)
        n_cells = maps.shape[-2] * maps.shape[-1]
        if self.map_kind is not MapKind.DISTRIBUTION or maps.size == 0 or n_cells < 2:
            return False
        surprise = np.log(1 / np.where(maps > 0, maps, 1))
        return bool((maps * surprise).sum(axis=(-2, -1)).mean() >= EVEN_FROM * np.log(n_cells))

    @cached_property
    def clipping_limit(self) -> float:
        """Magnitude at which colours are clipped so that the maps of most frames reach it; 0 without maps.

        The smaller of two numbers: the magnitude that ``CLIPPED_SHARE`` of all cells exceed, and the peak that all but
        ``FAINT_SHARE`` of the frames reach.
        """
        magnitudes = np.abs(self.attention)
        if self.map_kind is MapKind.NONE or magnitudes.size == 0:
            return 0.0
        of_cells = float(np.quantile(magnitudes, 1 - CLIPPED_SHARE))
        of_peaks = float(np.quantile(magnitudes.max(axis=(-2, -1)), FAINT_SHARE))
        return min(of_cells, of_peaks)

    @property
    def times_s(self) -> FloatArray:
        """(K, N) presentation times of the sampled frames in seconds."""
        return self.video.times_s[self.samples]

    @property
    def rating(self) -> str:
        """Rating on the raters' scale in words, or ""."""
        return self.scaled.words if self.scaled is not None else ""

    def in_task(self, *tasks: str) -> "Analysis":
        """Return the same analysis of a video of some task: a rating of another task is refused."""
        scaled = None if self.scaled is None else self.scaled.in_task(*tasks)
        return self if scaled is self.scaled else replace(self, scaled=scaled)

    def with_video(self, video: VideoInfo) -> "Analysis":
        """Return the same analysis for a file that has moved."""
        return replace(self, video=video)
