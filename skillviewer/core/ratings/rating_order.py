"""The order in which a rater rates videos: random, drawn from a recorded seed, with a share of videos rated twice."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

MIN_BETWEEN = 10
"""Videos between the two ratings of a repeated video; of fewer than 30 videos, a third of them."""


class FormPurpose(StrEnum):
    """Reason why a video was rated."""

    FIRST = "first"  # the rating that counts
    REPEAT = "repeat"  # a second rating by the same rater, for the reliability within the rater alone


@dataclass(frozen=True, slots=True)
class RatingTurn:
    """A video that a rater is asked to rate."""

    video: str  # name of the video
    purpose: FormPurpose


def rating_order(videos: Collection[str], rater: str, seed: int, repeat_share: float) -> tuple[RatingTurn, ...]:
    """Return the order in which a rater rates videos, the same for the same arguments.

    Every rater has an order of their own. It follows from hashes of seed, rater and video, so that it stays when a
    video comes or goes. The repeated videos are chosen at random in the first half of the order, and come again in the
    second half at random, at least ``MIN_BETWEEN`` videos later where there are enough.

    Args:
        videos: Names of the videos.
        rater: Name of the rater.
        seed: Seed of the study.
        repeat_share: Share of the videos that are rated twice, 0 to 1; at most half of them can be.
    """

    def number(purpose: str, video: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{seed}|{purpose}|{rater}|{video}".encode()).digest()[:8], "big")

    first = sorted(videos, key=lambda video: (number("order", video), video))
    half = (len(first) + 1) // 2
    n_repeats = min(round(repeat_share * len(first)), half)
    again = sorted(first[:half], key=lambda video: number("repeat", video))[:n_repeats]
    gap = min(MIN_BETWEEN, len(first) // 3)
    place = {video: float(index) for index, video in enumerate(first)}
    slots = []
    for video in again:
        earliest = max(place[video] + gap, half)
        share = number("place", video) / 2**64
        slots.append((earliest + share * max(len(first) - earliest, 0), 1, video))
    turns = sorted([*((index, 0, video) for video, index in place.items()), *slots])
    return tuple(
        RatingTurn(video, FormPurpose.REPEAT if repeated else FormPurpose.FIRST) for _, repeated, video in turns
    )
