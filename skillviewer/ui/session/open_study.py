"""The open study as its worker thread holds it; drafts, and the sample study."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import data_dir, drafts_dir, resources_dir
from skillviewer.core.progress import CancelToken, Report
from skillviewer.data.study import SUFFIX, NewVideo, Study, StudySettings, StudyVideo
from skillviewer.data.study.identity import Identity

SAMPLE_ANALYSES = "analyses"  # folder of the sample study with the shipped analyses of its videos
_UNFINISHED = "Sample study, unfinished"  # title of the sample study while it is made


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """Facts of the open study."""

    path: Path  # its file
    title: str  # what it is called
    statement: str  # the question that raters answer
    draft: bool  # true if the program made it for videos that were opened without a study; "Save as" gives it a name
    read_only: bool  # true if it can be looked at only; ``notices`` says why
    notices: tuple[str, ...]  # warnings on how it was opened, one sentence each
    settings: StudySettings
    criteria: tuple[str, ...] = (SKILL,)  # criteria of its ratings and votes, the usual one first
    criterion: str = SKILL  # criterion that is looked at
    first_video: str = ""  # name of the video to show first, or "" for the first of the list


@dataclass(frozen=True, slots=True)
class StudyContents:
    """Facts and videos of the study."""

    study: OpenStudy
    videos: tuple[StudyVideo, ...]


class StudyHolder:
    """The open study, in its worker thread; ``user`` returns the name that signs changes and exports in its log."""

    def __init__(self, user: Callable[[], str] = str) -> None:
        self._user = user
        self._study: Study | None = None
        self._draft = False
        self._version = 0

    @property
    def study(self) -> Study:
        """The open study; StudyError where none is open."""
        if self._study is None:
            raise StudyError("No study is open. Open videos or a study first.")
        self._study.sign_as(self._user())
        return self._study

    @property
    def is_open(self) -> bool:
        return self._study is not None

    def facts(self) -> OpenStudy:
        """Return a snapshot of the open study."""
        study = self.study
        settings = self.study.settings
        facts = (study.title, settings.statement, self._draft, study.read_only, study.notices, settings)
        first = lowest_video(study) if study.path == sample_path().absolute() else ""
        return OpenStudy(study.path, *facts, study.criteria(), study.criterion, first)

    def listed(self) -> StudyContents:
        return StudyContents(self.facts(), self.study.videos.all())

    def swap(self, study: Study, *, draft: bool = False) -> None:
        """Open a study; the one before is closed."""
        self.close()
        self._study = study
        self._draft = draft
        self._version = study.written_version()

    def news(self) -> bool:
        """Return True if another process has written the study since this was last asked."""
        before = self._version
        self._version = self.study.written_version()
        return before != self._version

    def close(self) -> None:
        """Close the study; a draft without votes and annotations leaves no file."""
        study = self._study
        self._study = None
        if study is None:
            return
        path = study.path
        idle = self._draft and not study.read_only and not study.has_entries()
        study.close()
        if idle:
            Study.delete(path)


def sample_path() -> Path:
    """Return the path of the opened sample study."""
    return data_dir() / f"Sample study of two arms{SUFFIX}"


def sample_source() -> Path | None:
    """Return the folder of the sample study that ships, or None if it does not."""
    try:
        folder = resources_dir() / "sample_study"
    except FileNotFoundError:
        return None
    return folder if (folder / "videos").is_dir() else None


def _bring_analyses(study: Study, source: Path) -> None:
    """Store the shipped analyses of the sample videos, so that they need not be computed.

    They are found again only for the very files and the very checkpoint that they are of (by digest); anything else is
    assessed afresh.
    """
    from skillviewer.data.analysis_file import load_analysis
    from skillviewer.nets.library import DEFAULT_MODEL, find_models

    folder = next((entry.folder for entry in find_models() if entry.name == DEFAULT_MODEL), None)
    if folder is None:
        return
    for file in sorted((source / SAMPLE_ANALYSES).glob("*")):
        analysis = load_analysis(file)
        study.models.add(analysis.provenance.model_digest, DEFAULT_MODEL, folder)
        study.models.save_analysis(analysis)


def lowest_video(study: Study) -> str:
    """Return the name of the video with the lowest score by the model with which the sample study opens, or ""."""
    from skillviewer.nets.library import DEFAULT_MODEL

    digests = [model.digest for model in study.models.all() if model.name == DEFAULT_MODEL]
    scores = {name: score.score for digest in digests for name, score in study.models.scores(digest).items()}
    return min(scores, key=lambda name: scores[name], default="")


def new_draft() -> Study:
    """Make a draft, for videos opened without a study; StudyError where the folder of drafts cannot be written."""
    _make_folder(drafts_dir())
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    name = f"Untitled {stamp} {os.getpid()}"
    path = drafts_dir() / f"{name}{SUFFIX}"
    number = 1
    while path.exists():  # another one was made in the same second
        number += 1
        path = drafts_dir() / f"{name}-{number}{SUFFIX}"
    return Study.create(path, StudySettings(title="Untitled"))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be made ({error.strerror or error}): start with SKILLVIEWER_HOME set to a "
            "folder that can be written."
        ) from error


def _make_sample(path: Path, source: Path, token: CancelToken, report: Report) -> None:
    """Make the sample study; it gets its title last, so that an unfinished one is recognised."""
    from skillviewer.data.study.exchange.exchange import bring_in  # imported here because it brings the ranking code

    _make_folder(path.parent)
    with Study.create(path, StudySettings(title=_UNFINISHED, task="peg-insert-side")) as study:
        try:
            videos = [NewVideo(path) for path in sorted((source / "videos").glob("*.mp4"))]
            study.videos.add(videos, token, report)
            bring_in(study, source / "truth.csv")  # who is in each video
            bring_in(study, source / "votes.csv")  # with the reasons of the simulated raters
            _bring_analyses(study, source)
            study.settings = replace(study.settings, title="Sample study")
        except BaseException:
            study.close()
            Study.delete(path)
            raise


def open_sample(token: CancelToken, report: Report) -> Study:
    """Open the sample study; the first time, or when the program has moved, it is made from what ships."""
    source = sample_source()
    path = sample_path()
    if source is None:
        raise StudyError("The sample study does not ship with this copy of the program.")
    if not path.exists():
        _make_sample(path, source, token, report)
    study = Study.open(path)
    if study.settings.title == _UNFINISHED and not study.read_only:
        study.close()
        Study.delete(path)
        _make_sample(path, source, token, report)
        study = Study.open(path)
    if not study.read_only and any(video.path is None for video in study.videos.all()):
        study.videos.relink(source / "videos", token, report)
    return study


Read = Callable[[Path, CancelToken], Identity]
