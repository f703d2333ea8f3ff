"""The tracker on a real hand, against MediaPipe's own landmarks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from skillviewer.core.tracks.hand_detections import DetectedHand
from skillviewer.core.tracks.hand_regions import region_of_landmarks
from skillviewer.engine.tracking.hand_tracker import HandModel, HandNetworks, HandTracker

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "hands"
PICTURE = np.asarray(Image.open(FIXTURES / "hand.png").convert("RGB"))
ABOUT = json.loads((FIXTURES / "hand.json").read_bytes())


@pytest.fixture(scope="module")
def networks() -> HandNetworks:
    return HandNetworks(HandModel.FULL)


def test_one_step_of_the_landmarks_is_that_of_mediapipe(networks: HandNetworks) -> None:
    (hand,) = networks.find_landmarks(PICTURE, [region_of_landmarks(np.array(ABOUT["before"]))])
    assert hand is not None
    assert np.abs(hand.landmarks_px - ABOUT["landmarks"]).max() < 0.05
    assert (hand.right_probability > 0.5) == (ABOUT["label"] == "Left")  # MediaPipe's label means a mirrored picture


def test_a_hand_is_found_without_knowledge_of_the_frame_before(networks: HandNetworks) -> None:
    tracker = HandTracker(networks)
    for _ in range(2):  # found by its palm, then followed
        (hand,) = tracker.step(PICTURE)
        assert np.linalg.norm(hand.landmarks_px - ABOUT["landmarks"], axis=1).mean() < 1
    assert hand.presence > 0.9


def test_a_grey_picture_holds_no_hand_whatever_was_there_before(networks: HandNetworks) -> None:
    tracker = HandTracker(networks)
    tracker.follow([DetectedHand(np.array(ABOUT["before"], np.float32), 1.0, 0.5)])
    assert tracker.step(np.full((96, 96, 3), 128, np.uint8)) == ()


def test_a_batch_is_the_same_as_its_pictures_one_by_one(networks: HandNetworks) -> None:
    regions = [region_of_landmarks(np.array(ABOUT[name])) for name in ("before", "landmarks")]
    together = networks.find_landmarks(PICTURE, regions)
    for hand, region in zip(together, regions, strict=True):
        (alone,) = networks.find_landmarks(PICTURE, [region])
        assert hand is not None
        assert alone is not None
        assert np.allclose(hand.landmarks_px, alone.landmarks_px, atol=1e-3)
    assert networks.find_landmarks(PICTURE, []) == ()
    assert torch.is_inference_mode_enabled() is False
