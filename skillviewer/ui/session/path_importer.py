"""Opens files and folders that the user chose or dropped."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.classified_paths import ClassifiedPaths, ProbedVideo, probe, sort_paths
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.threads.messages import Message, Messages, Severity
from skillviewer.ui.threads.worker_thread import WorkerThread


class PathImporter(QObject):
    """Classifies opened paths, and probes every new video once, in a worker thread."""

    destination_asked = Signal(
        object
    )  # ``ClassifiedPaths`` whose study the user has to choose; ``accept`` then opens them
    opened = Signal(object)  # ``ClassifiedPaths`` whose videos have entered the list

    def __init__(
        self, worker: WorkerThread[Backend], videos: VideoList, messages: Messages, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._videos = videos
        self._messages = messages
        self._to_probe: OrderedDict[VideoClip, None] = OrderedDict()
        self._probing: VideoClip | None = None
        self._unreadable: list[tuple[Path, str]] = []
        self.must_ask: Callable[[ClassifiedPaths], bool] = lambda _paths: False

    def take(self, paths: Sequence[Path]) -> None:
        """Classify paths and open them."""
        all_paths = list(paths)
        if not all_paths:
            return
        self._worker.submit(lambda backend, token, _report: sort_paths(all_paths, backend, token)).then(
            succeeded=self._on_sorted, failed=self._messages.fail
        )

    def probe_all(self, videos: Sequence[VideoClip]) -> None:
        """Read info and thumbnail of videos of the list."""
        self._queue(videos)
        self._probe_next()

    def forget(self) -> None:
        """Drop the videos that wait to be probed."""
        self._to_probe.clear()
        self._unreadable.clear()

    def prefer(self, videos: Sequence[VideoClip]) -> None:
        """Probe these videos first, since they are on screen."""
        for clip in reversed(videos):
            if clip in self._to_probe:
                self._to_probe.move_to_end(clip, last=False)

    def _queue(self, videos: Iterable[VideoClip]) -> None:
        for clip in videos:
            self._to_probe.setdefault(clip)

    def _on_sorted(self, paths: ClassifiedPaths) -> None:
        if self.must_ask(paths):
            self.destination_asked.emit(paths)
        else:
            self.accept(paths)

    def accept(self, paths: ClassifiedPaths) -> None:
        """Add the videos to the list, report the refused paths, and emit ``opened``."""
        new_paths = self._videos.add(paths.videos)
        self._queue(VideoClip(path) for path in new_paths)
        if paths.refused_paths:
            self._refuse(paths.refused_paths, "{} was not opened: {}", "{} items were not opened.")
        self.opened.emit(paths)
        self._probe_next()

    def _refuse(self, refused: Sequence[tuple[Path, str]], singular: str, plural: str) -> None:
        if len(refused) == 1:
            path, reason = refused[0]
            text = reason if path.name in reason else singular.format(path.name, reason)
            self._messages.post(Message(text, Severity.WARNING))
        else:
            details = []
            for path, reason in refused:
                detail = reason if path.name in reason else f"{path.name}: {reason}"
                details.append(detail)
            text = plural.format(len(refused))
            self._messages.post(Message(text, Severity.WARNING, tuple(details)))

    def _probe_next(self) -> None:
        if self._probing is not None or self._worker.stopped:
            return
        if not self._to_probe:
            if self._unreadable:
                refused = self._unreadable
                self._unreadable = []
                self._refuse(refused, "{} cannot be read: {}", "{} videos cannot be read.")
            return
        clip, _ = self._to_probe.popitem(last=False)
        self._probing = clip
        self._worker.submit(lambda backend, token, _report: probe(clip, backend, token)).then(
            succeeded=self._on_probed, failed=self._messages.fail, finished=self._on_probe_finished
        )

    def _on_probed(self, probed: ProbedVideo) -> None:
        if probed.info is None:
            self._unreadable.append((probed.clip.path, probed.reason))
            self._videos.update(probed.clip, state=VideoState.UNREADABLE, reason=probed.reason)
        else:
            self._videos.update(probed.clip, info=probed.info, thumbnail=probed.thumbnail)

    def _on_probe_finished(self) -> None:
        self._probing = None
        self._probe_next()
