"""Rows of the table of ratings that were given in the program or in a browser."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RatedItem:
    """Rating of one video by one rater for one item.

    Attributes:
        video: Name of the video.
        rater: Name of the rater.
        item: The item of the rubric, or the sum of all items.
        rating: The rating; empty if the item could not be judged.
        purpose: "first" for the rating that counts, "repeat" for a second rating by the same rater.
        rated_at: Time of the rating, ISO 8601; empty if not recorded.
        taken_s: Seconds from the display of the video to the rating; empty if not recorded.
        watched: Share of the video that was watched, 0 to 1; empty if not recorded.
        speed: Playback speed; 1 is real time.
        mark_s: Time that the rater marked, in seconds from the first frame of the file, or empty.
        remark: Remark of the rater, or empty.
        withdrawn_at: Time at which the rating was withdrawn, ISO 8601; empty for a valid rating.
    """

    video: str
    rater: str
    item: str
    rating: float | None
    purpose: str
    rated_at: str | None
    taken_s: float | None
    watched: float | None
    speed: float
    mark_s: float | None
    remark: str
    withdrawn_at: str | None
