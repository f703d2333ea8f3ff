"""The open study as values that the worker thread sends to the window."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.progress import CancelToken
from skillviewer.data.study import StudySettings, StudyVideo
from skillviewer.data.study.identity import Identity

ReadIdentity = Callable[[Path, CancelToken], Identity]
"""Reads the size and digest of a file; the token cancels it."""


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """Facts of the open study."""

    path: Path
    title: str
    statement: str  # question that raters answer
    draft: bool  # True if the program made the study for videos opened without one; "Save as" gives it a name
    read_only: bool  # True if the study cannot be changed; ``notices`` state the reason
    notices: tuple[str, ...]  # warnings from opening the study, one sentence each
    settings: StudySettings
    criteria: tuple[str, ...] = (SKILL,)  # criteria of the ratings and votes, the default first
    criterion: str = SKILL  # criterion in use
    first_video: str = ""  # name of the video that is shown first, or "" for the first of the list


@dataclass(frozen=True, slots=True)
class StudyContents:
    """Facts and videos of the open study."""

    study: OpenStudy
    videos: tuple[StudyVideo, ...]
