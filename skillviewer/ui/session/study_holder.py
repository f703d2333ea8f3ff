"""The open study, as the resource of its worker thread."""

from collections.abc import Callable

from skillviewer.core.errors import StudyError
from skillviewer.data.study import Study
from skillviewer.ui.session.open_study import OpenStudy, StudyContents
from skillviewer.ui.session.sample_study import lowest_video, sample_path


class StudyHolder:
    """The open study, as the resource of its worker thread.

    Args:
        user_name: Returns the name that signs changes and exports in the log of the study.
    """

    def __init__(self, user_name: Callable[[], str] = str) -> None:
        self._user_name = user_name
        self._study: Study | None = None
        self._is_draft = False
        self._seen_version = 0

    @property
    def study(self) -> Study:
        """The open study; raises a StudyError if no study is open."""
        if self._study is None:
            raise StudyError("No study is open. Open videos or a study first.")
        self._study.set_log_user(self._user_name())
        return self._study

    @property
    def is_open(self) -> bool:
        return self._study is not None

    def facts(self) -> OpenStudy:
        """Return the facts of the open study."""
        study = self.study
        settings = study.settings
        is_sample = study.path == sample_path().absolute()
        first_video = lowest_video(study) if is_sample else ""
        return OpenStudy(
            path=study.path,
            title=study.title,
            statement=settings.statement,
            draft=self._is_draft,
            read_only=study.read_only,
            notices=study.notices,
            settings=settings,
            criteria=study.criteria(),
            criterion=study.criterion,
            first_video=first_video,
        )

    def contents(self) -> StudyContents:
        """Return the facts and the videos of the open study."""
        return StudyContents(self.facts(), self.study.videos.all())

    def swap(self, study: Study, *, draft: bool = False) -> None:
        """Hold another study; the previous one is closed."""
        self.close()
        self._study = study
        self._is_draft = draft
        self._seen_version = study.data_version()

    def has_news(self) -> bool:
        """Return True if another process has written the study since the last call."""
        previous_version = self._seen_version
        self._seen_version = self.study.data_version()
        return previous_version != self._seen_version

    def close(self) -> None:
        """Close the study. A draft without votes and annotations is deleted."""
        study = self._study
        self._study = None
        if study is None:
            return
        path = study.path
        is_disposable = self._is_draft and not study.read_only and not study.has_entries()
        study.close()
        if is_disposable:
            Study.delete(path)
