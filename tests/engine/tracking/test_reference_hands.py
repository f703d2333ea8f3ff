"""The tracker on real clips, against MediaPipe's own palms and landmarks, in three ways."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from skillviewer.core.arrays import RGBImage
from skillviewer.core.tracks.hand_detections import DetectedHand
from skillviewer.core.tracks.hand_regions import region_of_landmarks, region_of_palm
from skillviewer.engine.tracking.hand_tracker import HandModel, HandNetworks, HandTracker
from skillviewer.media.reading.reader import VideoReader
from tests.beside import TEST_DATA

REFERENCE = TEST_DATA / "hands"
CLIPS = {
    "again": (REFERENCE / "clips" / "again.mkv", 77),
    "sam2_04_coffee": (TEST_DATA / "real" / "sam2_04_coffee.mp4", 60),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(path.is_file() for path, _ in CLIPS.values()), reason=f"the reference clips are not in {TEST_DATA}"
    ),
]


@pytest.fixture(scope="module")
def networks() -> HandNetworks:
    return HandNetworks(HandModel.FULL)


def clip(name: str) -> tuple[list[RGBImage], dict[str, Any]]:
    """Return the frames of a clip, and MediaPipe's results."""
    path, n_frames = CLIPS[name]
    with VideoReader(path) as reader:
        pictures = [decoded.rgb() for decoded in reader.stream(range(n_frames))]
    return pictures, json.loads(gzip.decompress(Path(REFERENCE / f"{name}.json.gz").read_bytes()))


def errors(landmarks: NDArray[np.float64], hands: tuple[DetectedHand | None, ...]) -> NDArray[np.float64]:
    """Return the distance of each landmark to that of the nearest hand, in pixels."""
    away = [np.linalg.norm(landmarks - hand.landmarks_px, axis=1) for hand in hands if hand is not None]
    return min(away, key=lambda one: float(one.mean()), default=np.full(21, np.inf))


@pytest.mark.parametrize("name", CLIPS)
def test_clips_give_what_mediapipe_gives(name: str, networks: HandNetworks) -> None:
    pictures, expected = clip(name)
    n_first, n_hands, n_expected = 0, [], []
    steps: list[float] = []
    tracker = HandTracker(networks)
    for k, picture in enumerate(pictures):
        palms, hands = expected["palms"][k], [np.array(hand["xy"]) for hand in expected["hands"][k]]
        before = [np.array(hand["xy"]) for hand in expected["hands"][k - 1]] if k else []
        if palms and not before:  # found anew: exact
            found = networks.find_palms(picture, 2)
            for palm, (score, *numbers) in zip(found, palms, strict=True):
                assert palm.score == pytest.approx(score, abs=6e-4)  # the reference has three digits
                assert np.abs(palm.points_px.ravel() - numbers[4:]).max() < 0.01
            landmarks = networks.find_landmarks(picture, [region_of_palm(p.box_px, p.points_px) for p in found])
            for hand in hands:
                assert errors(hand, landmarks).max() < 0.05
                n_first += 1
        if before and hands:  # one step on from MediaPipe's own landmarks
            stepped = networks.find_landmarks(picture, [region_of_landmarks(hand) for hand in before])
            away = [float(errors(hand, stepped).mean()) for hand in hands]
            steps += [one for one in away if one < 10]  # others were found by their palms
        n_hands.append(min(len(tracker.step(picture)), 2))
        n_expected.append(min(len(hands), 2))
    assert n_first >= 1
    assert np.median(steps) < 0.06
    assert np.percentile(steps, 95) < 0.14
    for n in range(3):  # on its own, over all frames
        assert abs(np.mean(np.array(n_hands) == n) - np.mean(np.array(n_expected) == n)) <= 0.02
