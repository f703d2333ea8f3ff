"""Opens files and folders that the user chose or dropped."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.classified_paths import ClassifiedPaths, Probed, probe, sort_paths
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.threads.messages import Message, Messages, Severity
from skillviewer.ui.threads.worker_thread import WorkerThread


class PathImporter(QObject):
    """Opens paths, and looks at every new video once, in its own worker."""

    asked = Signal(object)  # a ``ClassifiedPaths``: which study its videos join is not known; see ``accept``
    took = Signal(object)  # a ``ClassifiedPaths``: the videos are in the list by now

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
        all_paths = list(paths)
        if not all_paths:
            return
        self._worker.submit(lambda backend, token, _report: sort_paths(all_paths, backend, token)).then(
            succeeded=self._on_sorted, failed=self._messages.fail
        )

    def look_at(self, videos: Sequence[VideoClip]) -> None:
        """Look at videos of the list that have not been looked at yet."""
        self._queue(videos)
        self._probe_next()

    def forget(self) -> None:
        """Stop looking at the videos that were opened."""
        self._to_probe.clear()
        self._unreadable.clear()

    def prefer(self, videos: Sequence[VideoClip]) -> None:
        """Look at these videos first: they are on screen."""
        for clip in reversed(videos):
            if clip in self._to_probe:
                self._to_probe.move_to_end(clip, last=False)

    def _queue(self, videos: Iterable[VideoClip]) -> None:
        for clip in videos:
            self._to_probe.setdefault(clip)

    def _on_sorted(self, paths: ClassifiedPaths) -> None:
        if self.must_ask(paths):
            self.asked.emit(paths)
        else:
            self.accept(paths)

    def accept(self, paths: ClassifiedPaths) -> None:
        """List videos, and announce everything that was found."""
        self._queue(map(VideoClip, self._videos.add(paths.videos)))
        if paths.refused:
            self._refuse(paths.refused, "{} was not opened: {}", "{} items were not opened.")
        self.took.emit(paths)
        self._probe_next()

    def _refuse(self, refused: Sequence[tuple[Path, str]], singular: str, plural: str) -> None:
        if len(refused) == 1:
            path, reason = refused[0]
            text = reason if path.name in reason else singular.format(path.name, reason)
            self._messages.post(Message(text, Severity.WARNING))
        else:
            details = tuple(reason if path.name in reason else f"{path.name}: {reason}" for path, reason in refused)
            self._messages.post(Message(plural.format(len(refused)), Severity.WARNING, details))

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

    def _on_probed(self, probed: Probed) -> None:
        if probed.info is None:
            self._unreadable.append((probed.clip.path, probed.reason))
            self._videos.update(probed.clip, state=VideoState.UNREADABLE, reason=probed.reason)
        else:
            self._videos.update(probed.clip, info=probed.info, thumbnail=probed.thumbnail)

    def _on_probe_finished(self) -> None:
        self._probing = None
        self._probe_next()
