"""The log of a study as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event of a study.

    Attributes:
        at: When, ISO 8601 in UTC.
        who: Rater, or author of a note or moment; empty where the study does not keep who did it.
        what: What was done: vote, vote withdrawn, video added, note removed, ...
        subject: The video, pair or model.
        detail: Verdict and reason, text, score, digest.
    """

    at: str
    who: str
    what: str
    subject: str
    detail: str
