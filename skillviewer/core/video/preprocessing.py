"""Preprocessing of a video before a model; checkpoints with equal preprocessing share features."""

from dataclasses import dataclass, field
from typing import Literal

FLOW_ALGORITHMS = ("tvl1", "tvl1-fast", "dis")
"""TV-L1 with OpenCV's defaults (the paper's), TV-L1 with the cheaper pyramid, and DIS."""


SamplingRule = Literal["paper", "even"]
"""Choice of the sampled frames: as in the paper's released code, or spread over the whole video."""

SAMPLINGS: tuple[SamplingRule, ...] = ("even", "paper")
"""All sampling rules."""


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """Settings of the optical flow and its quantisation.

    Attributes:
        algorithm: One of ``FLOW_ALGORITHMS``.
        length: L, fields in a stack; even.
        bound_px: Displacement that saturates, in pixels per frame at the size at which flow is computed.
        short_side_px: Shorter side of the pictures from which flow is computed.
    """

    algorithm: str = "tvl1"
    length: int = 10
    bound_px: float = 20.0
    short_side_px: int = 256


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Steps from a video to the input of the backbones.

    Attributes:
        n_segments: N, sampled frames per pass.
        input_px: Side of the square to which frames and flow are resized (aspect ratio is not kept, as in the paper).
        rate_hz: Clock at which frames are sampled and flow is taken, or None for the video's own.
        flow: Flow settings.
        sampling: Sampling rule (``core.video.info``).
    """

    n_segments: int = 25
    input_px: int = 448
    rate_hz: float | None = None
    flow: FlowSettings = field(default_factory=FlowSettings)
    sampling: SamplingRule = "paper"  # the rule of checkpoints without this field


TRAINED_ON = Preprocessing(flow=FlowSettings(algorithm="tvl1-fast"), sampling="even")
"""Default preprocessing of a new training: the paper's, with the cheaper flow and the sampling of ``small-study``."""
