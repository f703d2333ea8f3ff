"""Rows of the table of ratings that raters gave in the program or in a browser."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RatedItem:
    """One item of one video as one rater rated it at one time.

    Attributes:
        video: Name of the video.
        rater: Name of the rater.
        item: The item of the rubric, or its sum.
        rating: The rating; empty where the item could not be judged.
        purpose: "first" for the rating that counts, "repeat" for a second one of the same rater.
        rated_at: Time of the rating, ISO 8601; empty where it was not kept.
        taken_s: Time from first sight to the rating in seconds; empty where it was not kept.
        watched: Share of the video that was watched, 0 to 1; empty where it was not kept.
        speed: Playback speed; 1 is real time.
        mark_s: Time that the rater marked, in seconds from the first frame of the file; empty without one.
        remark: Remark of the rater, or empty.
        withdrawn_at: Time of the undo, ISO 8601; empty for a rating that stands.
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
