"""Opening, saving and changing of studies, in the worker thread that owns the open study."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from skillviewer.core.errors import StudyError
from skillviewer.core.paths import drafts_dir
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.text import join_names
from skillviewer.data.study import AddedVideos, FileState, NewVideo, RelinkResult, Study, StudyVideo
from skillviewer.data.study.archive.archive_format import README_NAME
from skillviewer.ui.session.drafts import new_draft
from skillviewer.ui.session.file_checks import FileChecks
from skillviewer.ui.session.open_study import OpenStudy, ReadIdentity, StudyContents
from skillviewer.ui.session.sample_study import open_sample, sample_path
from skillviewer.ui.session.study_holder import StudyHolder
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Message, Messages, Severity
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

BACK_UP_INTERVAL_MS = 10 * 60 * 1000
WATCH_INTERVAL_MS = 4000  # interval of checks for changes by another window
# Kinds of changes, as ``StudyController.changed`` announces them:
VIDEOS = "videos"
VOTES = "votes"
PAIRS = "pairs"
ANNOTATIONS = "annotations"
MODELS = "models"
SETTINGS = "settings"
TRACKS = "tracks"
"""Tracks are not stored in the study, but their changes are on the same undo stack."""
EVERYTHING = frozenset({VIDEOS, VOTES, PAIRS, ANNOTATIONS, MODELS, SETTINGS})

HolderWork = Callable[[StudyHolder, CancelToken, Report], object]
"""Work in the worker thread of the study."""


class StudyController(QObject):
    """Opens, makes and saves studies, and submits changes to the worker thread of the study."""

    moved = Signal(object, object)  # old and new path of a study that was saved under another name
    about_to_replace = Signal()
    """Emitted before the study is closed or another is opened. Unfinished text has to be stored now."""
    replaced = Signal()  # the study was closed, or another one was opened
    opened = Signal(object)  # ``OpenStudy`` that was opened, or whose title or settings have changed
    listed = Signal(object)  # ``tuple[StudyVideo, ...]``: all videos of the study
    closed = Signal()
    changed = Signal(object)  # ``frozenset[str]`` of the kinds of changes, by this window or another
    draft_filled = Signal(object)  # ``Path`` of a draft with videos, votes or annotations; it may be closed already

    def __init__(
        self, worker: WorkerThread[StudyHolder], files: WorkerThread[None], jobs: Jobs, messages: Messages
    ) -> None:
        super().__init__(worker)
        self._worker = worker
        self._jobs = jobs
        self._messages = messages
        self._mentions: tuple[str, ...] = ()  # texts that mention the video or rater erased last
        self.current_study: OpenStudy | None = None
        self._reported_notices: tuple[str, ...] = ()
        self._awaited: set[Task] = set()
        self._generation = 0  # grows when a study is closed: answers to earlier requests are dropped
        self._checks = FileChecks(files, self._check, self)
        self._checks.done.connect(self._on_checked)
        self._back_up_timer = QTimer(self, interval=BACK_UP_INTERVAL_MS)
        self._back_up_timer.timeout.connect(self._on_back_up)
        self._watch_timer = QTimer(self, interval=WATCH_INTERVAL_MS)
        self._watch_timer.timeout.connect(self._on_watch)

    @property
    def writable(self) -> bool:
        """True if a study is open and can be changed."""
        return self.current_study is not None and not self.current_study.read_only and not self._worker.stopped

    @property
    def awaits_answer(self) -> bool:
        """True while a study is being opened, or its worker thread works on another request."""
        return bool(self._awaited)

    # Requests of the panels

    def read(self, work: Callable[[Study], object]) -> Task:
        """Read from the study in its worker thread; ``succeeded`` of the returned task delivers the result of ``work``.

        While the window closes, the task is declined instead.
        """
        if self._worker.stopped:
            return self._worker.decline()
        return self._worker.submit(lambda holder, _token, _report: work(holder.study))

    def submit_write(self, work: Callable[[Study], object], *changes: str) -> Task:
        """Write to the study in its worker thread, even if the window closes meanwhile. Failures are shown.

        Args:
            work: Makes a whole change of the study.
            changes: Kinds of changes that ``changed`` announces afterwards.
        """
        study_at_request = self.current_study

        def write(holder: StudyHolder, _token: CancelToken, _report: Report) -> object:
            if study_at_request is not None and holder.study.path != study_at_request.path:
                raise StudyError("Another study was opened meanwhile: nothing was written. Do it again there.")
            return work(holder.study)

        task = self._submit(write, must_run=True)
        return task.then(succeeded=lambda _: self._on_written(study_at_request, frozenset(changes)))

    def submit_write_to(self, path: Path, work: Callable[[Study], object]) -> Task:
        """Write to any study, open or not, in the worker thread. Failures are shown."""

        def write(holder: StudyHolder, _token: CancelToken, _report: Report) -> object:
            if holder.is_open and holder.study.path == path:
                return work(holder.study)
            with Study.open(path) as study:
                return work(study)

        return self._submit(write, must_run=True)

    def _on_written(self, study: OpenStudy | None, changes: frozenset[str]) -> None:
        if study is not None and study.draft and changes & {VOTES, ANNOTATIONS, VIDEOS}:
            self.draft_filled.emit(study.path)
        if self._worker.stopped or self.current_study is None:
            return  # the window or the study has been closed
        if changes & {SETTINGS, VOTES}:  # votes and ratings may add criteria
            self._submit(lambda holder, _token, _report: holder.facts(), self._on_facts)
        if VIDEOS in changes:
            self.relist()
        if changes:
            self.changed.emit(changes)

    # Opening and closing

    def create(self, path: Path) -> None:
        """Make a new study and open it."""
        self._replace_study(lambda holder, _token, _report: holder.swap(Study.create(path)))

    def open(self, path: Path) -> None:
        """Open a study. The previous study is closed once the new one is open."""
        is_open = self.current_study is not None and self.current_study.path == path.absolute()
        if is_open and self.writable:  # a study open for reading may have become writable
            return
        draft = path.absolute().parent == drafts_dir().absolute()
        self._replace_study(lambda holder, _token, _report: holder.swap(Study.open(path), draft=draft))

    def unpack(self, archive: Path) -> None:
        """Unpack an archive into a new folder next to it, and open its study."""

        def swap(holder: StudyHolder, token: CancelToken, report: Report) -> None:
            from skillviewer.data.study.archive.unpack import free_folder, unpack

            folder = free_folder(archive)
            holder.swap(Study.open(unpack(archive, folder, token, report)))

        task = self._replace_study(swap)
        task.succeeded.connect(self._on_unpacked)
        self._jobs.follow(f"Unpacking {archive.name}", task)

    def erase(self, name: str, forget: Callable[[str, str], None]) -> None:
        """Delete everything that the study stores about a video and its cameras.

        Args:
            name: Name of the video.
            forget: Called in the worker thread with digest and file name of each file.
        """

        def swap(holder: StudyHolder, _token: CancelToken, _report: Report) -> None:
            video = holder.study.videos.get(name)
            files = (video, *holder.study.videos.cameras_of(video.digest))
            file_names = [Path(file.recorded_path).name for file in files]
            erased_names = holder.study.erase([video.digest], [name])
            self._mentions = holder.study.videos.find_mentions({*erased_names, *file_names})
            for file, file_name in zip(files, file_names, strict=True):
                if file.digest:  # else the file was never read, and nothing about it is stored elsewhere
                    forget(file.digest, file_name)

        self._erase("video", swap)

    def erase_rater(self, name: str, forget: Callable[[str], None]) -> None:
        """Delete everything that the study stores about a rater; ``forget`` gets the name in the worker thread."""

        def swap(holder: StudyHolder, _token: CancelToken, _report: Report) -> None:
            holder.study.erase_rater(name)
            self._mentions = holder.study.raters.find_mentions(name)
            forget(name)

        self._erase("rater", swap)

    def _erase(self, noun: str, swap: Callable[[StudyHolder, CancelToken, Report], None]) -> None:
        task = self._replace_study(swap)
        task.succeeded.connect(lambda _contents: self._warn_of_mentions(noun))
        self._jobs.follow(f"Deleting everything kept about a {noun}", task)

    def open_sample(self) -> None:
        if self.current_study is not None and self.current_study.path == sample_path().absolute():
            return
        task = self._replace_study(lambda holder, token, report: holder.swap(open_sample(token, report)))
        self._jobs.follow("Opening the sample study", task, confirm_stop=False)

    def reset_sample(self) -> None:
        """Delete the sample study, make it again, and open it."""

        def swap(holder: StudyHolder, token: CancelToken, report: Report) -> None:
            holder.close()
            if sample_path().exists():
                with Study.open(sample_path()) as study:
                    if study.read_only:
                        raise StudyError("The sample study is open in another window: close it there first.")
                Study.delete(sample_path())
            holder.swap(open_sample(token, report))

        task = self._replace_study(swap)
        self._jobs.follow("Resetting the sample study", task, confirm_stop=False)

    def save_as(self, path: Path) -> None:
        """Save a copy of the study and continue in the copy. A draft is deleted then."""

        def save(holder: StudyHolder, _token: CancelToken, _report: Report) -> StudyContents:
            old_study = holder.study
            old_path = old_study.path
            was_draft = holder.facts().draft
            settings = old_study.settings
            new_study = Study.open(old_study.save_as(path))
            if was_draft and settings.title == "Untitled":
                new_study.settings = replace(settings, title="")
            holder.swap(new_study)
            if was_draft and old_path.exists():
                Study.delete(old_path)
            return holder.contents()

        self._submit(save, self._on_saved_as)

    def close(self) -> None:
        """Close the study, and stop opening another study."""
        if self.current_study is not None or self._awaited:
            self.about_to_replace.emit()
            self.current_study = None
            self._generation += 1
            self._checks.forget()
            self._watch_timer.stop()
            self._back_up_timer.stop()
            self._submit(lambda holder, _token, _report: holder.close())
            self.replaced.emit()
            self.closed.emit()

    def enrol(self, paths: Sequence[Path], on_added: Callable[[AddedVideos], None] | None = None) -> None:
        """Add videos to the study, or to a new draft, and call ``on_added`` with the result."""
        new_videos = [NewVideo(path) for path in paths]

        def on_videos_added(added: AddedVideos) -> None:
            self._warn(added.problems)
            if on_added is not None:
                on_added(added)

        self.add_as_job(
            lambda study, token, report: study.videos.add(new_videos, token, report),
            "Adding videos to the study",
            on_videos_added,
        )

    def add_as_job(
        self, add: Callable[[Study, CancelToken, Report], object], title: str, on_added: Callable[[Any], None]
    ) -> Task:
        """Add something to the study, or to a new draft, as a job.

        Args:
            add: Makes the whole change, or none of it.
            title: Title of the job.
            on_added: Called with the result of ``add``, unless the study was closed meanwhile.
        """

        def work(holder: StudyHolder, token: CancelToken, report: Report) -> object:
            is_new = not holder.is_open
            if is_new:
                holder.swap(new_draft(), draft=True)
            if holder.study.read_only:
                raise StudyError(f"{holder.study.path.name} is open for reading only: nothing was added to it.")
            try:
                added = add(holder.study, token, report)
                return added, holder.contents()
            except BaseException:
                if is_new:
                    holder.close()
                raise

        def on_filled(added_and_contents: tuple[object, StudyContents]) -> None:
            added, contents = added_and_contents
            self._on_contents(contents)
            self.changed.emit(frozenset({VIDEOS, PAIRS}))
            on_added(added)

        task = self._submit(work, on_filled)
        self._jobs.follow(title, task, confirm_stop=False)
        return task

    def relist(self) -> None:
        """Read facts and videos of the study again."""
        self._submit(lambda holder, _token, _report: holder.contents(), self._on_contents)

    def locate(self, folder: Path) -> None:
        """Find moved videos again below a folder, by size and digest."""
        task = self._submit(
            lambda holder, token, report: holder.study.videos.relink(folder, token, report), self._on_relinked
        )
        self._jobs.follow("Looking for videos", task, confirm_stop=False)

    def _submit(
        self, work: HolderWork, on_success: Callable[[Any], None] | None = None, *, must_run: bool = False
    ) -> Task:
        """Submit work. ``on_success`` is called with the result, unless the study was closed meanwhile."""
        task = self._worker.submit(work, must_run=must_run)
        task.failed.connect(self._messages.fail)
        if on_success is not None:
            generation = self._generation

            def handle(answer: object) -> None:
                if generation == self._generation:
                    on_success(answer)

            self._awaited.add(task)
            task.succeeded.connect(handle)
            task.finished.connect(lambda: self._awaited.discard(task))
        return task

    def _replace_study(self, swap: Callable[[StudyHolder, CancelToken, Report], None]) -> Task:
        def work(holder: StudyHolder, token: CancelToken, report: Report) -> StudyContents:
            swap(holder, token, report)
            return holder.contents()

        self.about_to_replace.emit()
        return self._submit(work, self._on_study_replaced)

    def _on_facts(self, study: OpenStudy) -> None:
        previous = self.current_study
        self.current_study = study
        if previous is None or previous.path != study.path:
            self._reported_notices = ()
            self._back_up_timer.start()
            self._watch_timer.start()
        new_notices = tuple(text for text in study.notices if text not in self._reported_notices)
        self._reported_notices = study.notices
        severity = Severity.WARNING if study.read_only else Severity.NOTE
        for text in new_notices:
            self._messages.post(Message(text, severity))
        if study != previous:
            self.opened.emit(study)

    def _warn_of_mentions(self, noun: str) -> None:
        """Warn about texts that still mention the erased video or rater."""
        if self._mentions:
            text = f"The name of the {noun} still stands in {join_names(self._mentions)}, and in the new backup."
            self._messages.post(Message(text, Severity.WARNING))

    def _on_unpacked(self, contents: StudyContents) -> None:
        """Report that faces were blurred in the videos of an archive."""
        readme = contents.study.path.with_name(README_NAME)
        if readme.is_file():
            text = (
                "Faces were blurred in these videos; some may have been missed. Scores and votes are those of the "
                "videos before blurring. See {}."
            )
            self._messages.post(Message(text.format(readme), Severity.NOTE))

    def _on_study_replaced(self, contents: StudyContents) -> None:
        self.replaced.emit()
        self.current_study = None
        self._on_contents(contents)
        self._report_missing(contents.videos)

    def _on_saved_as(self, contents: StudyContents) -> None:
        if self.current_study is not None:
            self.moved.emit(self.current_study.path, contents.study.path)
        self._on_contents(contents)
        self._messages.note(f"The study is saved as {contents.study.path}.")

    def _on_contents(self, contents: StudyContents) -> None:
        self._on_facts(contents.study)
        self._list(contents.videos)

    def _warn(self, problems: Sequence[str]) -> None:
        for text in problems:
            self._messages.post(Message(text, Severity.WARNING))

    def _on_relinked(self, relinked: RelinkResult) -> None:
        unlocated = (*relinked.missing, *relinked.replaced)
        text = f"{len(relinked.located)} videos found again"
        if unlocated:
            text = f"{text}, {len(unlocated)} are still missing"
        severity = Severity.WARNING if unlocated else Severity.NOTE
        self._messages.post(Message(f"{text}.", severity, unlocated))
        self._warn(relinked.problems)
        self.relist()
        self.changed.emit(frozenset({VIDEOS}))

    def _list(self, videos: tuple[StudyVideo, ...]) -> None:
        self._checks.forget()
        self._on_checked(videos)
        self._checks.check(videos)

    def _check(self, names: set[str], read: ReadIdentity, on_checked: Callable[[Any], None]) -> None:
        if not self._worker.stopped:
            self._submit(
                lambda holder, token, report: holder.study.videos.check(token, report, names, read), on_checked
            )

    def _on_checked(self, videos: tuple[StudyVideo, ...]) -> None:
        self.listed.emit(videos)
        self._report_replaced(videos)

    def _report_replaced(self, videos: Sequence[StudyVideo]) -> None:
        replaced = [f"{video.name}: {video.path}" for video in videos if video.state is FileState.REPLACED]
        text = "Another file has replaced {} of {} videos: their scores and votes are not shown."
        self._report_lost(text, replaced, len(videos))

    def _report_missing(self, videos: Sequence[StudyVideo]) -> None:
        missing = [f"{video.name}: {video.recorded_path}" for video in videos if video.path is None]
        text = "{} of {} videos are not where they were. File › Find missing videos… finds moved ones."
        self._report_lost(text, missing, len(videos))

    def _report_lost(self, text: str, lines: Sequence[str], n: int) -> None:
        if lines:
            full_text = text.format(len(lines), n)
            self._messages.post(Message(full_text, Severity.WARNING, tuple(lines)))

    def _on_back_up(self) -> None:
        if self.writable:
            self._submit(lambda holder, _token, _report: holder.study.back_up_if_changed())

    def _on_watch(self) -> None:
        if self.current_study is not None and self.current_study.read_only and not self._worker.stopped:
            self._submit(lambda holder, _token, _report: holder.is_open and holder.has_news(), self._on_watched)

    def _on_watched(self, has_news: bool) -> None:
        if has_news:
            self.relist()
            self.changed.emit(EVERYTHING)
