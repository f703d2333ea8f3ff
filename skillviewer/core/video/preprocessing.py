"""What is done to a video before a model sees it; checkpoints that agree on it share features."""

from dataclasses import dataclass, field
from typing import Literal

FLOW_ALGORITHMS = ("tvl1", "tvl1-fast", "dis")
"""TV-L1 as OpenCV's defaults (the paper's), TV-L1 with the cheaper pyramid, and DIS."""


SamplingRule = Literal["paper", "even"]
"""Which frames are sampled: those of the paper's released code, or frames spread over the whole video."""

SAMPLINGS: tuple[SamplingRule, ...] = ("even", "paper")
"""All of them."""


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """How optical flow is computed and stored.

    Attributes:
        algorithm: One of ``FLOW_ALGORITHMS``.
        length: L, fields in a stack; even.
        bound_px: Displacement that saturates, in pixels a frame at the size where flow is computed.
        short_side_px: Shorter side of the pictures that flow is computed on.
    """

    algorithm: str = "tvl1"
    length: int = 10
    bound_px: float = 20.0
    short_side_px: int = 256


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From a video to what the backbones are fed.

    Attributes:
        n_segments: N, sampled frames a pass.
        input_px: Side of the square that frames and flow are resized to (proportions are not kept, as in the paper).
        rate_hz: Clock on which frames are sampled and flow is taken, or None for the video's own.
        flow: Flow settings.
        sampling: Which frames are sampled (``core.video.info``).
    """

    n_segments: int = 25
    input_px: int = 448
    rate_hz: float | None = None
    flow: FlowSettings = field(default_factory=FlowSettings)
    sampling: SamplingRule = "paper"  # of checkpoints that do not say


TRAINED_ON = Preprocessing(flow=FlowSettings(algorithm="tvl1-fast"), sampling="even")
"""What a training from nothing does to videos unless it is told otherwise: the paper's, with the cheaper flow, and
frames from the whole video, as the preset ``small-study`` asks."""
