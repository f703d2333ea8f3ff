"""Hands found in clips with MediaPipe's own results: differences in pixels, numbers of hands, sides, and time.

    python -m benchmarks.hands REFERENCE CLIPS... [--networks full]

REFERENCE is a folder of ``NAME.json.gz`` files, each with MediaPipe's hands and palms for every frame of the clip
``NAME`` (fields ``hands``: label, score, xy; ``palms``: score, box, seven points). Three comparisons: hands found anew
by their palms; one step from MediaPipe's landmarks of the frame before; and running freely.
"""

import argparse
import gzip
import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skillviewer.core.tracks.hand_detections import DetectedHand, FrameHands
from skillviewer.core.tracks.hand_linking import hand_tracks, without_twins
from skillviewer.core.tracks.hand_points import MIDDLE_KNUCKLE, WRIST
from skillviewer.core.tracks.hand_regions import region_of_landmarks, region_of_palm
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.engine.tracking.hand_tracker import HandModel, HandNetworks, HandTracker
from skillviewer.media.reading.reader import VideoReader

NEAR_PX = 10.0
"""Mean distance above which a hand one step on is another one."""


def away(landmarks: NDArray[np.float64], hands: tuple[DetectedHand | None, ...]) -> float:
    """Return the mean distance of landmarks to those of the nearest hand, in pixels; infinite without one."""
    distances = (float(np.linalg.norm(landmarks - h.landmarks_px, axis=1).mean()) for h in hands if h is not None)
    return min(distances, default=float("inf"))


def palm_px(hand: DetectedHand) -> float:
    """Return the length of a palm, in pixels."""
    return float(np.linalg.norm(hand.landmarks_px[WRIST] - hand.landmarks_px[MIDDLE_KNUCKLE]))


def switches(found: list[FrameHands]) -> tuple[int, int]:
    """Return how often the network's side of a hand switches from frame to frame, and frames with one side twice."""
    n_switches = n_twice = 0
    for before, now in itertools.pairwise(found):
        for hand in now.hands:
            distances = [away(hand.landmarks_px.astype(float), (other,)) for other in before.hands]
            nearest = before.hands[int(np.argmin(distances))] if distances else hand
            n_switches += min(distances, default=0) < palm_px(nearest) and (nearest.right_probability > 0.5) != (
                hand.right_probability > 0.5
            )
    for one in found:
        sides = [hand.right_probability > 0.5 for hand in without_twins(one.hands)]
        n_twice += len(sides) == 2 and sides[0] == sides[1]
    return n_switches, n_twice


def compare(networks: HandNetworks, clip: Path, expected: dict[str, Any]) -> str:
    """Return a row of the table."""
    anew, steps, numbers = [], [], []
    found: list[FrameHands] = []
    cpu_s = 0.0
    tracker = HandTracker(networks)
    with VideoReader(clip) as reader:
        for decoded in reader.stream(range(len(expected["hands"]))):
            k, picture = decoded.index, decoded.rgb()
            hands = [np.array(hand["xy"]) for hand in expected["hands"][k]]
            before = [np.array(hand["xy"]) for hand in expected["hands"][k - 1]] if k else []
            if expected["palms"][k] and not before:
                regions = [region_of_palm(p.box_px, p.points_px) for p in networks.find_palms(picture, 2)]
                anew += [away(hand, networks.find_landmarks(picture, regions)) for hand in hands]
            if before and hands:
                stepped = networks.find_landmarks(picture, [region_of_landmarks(hand) for hand in before])
                steps += [one for one in (away(hand, stepped) for hand in hands) if one < NEAR_PX]
            start = time.process_time()
            found.append(FrameHands(k, tracker.step(picture)))
            cpu_s += time.process_time() - start
            numbers.append((min(len(found[-1].hands), 2), min(len(hands), 2)))
        tracks = hand_tracks(found, TrackSet.of_video(reader.info, range(len(found))), "benchmark")
    own, theirs = np.array(numbers).T
    shares = [" ".join(f"{np.mean(values == n):.2f}" for n in range(3)) for values in (theirs, own)]
    seen = " ".join(f"{track.share_seen:.2f}" for track in tracks)
    steps_px = f"{np.median(steps):.3f} ({np.percentile(steps, 95):.2f})"
    cells = [clip.stem, f"{np.median(anew):.3f}", steps_px, *shares, f"{np.mean(own == theirs):.2f}"]
    cells += ["{} {}".format(*switches(found)), seen, f"{1000 * cpu_s / len(found):.0f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare hands with MediaPipe's own.")
    parser.add_argument("reference", type=Path, help="folder of NAME.json.gz")
    parser.add_argument("clips", type=Path, nargs="+", help="the clips, by the same names")
    parser.add_argument("--networks", choices=list(HandModel), default=HandModel.FULL)
    given = parser.parse_args()
    torch.set_num_threads(1)
    opened = HandNetworks(HandModel(given.networks))
    print(
        "| clip | anew, px | one step, px (95 %) | MediaPipe 0 1 2 | here 0 1 2 | equal | switches, twice | seen | ms |"
    )
    print("|--|--|--|--|--|--|--|--|--|")
    for path in given.clips:
        text = gzip.decompress((given.reference / f"{path.stem}.json.gz").read_bytes())
        print(compare(opened, path, json.loads(text)), flush=True)
