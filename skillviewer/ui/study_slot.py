"""The open study as its lane holds it; drafts, and the sample study."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from skillviewer.core.errors import StudyError
from skillviewer.core.job import CancelToken, Report
from skillviewer.core.places import data_dir, resources_dir
from skillviewer.data.study import SUFFIX, Study, StudySettings


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """What the window knows of the study that is open.

    Attributes:
        path: Its file.
        title: What it is called.
        statement: The question that raters answer.
        draft: Whether the program made it for videos that were opened without a study; "Save as" gives it a name.
        read_only: Whether it can be looked at only; ``notices`` says why.
        notices: What a person should know of how it was opened, one sentence each.
        settings: Its settings.
    """

    path: Path
    title: str
    statement: str
    draft: bool
    read_only: bool
    notices: tuple[str, ...]
    settings: StudySettings


class StudySlot:
    """The open study, in the study lane."""

    def __init__(self) -> None:
        self._study: Study | None = None
        self._draft = False
        self._version = 0

    @property
    def study(self) -> Study:
        """The open study.

        Raises:
            StudyError: None is open.
        """
        if self._study is None:
            raise StudyError("No study is open. Open videos or a study first.")
        return self._study

    @property
    def is_open(self) -> bool:
        """Whether a study is open."""
        return self._study is not None

    def facts(self) -> OpenStudy:
        """Return what the window should know."""
        study, settings = self.study, self.study.settings
        return OpenStudy(
            study.path, study.title, settings.statement, self._draft, study.read_only, study.notices, settings
        )

    def swap(self, study: Study, *, draft: bool = False) -> None:
        """Take a study in the place of the one before, which is closed."""
        self.close()
        self._study, self._draft = study, draft
        self._version = study.written_version()

    def news(self) -> bool:
        """Return whether another process has written the study since this was last asked."""
        before, self._version = self._version, self.study.written_version()
        return before != self._version

    def close(self) -> None:
        """Close the study; a draft in which nobody said anything leaves no file."""
        study, self._study = self._study, None
        if study is None:
            return
        path = study.path
        idle = self._draft and not study.read_only and not study.has_words()
        study.close()
        if idle:
            Study.delete(path)


def drafts_dir() -> Path:
    """Return the folder of drafts."""
    return data_dir() / "drafts"


def sample_path() -> Path:
    """Return where the sample study is kept once it was opened."""
    return data_dir() / f"Sample study{SUFFIX}"


def sample_source() -> Path | None:
    """Return the folder of the sample study that ships, or None where it does not."""
    try:
        folder = resources_dir() / "sample_study"
    except FileNotFoundError:
        return None
    return folder if (folder / "videos").is_dir() else None


def new_draft() -> Study:
    """Make a draft, for videos that are opened without a study."""
    drafts_dir().mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    return Study.create(drafts_dir() / f"Untitled {stamp} {os.getpid()}{SUFFIX}", StudySettings(title="Untitled"))


def open_sample(token: CancelToken, report: Report) -> Study:
    """Open the sample study; the first time, or when the program has moved, it is made from what ships."""
    from skillviewer.data.study.exchange import bring_in

    source, path = sample_source(), sample_path()
    if source is None:
        raise StudyError("The sample study does not ship with this copy of the program.")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with Study.create(path, StudySettings(title="Sample study", task="peg-insert-side")) as made:
            try:
                bring_in(made, source, token=token, report=report)
            except BaseException:
                made.close()
                Study.delete(path)
                raise
    study = Study.open(path)
    if not study.read_only and any(video.path is None for video in study.videos.all()):
        study.videos.relink(source / "videos", token, report)
    return study
