"""Rows of a study's log."""

import getpass
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_NAMED = 8
"""Most videos that the log names for one export; for more it gives their number."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event of a study.

    Attributes:
        at: Time, ISO 8601 in UTC.
        who: Rater, or author of a note or moment; empty if the study does not record the user.
        what: Kind of event, such as vote, vote withdrawn, video added, setting changed or export.
        subject: Video, pair, model, setting or name of the exported file.
        detail: Such as verdict and reason, text, score, digest, or old and new value.
    """

    at: str
    who: str
    what: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class LoggedExport:
    """A file that was exported from a study, for the study's log."""

    study: Path  # path of the study
    file: str  # name of the exported file, without its folder
    kind: str  # name of the exporter
    videos: tuple[str, ...] = ()  # names of the videos in the file; empty for a file of the whole study

    @property
    def detail(self) -> str:
        """Text for ``LogRow.detail``: the kind, and the names or the number of the videos."""
        if not self.videos:
            return self.kind
        if len(self.videos) > MAX_NAMED:
            return f"{self.kind}: {len(self.videos)} videos"
        return f"{self.kind}: {', '.join(self.videos)}"


def log_author(name: str = "") -> str:
    """Return the name for an event of the log: the given name, or else the name of the user's account, or ""."""
    with suppress(OSError, KeyError, ImportError):  # the error depends on the system and on Python's version
        return name or getpass.getuser()
    return ""
