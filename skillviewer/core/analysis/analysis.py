"""Everything one model says of one video."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from skillviewer.core.arrays import Float32Array, FloatArray, IntArray, frozen, shapes
from skillviewer.core.video.extents import ClipRange
from skillviewer.core.video.footage import VideoClip
from skillviewer.core.video.info import VideoInfo


class MapKind(StrEnum):
    """What the numbers of an attention map are."""

    DISTRIBUTION = "distribution"  # not negative, sums to 1 over the cells
    GATE = "gate"  # each cell by itself between 0 and 1
    SIGNED = "signed product"  # any sign, no bound
    NONE = "none"  # the model has no map; stored as uniform


@dataclass(frozen=True, slots=True)
class MapRect:
    """The part of the picture that a map covers, as fractions of its width and height; may exceed 0 to 1.

    The model sees the picture squashed to a square, so fractions hold for any proportions.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the numbers come from: enough to compute them again.

    Attributes:
        program: Name and version of the program.
        model: Name of the checkpoint.
        model_digest: SHA-256 of its weights.
        attention_model: Its entry in ATTENTION_MODELS.
        flow: Name of the optical flow algorithm.
        backbone: Name of the backbone.
        device: Where it ran.
        precision: ``float32`` or ``bfloat16``.
    """

    program: str
    model: str
    model_digest: str
    attention_model: str
    flow: str
    backbone: str
    device: str
    precision: str


@dataclass(frozen=True, repr=False)
class Analysis:
    """Everything one model says of one video. K passes, N sampled frames, grid (h, w), task state D.

    Attributes:
        video: The video.
        samples: (K, N) int64, frame indices from 0; a pass is a row, ascending.
        attention: (K, N, h, w) float32, as the model computed it (see ``map_kind``).
        map_kind: What kind of numbers the maps are.
        map_rect: Where in the picture the map lies.
        task_state: (K, N, D) float32, hidden state of the task RNN after every step.
        score_curve: (K, N) float64, the score read from the hidden state after every step; its last column is the
            score of the pass.
        segment_stops: (N,) int64, frame at which each segment ends (half open); the first starts with ``frames``.
        n_segments: Sampled frames a pass once the analysis is whole. While it is being computed, the arrays hold the
            steps finished so far, in all passes alike, and N is smaller.
        warning: A word of warning for a person (unlike the training videos, say), or "".
        provenance: Where the numbers come from.
        pooled: (2F,) float32, what the video looks like: its features' mean over sampled frames, passes and cells. None
            while it is being computed, and in analyses kept by older versions.
        strangeness: How far it is from the training videos, in parts of how far the most unusual of those is from the
            others; above 1 there is a word of warning. None where the model does not know its training videos.
        extent: The part of the file that it is of, or None for the whole. Frames count from the start of the file.
    """

    video: VideoInfo
    samples: IntArray
    attention: Float32Array
    map_kind: MapKind
    map_rect: MapRect
    task_state: Float32Array
    score_curve: FloatArray
    segment_stops: IntArray
    n_segments: int
    provenance: Provenance
    warning: str = ""
    pooled: Float32Array | None = None
    strangeness: float | None = None
    extent: ClipRange | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays and check that their shapes agree."""
        for name in ("samples", "attention", "task_state", "score_curve", "segment_stops", "pooled"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, frozen(value))
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

    __repr__ = shapes

    @property
    def cautions(self) -> str:
        """What a person should know of the score and of the file, or ""."""
        return f"{self.warning} {self.note}".strip()

    @property
    def note(self) -> str:
        """What a person should know of the file, and of how much of the attempt is in it, or ""."""
        return f"{self.clip.shortfall(self.video)} {self.video.note}".strip()

    @property
    def clip(self) -> VideoClip:
        """The file, or the part of it, that it is of."""
        return VideoClip(self.video.path, self.extent)

    @property
    def subject(self) -> tuple[str, ClipRange | None]:
        """What it is of, wherever the file lies: digest of the file, and which part of it."""
        return self.video.digest, self.extent

    @cached_property
    def frames(self) -> range:
        """The frames of the file that were looked through."""
        return self.clip.frames(self.video)

    @property
    def start_s(self) -> float:
        """When the first of them begins, in seconds from the file's first frame."""
        return float(self.video.times_s[self.frames.start])

    @property
    def stop_s(self) -> float:
        """When the last of them ends."""
        return self.video.end_s(self.frames.stop - 1)

    @property
    def segment_starts(self) -> IntArray:
        """(N,) frame at which each segment starts: the end of the one before."""
        return np.concatenate(([self.frames.start], self.segment_stops[:-1]), dtype=np.int64)

    @property
    def n_passes(self) -> int:
        """K."""
        return int(self.samples.shape[0])

    @property
    def n_samples(self) -> int:
        """N, sampled frames of a pass (so far)."""
        return int(self.samples.shape[1])

    @property
    def complete(self) -> bool:
        """Whether every step has been computed."""
        return self.n_samples == self.n_segments

    @cached_property
    def score(self) -> float:
        """Mean over the passes of the score after the last step."""
        return float(np.mean(self.score_curve[:, -1]))

    @cached_property
    def _different(self) -> tuple[IntArray, IntArray]:
        """The passes that looked at different frames: the first of each kind, and how many there are of it."""
        _, first, counts = np.unique(self.samples, axis=0, return_index=True, return_counts=True)
        return first, counts

    @property
    def n_different(self) -> int:
        """Passes that looked at different frames: a video with few frames has no more to look at."""
        return len(self._different[0])

    @property
    def same_frames(self) -> bool:
        """Whether several passes all looked at the same frames."""
        return self.n_passes > 1 and self.n_different == 1

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval in which the score of one more pass would fall; None without passes that differ.

        A prediction interval (Student's t): it tells how much the choice of frames alone moves the score, and nothing
        of how sure the model is otherwise. A pass that looked at the same frames as another says nothing new: the
        spread is that of the different ones.
        """
        half = self.half_intervals
        return (self.score - float(half[-1]), self.score + float(half[-1])) if half is not None else None

    @cached_property
    def half_intervals(self) -> FloatArray | None:
        """(N,) half the width of that interval after every step, or None without passes that differ."""
        first, counts = self._different
        if len(first) < 2:  # an interval of no width would say that all is certain
            return None
        from scipy.special import stdtrit  # here: importing it takes as long as opening the window

        spread = np.std(self.score_curve[first], axis=0, ddof=1)
        of_mean = ((counts / self.n_passes) ** 2).sum()  # variance of the mean over all passes, in that of one
        widths: FloatArray = stdtrit(len(first) - 1, 0.975) * spread * np.sqrt(1 + of_mean)
        return frozen(widths)

    @cached_property
    def in_time_order(self) -> IntArray:
        """(M, 3) rows (frame, pass, step) of every sampled frame of all passes, by frame, then by pass.

        A frame that several passes sampled appears once, with the first pass's map; one that a pass sampled in several
        steps (a video with fewer frames than segments) with the last of them.
        """
        k, n = self.samples.shape
        passes, steps = np.divmod(np.arange(k * n, dtype=np.int64), n)
        rows = np.stack([self.samples.reshape(-1), passes, steps], axis=1)
        rows = rows[np.lexsort((-rows[:, 2], rows[:, 1], rows[:, 0]))]
        return frozen(rows[np.unique(rows[:, 0], return_index=True)[1]])

    @property
    def times_s(self) -> FloatArray:
        """(K, N) presentation times of the sampled frames in seconds."""
        return self.video.times_s[self.samples]

    def with_video(self, video: VideoInfo) -> "Analysis":
        """Return the same analysis of a file that has moved."""
        return replace(self, video=video)
