"""The open study: one worker owns the file and does all writing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from skillviewer.core.errors import StudyError
from skillviewer.core.paths import drafts_dir
from skillviewer.core.progress import CancelToken, Report
from skillviewer.data.study import Added, FileState, NewVideo, Relinked, Study, StudyVideo
from skillviewer.data.study.archive.archive_form import README
from skillviewer.data.tables.rows import abbreviated
from skillviewer.ui.session.file_checks import FileChecks
from skillviewer.ui.session.open_study import (
    OpenStudy,
    Read,
    StudyContents,
    StudyHolder,
    new_draft,
    open_sample,
    sample_path,
)
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Message, Messages, Severity
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

BACK_UP_MS = 10 * 60 * 1000
WATCH_MS = 4000  # interval at which changes by another window are looked for
VIDEOS = "videos"
VOTES = "votes"
PAIRS = "pairs"
ANNOTATIONS = "annotations"
MODELS = "models"
SETTINGS = "settings"
TRACKS = "tracks"
"""Tracks lie outside of studies, but their changes stand on the same undo stack."""
EVERYTHING = frozenset({VIDEOS, VOTES, PAIRS, ANNOTATIONS, MODELS, SETTINGS})

SlotWork = Callable[[StudyHolder, CancelToken, Report], object]
"""Plain code that is run in the worker thread of the study."""


class StudyController(QObject):
    """Opens, makes and saves studies, and hands changes to their worker thread."""

    moved = Signal(object, object)  # the study goes on under another path: old, new
    about_to_replace = Signal()
    """The study is about to be closed, or another opened: unfinished text belongs to this one."""
    replaced = Signal()  # the study was closed, or another one takes its place
    opened = Signal(object)  # ``OpenStudy``: a study was opened, or its name or settings have changed
    listed = Signal(object)  # ``tuple[StudyVideo, ...]``: the videos of the study, anew
    closed = Signal()
    changed = Signal(object)  # ``frozenset[str]`` of what was changed, by this window or by another
    draft_filled = Signal(object)  # ``Path`` of a draft that contains votes or annotations; it may be closed by now

    def __init__(
        self, worker: WorkerThread[StudyHolder], files: WorkerThread[None], jobs: Jobs, messages: Messages
    ) -> None:
        super().__init__(worker)
        self._worker = worker
        self._jobs = jobs
        self._messages = messages
        self._mentions: tuple[str, ...] = ()  # of the video or rater that was erased last
        self.current: OpenStudy | None = None
        self._reported: tuple[str, ...] = ()
        self._awaited: set[Task] = set()
        self._generation = 0  # grows when a study is closed: answers to earlier requests are dropped
        self._checks = FileChecks(files, self._check, self)
        self._checks.done.connect(self._on_checked)
        self._back_up = QTimer(self, interval=BACK_UP_MS)
        self._back_up.timeout.connect(self._on_back_up)
        self._watch = QTimer(self, interval=WATCH_MS)
        self._watch.timeout.connect(self._on_watch)

    @property
    def writable(self) -> bool:
        """True if a study is open that can be written."""
        return self.current is not None and not self.current.read_only and not self._worker.stopped

    @property
    def opening(self) -> bool:
        """True while a study is opened or another answer of its worker is awaited."""
        return bool(self._awaited)

    # requests of the panels

    def read(self, work: Callable[[Study], object]) -> Task:
        """Ask something of the study in its worker thread, by plain code that returns values, for ``succeeded``.

        No answer arrives when the window closes: panels may still ask then, because they get the end of other work.
        """
        if self._worker.stopped:
            return self._worker.decline()
        return self._worker.submit(lambda slot, _token, _report: work(slot.study))

    def submit_write(self, work: Callable[[Study], object], *changes: str) -> Task:
        """Write to the study by plain code that does one whole act, in its worker thread, also if the window closes.

        Failures are shown; ``changed`` tells what is other now: ``changes``, of ``EVERYTHING``.
        """
        study_ = self.current

        def act(slot: StudyHolder, _token: CancelToken, _report: Report) -> object:
            if study_ is not None and slot.study.path != study_.path:  # asked before the window knew
                raise StudyError("Another study was opened meanwhile: nothing was written. Do it again there.")
            return work(slot.study)

        return self._submit(act, must_run=True).then(succeeded=lambda _: self._on_acted(study_, frozenset(changes)))

    def submit_write_to(self, path: Path, work: Callable[[Study], object]) -> Task:
        """Write to a study that need not be the open one; whoever opens it meanwhile waits. Failures are shown."""

        def act(slot: StudyHolder, _token: CancelToken, _report: Report) -> object:
            if slot.is_open and slot.study.path == path:
                return work(slot.study)
            with Study.open(path) as study:
                return work(study)

        return self._submit(act, must_run=True)

    def _on_acted(self, study: OpenStudy | None, changes: frozenset[str]) -> None:
        if study is not None and study.draft and changes & {VOTES, ANNOTATIONS, VIDEOS}:
            self.draft_filled.emit(study.path)
        if self._worker.stopped or self.current is None:
            return  # an act that had to run when window or study closed: the study is not asked again
        if changes & {SETTINGS, VOTES}:  # votes and ratings bring criteria
            self._submit(lambda slot, _token, _report: slot.facts(), self._on_facts)
        if VIDEOS in changes:
            self.relist()
        if changes:
            self.changed.emit(changes)

    # which study

    def create(self, path: Path) -> None:
        self._exchange(lambda slot, _token, _report: slot.swap(Study.create(path)))

    def open(self, path: Path) -> None:
        """Open a study; the one before is closed when this one is open. A read-only study may be writable by now."""
        if self.writable and self.current is not None and self.current.path == path.absolute():
            return
        draft = path.absolute().parent == drafts_dir().absolute()
        self._exchange(lambda slot, _token, _report: slot.swap(Study.open(path), draft=draft))

    def unpack(self, archive: Path) -> None:
        """Unpack an archive into a new folder next to it, and open its study."""

        def swap(slot: StudyHolder, token: CancelToken, report: Report) -> None:
            from skillviewer.data.study.archive.unpack import free_folder, unpack

            slot.swap(Study.open(unpack(archive, free_folder(archive), token, report)))

        task = self._exchange(swap)
        task.succeeded.connect(self._on_unpacked)
        self._jobs.follow(f"Unpacking {archive.name}", task)

    def erase(self, name: str, forget: Callable[[str, str], None]) -> None:
        """Erase the file of a video and its cameras with everything on them.

        ``forget`` gets digest and file name of each, in the worker thread.
        """

        def swap(slot: StudyHolder, _token: CancelToken, _report: Report) -> None:
            video = slot.study.videos.get(name)
            files = (video, *slot.study.videos.cameras_of(video.digest))
            erased = slot.study.erase([video.digest], [name])
            self._mentions = slot.study.videos.mentions({*erased, *(Path(file.recorded_path).name for file in files)})
            for file in files:
                if file.digest:  # else the file was never seen, and nothing is kept of it elsewhere
                    forget(file.digest, Path(file.recorded_path).name)

        self._erase("video", swap)

    def erase_rater(self, name: str, forget: Callable[[str], None]) -> None:
        """Erase a rater with all entries; ``forget`` gets the name in the worker thread."""

        def swap(slot: StudyHolder, _token: CancelToken, _report: Report) -> None:
            slot.study.erase_rater(name)
            self._mentions = slot.study.raters.mentions(name)
            forget(name)

        self._erase("rater", swap)

    def _erase(self, noun: str, swap: Callable[[StudyHolder, CancelToken, Report], None]) -> None:
        task = self._exchange(swap)
        task.succeeded.connect(lambda _contents: self._report_mentions(noun))
        self._jobs.follow(f"Deleting everything kept about a {noun}", task)

    def open_sample(self) -> None:
        if self.current is not None and self.current.path == sample_path().absolute():
            return
        task = self._exchange(lambda slot, token, report: slot.swap(open_sample(token, report)))
        self._jobs.follow("Opening the sample study", task, confirm_stop=False)

    def reset_sample(self) -> None:
        """Open the sample study as it ships; what was done in it is gone."""

        def swap(slot: StudyHolder, token: CancelToken, report: Report) -> None:
            slot.close()
            if sample_path().exists():
                with Study.open(sample_path()) as study:
                    if study.read_only:
                        raise StudyError("The sample study is open in another window: close it there first.")
                Study.delete(sample_path())
            slot.swap(open_sample(token, report))

        task = self._exchange(swap)
        self._jobs.follow("Resetting the sample study", task, confirm_stop=False)

    def save_as(self, path: Path) -> None:
        """Go on in a copy of the study; a draft leaves nothing behind."""

        def work(slot: StudyHolder) -> StudyContents:
            old = slot.study
            was_draft = slot.facts().draft
            settings = old.settings
            new = Study.open(old.save_as(path))
            if was_draft and settings.title == "Untitled":
                new.settings = replace(settings, title="")
            old_path = old.path
            slot.swap(new)
            if was_draft and old_path.exists():
                Study.delete(old_path)
            return slot.listed()

        self._submit(lambda slot, _token, _report: work(slot), self._on_saved_as)

    def close(self) -> None:
        """Close the study, or the one that is about to open."""
        if self.current is not None or self._awaited:
            self.about_to_replace.emit()
            self.current = None
            self._generation += 1
            self._checks.forget()
            self._watch.stop()
            self._back_up.stop()
            self._submit(lambda slot, _token, _report: slot.close())
            self.replaced.emit()
            self.closed.emit()

    def enrol(self, paths: Sequence[Path], on_added: Callable[[Added], None] | None = None) -> None:
        """Add videos to the study, and hand the result to ``on_added``; a read-only study only shows them."""
        new = [NewVideo(path) for path in paths]

        def filled(added: Added) -> None:
            self._warn(added.problems)
            if on_added is not None:
                on_added(added)

        self.fill(lambda study, *arguments: study.videos.add(new, *arguments), "Adding videos to the study", filled)

    def fill(
        self, add: Callable[[Study, CancelToken, Report], object], title: str, on_added: Callable[[Any], None]
    ) -> Task:
        """Add something to the study, as a job; without a study, a draft is made.

        ``add`` runs whole or not at all; ``on_added`` gets its result, unless the study was closed meanwhile.
        """

        def work(slot: StudyHolder, token: CancelToken, report: Report) -> object:
            is_new = not slot.is_open
            if is_new:
                slot.swap(new_draft(), draft=True)
            if slot.study.read_only:
                raise StudyError(f"{slot.study.path.name} is open for reading only: nothing was added to it.")
            try:
                return add(slot.study, token, report), slot.listed()
            except BaseException:
                if is_new:
                    slot.close()
                raise

        def filled(answer: tuple[object, StudyContents]) -> None:
            self._on_listed(answer[1])
            self.changed.emit(frozenset({VIDEOS, PAIRS}))
            on_added(answer[0])

        task = self._submit(work, filled)
        self._jobs.follow(title, task, confirm_stop=False)
        return task

    def relist(self) -> None:
        self._submit(lambda slot, _token, _report: slot.listed(), self._on_listed)

    def locate(self, folder: Path) -> None:
        """Find moved videos again below a folder, by size and content."""
        task = self._submit(lambda slot, *arguments: slot.study.videos.relink(folder, *arguments), self._on_relinked)
        self._jobs.follow("Looking for videos", task, confirm_stop=False)

    def _submit(
        self, work: SlotWork, on_success: Callable[[Any], None] | None = None, *, must_run: bool = False
    ) -> Task:
        """Submit work; ``on_success`` gets the result, unless the study was closed meanwhile."""
        task = self._worker.submit(work, must_run=must_run)
        task.failed.connect(self._messages.fail)
        if on_success is not None:
            generation = self._generation
            self._awaited.add(task)
            task.succeeded.connect(lambda answer: on_success(answer) if generation == self._generation else None)
            task.finished.connect(lambda: self._awaited.discard(task))
        return task

    def _exchange(self, swap: Callable[[StudyHolder, CancelToken, Report], None]) -> Task:
        def work(slot: StudyHolder, token: CancelToken, report: Report) -> StudyContents:
            swap(slot, token, report)
            return slot.listed()

        self.about_to_replace.emit()
        return self._submit(work, self._on_exchanged)

    def _on_facts(self, study: OpenStudy) -> None:
        before = self.current
        self.current = study
        if before is None or before.path != study.path:
            self._reported = ()
            self._back_up.start()
            self._watch.start()
        new_notices = tuple(text for text in study.notices if text not in self._reported)
        self._reported = study.notices
        for text in new_notices:
            self._messages.post(Message(text, Severity.WARNING if study.read_only else Severity.NOTE))
        if study != before:
            self.opened.emit(study)

    def _report_mentions(self, noun: str) -> None:
        """List the texts that still mention an erased video or rater."""
        if self._mentions:
            text = f"The name of the {noun} still stands in {abbreviated(self._mentions)}, and in the new backup."
            self._messages.post(Message(text, Severity.WARNING))

    def _on_unpacked(self, contents: StudyContents) -> None:
        """Report that the videos of an archive are not those that were assessed."""
        readme = contents.study.path.with_name(README)
        if readme.is_file():
            text = (
                "Faces were blurred in these videos; some may have been missed. Scores and votes are those of the "
                "videos before blurring. See {}."
            )
            self._messages.post(Message(text.format(readme), Severity.NOTE))

    def _on_exchanged(self, contents: StudyContents) -> None:
        self.replaced.emit()
        self.current = None
        self._on_listed(contents)
        self._report_missing(contents.videos)

    def _on_saved_as(self, contents: StudyContents) -> None:
        if self.current is not None:
            self.moved.emit(self.current.path, contents.study.path)
        self._on_listed(contents)
        self._messages.note(f"The study is saved as {contents.study.path}.")

    def _on_listed(self, contents: StudyContents) -> None:
        self._on_facts(contents.study)
        self._list(contents.videos)

    def _warn(self, problems: Sequence[str]) -> None:
        for text in problems:
            self._messages.post(Message(text, Severity.WARNING))

    def _on_relinked(self, relinked: Relinked) -> None:
        text = f"{len(relinked.located)} videos found again."
        unlocated = (*relinked.missing, *relinked.replaced)
        if unlocated:
            text = f"{len(relinked.located)} videos found again, {len(unlocated)} are still missing."
        self._messages.post(Message(text, Severity.WARNING if unlocated else Severity.NOTE, unlocated))
        self._warn(relinked.problems)
        self.relist()
        self.changed.emit(frozenset({VIDEOS}))

    def _list(self, videos: tuple[StudyVideo, ...]) -> None:
        self._checks.forget()
        self._on_checked(videos)
        self._checks.check(videos)

    def _check(self, names: set[str], read: Read, on_checked: Callable[[Any], None]) -> None:
        if not self._worker.stopped:
            self._submit(lambda slot, token, report: slot.study.videos.check(token, report, names, read), on_checked)

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
            self._messages.post(Message(text.format(len(lines), n), Severity.WARNING, tuple(lines)))

    def _on_back_up(self) -> None:
        if self.writable:
            self._submit(lambda slot, _token, _report: slot.study.back_up_if_changed())

    def _on_watch(self) -> None:
        if self.current is not None and self.current.read_only and not self._worker.stopped:
            self._submit(lambda slot, _token, _report: slot.is_open and slot.news(), self._on_news)

    def _on_news(self, news: bool) -> None:
        if news:
            self.relist()
            self.changed.emit(EVERYTHING)
