"""The log of a study as values."""

import getpass
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_NAMED = 8
"""Videos of an export that the log names; of more it gives the number."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event of a study.

    Attributes:
        at: When, ISO 8601 in UTC.
        who: Rater, or author of a note or moment; empty where the study does not keep who did it.
        what: What was done: vote, vote withdrawn, video added, setting changed, export, ...
        subject: The video, pair, model or setting, or the name of an exported file.
        detail: Verdict and reason, text, score, digest, old and new value.
    """

    at: str
    who: str
    what: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class LoggedExport:
    """A file that was written from a study, for its log."""

    study: Path  # path of the study
    file: str  # name of the written file, without its folder
    kind: str  # name of the exporter
    videos: tuple[str, ...] = ()  # names of the videos that it shows; empty for a file of the whole study

    @property
    def detail(self) -> str:
        """Kind and videos."""
        several = len(self.videos) > MAX_NAMED
        videos_text = f"{len(self.videos)} videos" if several else ", ".join(self.videos)
        return f"{self.kind}: {videos_text}" if videos_text else self.kind


def signature(name: str = "") -> str:
    """Return the name that signs an event: the given one, else that of the user's account, "" where it has none."""
    with suppress(OSError, KeyError, ImportError):  # by system and version of Python
        return name or getpass.getuser()
    return ""
