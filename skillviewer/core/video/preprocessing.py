"""Preprocessing of a video before a model; checkpoints with equal preprocessing share features."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

FLOW_ALGORITHMS = ("tvl1", "tvl1-fast", "dis")
"""TV-L1 with OpenCV's defaults (the paper's), TV-L1 with the cheaper pyramid, and DIS."""


USUAL_PASSES = 4
"""Interleaved passes over a video that is scored from the command line or for an export: enough for an interval."""

Crop = Literal["", "hands", "tracks"]
"""Tracks around which the input of a model is cropped: hands alone, or all; "" for the whole picture."""

CROPS: tuple[Crop, ...] = ("hands", "tracks")
"""All crops."""

SamplingRule = Literal["paper", "even"]
"""Choice of the sampled frames: as in the paper's released code, or spread over the whole video."""

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

    n_segments: int = 25  # N, sampled frames per pass; with ``segment_s`` the least
    input_px: int = 448  # side of the square to which frames and flow are resized, whatever their aspect ratio
    rate_hz: float | None = None  # clock at which frames are sampled and flow is taken, or None for the video's own
    flow: FlowSettings = field(default_factory=FlowSettings)
    sampling: SamplingRule = "paper"  # of ``core.video.info``; the rule of checkpoints without this field
    segment_s: float | None = None  # greatest seconds of a segment: a longer video has more; None for N of all videos
    most_segments: int = 200  # greatest N with ``segment_s``: the limit of the time that a video takes
    crop: Crop = ""  # tracks around which frames and flow are cropped (``core.kinematics.crop``), or "" for none

    def segments_of(self, duration_s: float) -> int:
        """Return N of a video, or a part of one, that lasts so many seconds."""
        n_by_duration = 0 if self.segment_s is None else min(duration_s / self.segment_s, self.most_segments)
        return max(self.n_segments, math.ceil(round(n_by_duration, 6)))

    @property
    def segments_text(self) -> str:
        """N, or its range, for the user."""
        return str(self.n_segments) + (f" to {self.most_segments}" if self.segment_s is not None else "")


@dataclass(frozen=True, slots=True)
class FeatureEffort:
    """Number of frames of a video that a training looks at, and their optical flow."""

    name: str  # name by which it is requested
    title: str  # display text of one line
    n_segments: int  # N, sampled frames of a pass
    candidates: int  # k, frames of every segment that training draws from
    flow: str  # one of ``FLOW_ALGORITHMS``


FEATURE_EFFORTS = (
    FeatureEffort("quick", "25 frames a video and DIS flow, a quarter of the time", 25, 1, "dis"),
    FeatureEffort("thorough", "four frames of each of 25 segments to draw from", 25, 4, "tvl1-fast"),
)
"""Efforts for features; measured in benchmarks/notebook/quick-features.md."""

TRAINED_ON = Preprocessing(flow=FlowSettings(algorithm="tvl1-fast"), sampling="even")
"""Default preprocessing of a new training: the paper's, with the cheaper flow and the sampling of ``small-study``."""

QUICK = replace(
    TRAINED_ON, n_segments=FEATURE_EFFORTS[0].n_segments, flow=FlowSettings(algorithm=FEATURE_EFFORTS[0].flow)
)
"""Preprocessing of a new model on a study: that of the quick effort, so that all its trainings share features."""
