"""Hands as the networks find them, frame by frame, before they are linked to tracks."""

from dataclasses import dataclass

from skillviewer.core.arrays import Float32Array, ReadOnly


@dataclass(frozen=True, slots=True, repr=False)
class DetectedHand(ReadOnly):
    """A hand in one frame."""

    landmarks_px: Float32Array  # (21, 2) x and y in pixels of the picture, in the order of ``HAND_POINTS``
    presence: float  # confidence that there is a hand, above 0.5
    right_probability: float  # probability of a right hand, 0 to 1, in a picture that is not mirrored


@dataclass(frozen=True, slots=True)
class FrameHands:
    """The hands of one searched frame."""

    frame: int  # frame of the file, from 0
    hands: tuple[DetectedHand, ...] = ()
