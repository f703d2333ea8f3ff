"""Random order in which a rater rates videos, from a recorded seed, with a share of videos rated twice."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

MIN_BETWEEN = 10
"""Fewest videos between the two ratings of a repeated video; with fewer than 30 videos, a third of them."""


class FormPurpose(StrEnum):
    """Reason why a video was rated."""

    FIRST = "first"  # the rating that counts
    REPEAT = "repeat"  # a second rating by the same rater, only for the reliability within the rater


@dataclass(frozen=True, slots=True)
class RatingTurn:
    """A video that a rater is asked to rate."""

    video: str  # name of the video
    purpose: FormPurpose


def rating_order(videos: Collection[str], rater: str, seed: int, repeat_share: float) -> tuple[RatingTurn, ...]:
    """Return the order in which a rater rates videos, the same for the same arguments.

    Every rater has a different order. It follows from hashes of seed, rater and video, so that the order of the others
    does not change when a video is added or removed. The repeated videos are chosen at random from the first half of
    the order. They are repeated at random positions of the second half, at least ``MIN_BETWEEN`` videos later if there
    are enough.

    Args:
        videos: Names of the videos.
        rater: Name of the rater.
        seed: Seed of the study.
        repeat_share: Share of the videos that are rated twice, 0 to 1; at most half of them are.
    """

    def random_number(purpose: str, video: str) -> int:
        digest = hashlib.sha256(f"{seed}|{purpose}|{rater}|{video}".encode()).digest()
        return int.from_bytes(digest[:8], "big")

    order = sorted(sorted(videos), key=partial(random_number, "order"))
    n_videos = len(order)
    half = (n_videos + 1) // 2
    n_repeats = min(round(repeat_share * n_videos), half)
    repeated_videos = sorted(order[:half], key=partial(random_number, "repeat"))[:n_repeats]
    min_gap = min(MIN_BETWEEN, n_videos // 3)
    # position, whether it is a repeat, and video; a repeat follows a first rating at the same position
    positions: list[tuple[float, bool, str]] = [(float(index), False, video) for index, video in enumerate(order)]
    first_position = {video: float(index) for index, video in enumerate(order)}
    for video in repeated_videos:
        earliest = max(first_position[video] + min_gap, half)
        share = random_number("place", video) / 2**64
        positions.append((earliest + share * max(n_videos - earliest, 0), True, video))
    turns = []
    for _, is_repeat, video in sorted(positions):
        purpose = FormPurpose.REPEAT if is_repeat else FormPurpose.FIRST
        turns.append(RatingTurn(video, purpose))
    return tuple(turns)
