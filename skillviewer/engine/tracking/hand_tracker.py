"""Hands in the frames of a video, one frame after the other, as MediaPipe's graph ``hand_landmark_tracking_cpu`` does.

Palms are searched while fewer hands than wanted are tracked; the landmarks of one frame say where the next frame's hand
is looked for. Nothing is smoothed. The result depends on the first frame.
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
"""Presence above which a region holds a hand."""


class HandModel(StrEnum):
    """Size of the networks."""

    FULL = "full"
    LITE = "lite"


class HandNetworks:
    """The two networks, on a device.

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
        height, width = picture.shape[:2]
        longer = max(width, height)
        side = self._palms.side
        square = cut_square(picture, (width / 2, height / 2), longer, 0.0, side, "black")
        outputs = self._run(self._palms, [square])
        return decode_palms(outputs["Identity"][0], outputs["Identity_1"][0, :, 0], (width, height), max_palms)

    def find_landmarks(self, picture: RGBImage, regions: Sequence[HandRegion]) -> tuple[DetectedHand | None, ...]:
        """Return the hand in each region, or None if there is none."""
        if not regions:
            return ()
        side = self._landmarks.side
        cuts = [cut_square(picture, (r.x_px, r.y_px), r.side_px, r.angle_rad, side, "nearest") for r in regions]
        outputs = self._run(self._landmarks, cuts)
        hands = []
        for i, region in enumerate(regions):
            presence = float(outputs["Identity_1"][i, 0])
            landmarks_px = region.to_picture(outputs["Identity"][i].reshape(21, 3)[:, :2] / side).astype(np.float32)
            # the network means a mirrored picture: its "left" is the participant's right hand
            hand = DetectedHand(landmarks_px, presence, float(outputs["Identity_2"][i, 0]))
            hands.append(hand if presence > MIN_PRESENCE else None)
        return tuple(hands)

    def _run(self, network: GraphNetwork, pictures: Sequence[RGBImage]) -> dict[str, FloatArray]:
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(pictures)).to(self._device).permute(0, 3, 1, 2).float() / 255
            return {name: value.double().cpu().numpy() for name, value in network(batch).items()}


class HandTracker:
    """Hands of one video, frame by frame.

    Args:
        networks: The networks.
        max_hands: Number of followed hands from which on no further palm is searched. A frame may hold more: new palms
            are added to the followed hands, as in MediaPipe.
    """

    def __init__(self, networks: HandNetworks, max_hands: int = 2) -> None:
        self._networks = networks
        self._max_hands = max_hands
        self._regions: list[HandRegion] = []

    def follow(self, hands: Sequence[DetectedHand]) -> None:
        """Look for some hands in the next frame; without any, forget the frame before."""
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
