"""Detection of hands frame by frame, as in MediaPipe's graph ``hand_landmark_tracking_cpu``.

The landmarks of a hand in one frame give the region of the hand in the next. Palms are searched in the whole picture
while fewer hands than ``max_hands`` are followed. Nothing is smoothed. The result depends on the first frame.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch

from skillviewer.core.arrays import FloatArray, RGBImage
from skillviewer.core.paths import models_dir
from skillviewer.core.tracks.hand_detections import DetectedHand
from skillviewer.core.tracks.hand_regions import HandRegion, add_region, region_of_landmarks, region_of_palm
from skillviewer.media.cutting import cut_square
from skillviewer.nets.hands.graph_network import GraphNetwork, load_network
from skillviewer.nets.hands.palms import Palm, decode_palms

MIN_PRESENCE = 0.5
"""Output of the network for presence, above which a region contains a hand."""


class HandModel(StrEnum):
    """Size of the networks."""

    FULL = "full"
    LITE = "lite"


class HandNetworks:
    """The networks for palms and for landmarks, on a device.

    Raises:
        CheckpointError: A file is missing or damaged.
    """

    def __init__(self, model: HandModel, device: str = "cpu", folder: Path | None = None) -> None:
        folder = models_dir() / "hands" if folder is None else folder
        self.model = model
        self._device = torch.device(device)
        self._palms = load_network(folder, f"palm-{model}").to(self._device)
        self._landmarks = load_network(folder, f"landmarks-{model}").to(self._device)

    def find_palms(self, picture: RGBImage, max_palms: int) -> tuple[Palm, ...]:
        """Return the palms in a picture, the most certain first."""
        height_px, width_px = picture.shape[:2]
        centre_px = (width_px / 2, height_px / 2)
        square = cut_square(
            picture,
            centre_px,
            side_px=max(width_px, height_px),
            angle_rad=0.0,
            size_px=self._palms.side,
            border="black",
        )
        outputs = self._run(self._palms, [square])
        boxes = outputs["Identity"][0]
        logits = outputs["Identity_1"][0, :, 0]
        return decode_palms(boxes, logits, (width_px, height_px), max_palms)

    def find_landmarks(self, picture: RGBImage, regions: Sequence[HandRegion]) -> tuple[DetectedHand | None, ...]:
        """Return the hand in each region, or None for a region without a hand."""
        if not regions:
            return ()
        side = self._landmarks.side
        squares = [
            cut_square(
                picture, (region.x_px, region.y_px), region.side_px, region.angle_rad, size_px=side, border="nearest"
            )
            for region in regions
        ]
        outputs = self._run(self._landmarks, squares)
        hands: list[DetectedHand | None] = []
        for i, region in enumerate(regions):
            presence = float(outputs["Identity_1"][i, 0])
            if presence <= MIN_PRESENCE:
                hands.append(None)
                continue
            points = outputs["Identity"][i].reshape(21, 3)[:, :2] / side
            landmarks_px = region.to_picture(points).astype(np.float32)
            # the network expects a mirrored picture: its left hand is the participant's right hand
            right_hand = float(outputs["Identity_2"][i, 0])
            hands.append(DetectedHand(landmarks_px, presence, right_hand))
        return tuple(hands)

    def _run(self, network: GraphNetwork, pictures: Sequence[RGBImage]) -> dict[str, FloatArray]:
        with torch.inference_mode():
            channels_last = torch.from_numpy(np.stack(pictures)).to(self._device)
            batch = channels_last.permute(0, 3, 1, 2).float() / 255
            return {name: value.double().cpu().numpy() for name, value in network(batch).items()}


class HandTracker:
    """Follows the hands of one video frame by frame.

    Args:
        networks: The networks.
        max_hands: Number of followed hands at which no more palms are searched. A frame may have more hands, since new
            palms are added to the followed hands, as in MediaPipe.
    """

    def __init__(self, networks: HandNetworks, max_hands: int = 2) -> None:
        self._networks = networks
        self._max_hands = max_hands
        self._regions: list[HandRegion] = []

    def follow(self, hands: Sequence[DetectedHand]) -> None:
        """Set the hands that are followed in the next frame; without any, palms are searched."""
        self._regions = [region_of_landmarks(hand.landmarks_px.astype(np.float64)) for hand in hands]

    def step(self, picture: RGBImage) -> tuple[DetectedHand, ...]:
        """Return the hands in the next frame, (H, W, 3) uint8 RGB, in no particular order."""
        regions: list[HandRegion] = []
        if len(self._regions) < self._max_hands:
            for palm in self._networks.find_palms(picture, self._max_hands):
                regions = add_region(regions, region_of_palm(palm.box_px, palm.points_px))
        for region in self._regions:
            regions = add_region(regions, region)
        hands = [hand for hand in self._networks.find_landmarks(picture, regions) if hand is not None]
        self.follow(hands)
        return tuple(hands)
