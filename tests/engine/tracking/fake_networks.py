"""Networks that see hands in the frames of numbered videos, for tests of what happens around them."""

from collections.abc import Sequence

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.tracks.hand_detections import DetectedHand
from skillviewer.core.tracks.hand_regions import HandRegion
from skillviewer.engine.tracking.hand_tracker import HandModel, HandNetworks
from skillviewer.nets.hands.palms import Palm
from tests.videos import read_barcode

SHAPE = np.random.default_rng(5).uniform(-15, 15, (21, 2))
SHAPE[0], SHAPE[9] = (0, 15), (0, -15)


class FakeNetworks(HandNetworks):
    """Networks that find one hand, in all frames but those of ``absent``; what they looked at is recorded."""

    def __init__(self, absent: range = range(0)) -> None:
        self.model = HandModel.LITE
        self.absent = absent
        self.palm_frames: list[int] = []
        self.landmark_frames: list[int] = []

    def find_palms(self, picture: RGBImage, max_palms: int) -> tuple[Palm, ...]:
        """Return one palm; none in a picture of one colour, which measures the time alone."""
        if not picture.std():
            return ()
        number = read_barcode(picture)
        self.palm_frames.append(number)
        points = np.zeros((7, 2))
        points[0], points[2] = (60, 60), (60, 30)
        return () if number in self.absent else (Palm(0.9, np.array([45.0, 30, 30, 30]), points),)[:max_palms]

    def find_landmarks(self, picture: RGBImage, regions: Sequence[HandRegion]) -> tuple[DetectedHand | None, ...]:
        """Return a hand that depends on frame and region, as real ones do."""
        if not picture.std():
            return tuple(None for _ in regions)
        number = read_barcode(picture)
        self.landmark_frames.append(number)
        if number in self.absent:
            return tuple(None for _ in regions)
        centre = np.array([60 + number % 7, 45])
        return tuple(
            DetectedHand((SHAPE + centre + [r.side_px / 1000, 0]).astype(np.float32), 0.9, 0.8) for r in regions
        )
