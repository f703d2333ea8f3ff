"""Preprocessing of a video for a model. Checkpoints with equal preprocessing share features."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

FLOW_ALGORITHMS = ("tvl1", "tvl1-fast", "dis")
"""Optical flow: TV-L1 with OpenCV's defaults as in the paper, TV-L1 with a cheaper pyramid, and DIS."""

USUAL_PASSES = 4
"""Interleaved passes on the command line and for exports; enough for an interval of the score."""

Crop = Literal["", "hands", "tracks"]
"""Tracks around which a model's input is cropped: hands, all tracks, or "" for the whole picture."""

CROPS: tuple[Crop, ...] = ("hands", "tracks")
"""All crops except the whole picture."""

SamplingRule = Literal["paper", "even"]
"""Rule for the sampled frames (``core.video.info``)."""

SAMPLINGS: tuple[SamplingRule, ...] = ("even", "paper")
"""All sampling rules."""


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """Settings of the optical flow and its quantisation."""

    algorithm: str = "tvl1"  # one of ``FLOW_ALGORITHMS``
    length: int = 10  # L, fields in a stack; even
    bound_px: float = 20.0  # displacement that saturates, in pixels per frame at the size at which flow is computed
    short_side_px: int = 256  # shorter side of the pictures from which flow is computed


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Steps from a video to the input of the backbones."""

    n_segments: int = 25  # N, sampled frames per pass; the least N if ``segment_s`` is set
    input_px: int = 448  # side of the square to which frames and flow are resized, whatever their aspect ratio
    rate_hz: float | None = None  # rate of the timeline (``core.video.info``), or None for the video's own rate
    flow: FlowSettings = field(default_factory=FlowSettings)
    sampling: SamplingRule = "paper"  # sampling rule; the default is for checkpoints without this field
    segment_s: float | None = None  # longest segment in seconds, so that longer videos have more; None for a fixed N
    most_segments: int = 200  # greatest N if ``segment_s`` is set; limits the time per video
    crop: Crop = ""  # tracks around which frames and flow are cropped (``core.kinematics.crop``)

    def segments_of(self, duration_s: float) -> int:
        """Return N for a video or clip of a duration."""
        if self.segment_s is None:
            return self.n_segments
        n_by_duration = min(duration_s / self.segment_s, self.most_segments)
        return max(self.n_segments, math.ceil(round(n_by_duration, 6)))

    @property
    def segments_text(self) -> str:
        """N or its range, for the user."""
        if self.segment_s is None:
            return str(self.n_segments)
        return f"{self.n_segments} to {self.most_segments}"


@dataclass(frozen=True, slots=True)
class FeatureEffort:
    """Number of frames of a video that a training uses, and their optical flow."""

    name: str  # name by which it is requested
    title: str  # display text of one line
    n_segments: int  # N, sampled frames of a pass
    candidates: int  # number of frames of every segment among which training draws
    flow: str  # one of ``FLOW_ALGORITHMS``


FEATURE_EFFORTS = (
    FeatureEffort(
        "quick", "25 frames a video and DIS flow, a quarter of the time", n_segments=25, candidates=1, flow="dis"
    ),
    FeatureEffort(
        "thorough", "four frames of each of 25 segments to draw from", n_segments=25, candidates=4, flow="tvl1-fast"
    ),
)
"""All efforts, compared in benchmarks/notebook/quick-features.md."""

TRAINED_ON = Preprocessing(flow=FlowSettings(algorithm="tvl1-fast"), sampling="even")
"""Default preprocessing of a new training: that of the paper, but with cheaper flow and even sampling."""

QUICK = replace(
    TRAINED_ON, n_segments=FEATURE_EFFORTS[0].n_segments, flow=FlowSettings(algorithm=FEATURE_EFFORTS[0].flow)
)
"""Preprocessing of a new model on a study, with the quick effort; all trainings of a study share features."""
