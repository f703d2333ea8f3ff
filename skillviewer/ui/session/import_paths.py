"""Opening of files and folders: videos, studies, checkpoints, refusals of the rest; and small pictures of frames."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.ratings.table_files import JSON_SUFFIX, TEXT_SUFFIXES, WORKBOOK_SUFFIXES, is_rating_file
from skillviewer.data.study import SUFFIX, Study
from skillviewer.data.study.archive.archive_form import SUFFIX as ARCHIVE_SUFFIX
from skillviewer.data.timelines.timelines import ONLY_TIMELINES
from skillviewer.media.files import VIDEO_SUFFIXES, expand
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.video_list import VideoList, VideoState
from skillviewer.ui.threads.messages import Message, Messages, Severity
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

THUMBNAIL_PX = 72  # height that thumbnails are kept at
CHECKPOINT_FILE = "config.json"
TABLE_SUFFIXES = TEXT_SUFFIXES | WORKBOOK_SUFFIXES | ONLY_TIMELINES | {JSON_SUFFIX, ".xls", ".ods"}
"""Files that may be tables of ratings, or timelines; those that cannot be read say what to do."""
NO_RATINGS = frozenset({"account", "participants", "truth", "regions"})  # tables of a folder that hold something else


@dataclass(frozen=True, slots=True)
class ClassifiedPaths:
    """Paths by what they are."""

    videos: tuple[Path, ...]  # videos, those of folders by name
    checkpoint: Path | None  # folder of a checkpoint, or None
    refused: tuple[tuple[Path, str], ...]  # what is not opened, each with its reason
    study: Path | None = None  # a study, or None
    archive: Path | None = None  # archive of a study, or None
    table: Path | None = None  # a table of ratings or a timeline, or None
    # the given folder with that table and its videos, or None for a table given by itself
    table_folder: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """The result of a first look at a video: its info and thumbnail, or the reason why it cannot be read."""

    clip: VideoClip
    info: VideoInfo | None
    thumbnail: RGBImage | None
    reason: str = ""


def sort_paths(paths: Sequence[Path], backend: Backend, token: CancelToken = NEVER) -> ClassifiedPaths:
    """Sort paths by kind; reads the disk, and opens files whose names do not say that they are videos."""
    found: list[Path] = []
    checkpoints: list[Path] = []
    files: dict[str, list[Path]] = {SUFFIX: [], ARCHIVE_SUFFIX: []}
    refused: list[tuple[Path, str]] = []
    tables: list[tuple[Path, Path | None]] = []
    for given in paths:
        path = given.absolute()
        if not path.exists():
            refused.append((path, "is not there"))
        elif path.suffix in files and path.is_file():
            files[path.suffix].append(path)
        elif (folder := _checkpoint_at(path)) is not None:
            checkpoints.append(folder)
        elif path.is_dir():
            inside = expand([path])
            found += inside
            tables += [(table, path) for table in _ratings_in(path)]
            if not inside and not tables:
                refused.append((path, "holds no videos"))
        elif path.suffix.lower() in TABLE_SUFFIXES:
            tables.append((path, None))
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            found.append(path)
        elif reason := _no_video(path, backend, token):
            refused.append((path, reason))
        else:
            found.append(path)
    reasons = {path: _unusable(path) for path in found}
    refused += [(path, reason) for path, reason in reasons.items() if reason]
    videos = (path for path, reason in reasons.items() if not reason)
    # the last is taken, a study rather than an archive
    studies = list(dict.fromkeys((*files[ARCHIVE_SUFFIX], *files[SUFFIX])))
    models = list(dict.fromkeys(checkpoints))
    refused += [(path, "one study is open at a time") for path in studies[:-1]]
    refused += [(path, "one model is used at a time") for path in models[:-1]]
    refused += [(path, "one table or timeline is imported at a time") for path, _ in tables[1:]]
    return ClassifiedPaths(
        tuple(videos),
        models[-1] if models else None,
        tuple(refused),
        studies[-1] if files[SUFFIX] else None,
        studies[-1] if studies and not files[SUFFIX] else None,
        *(tables[0] if tables else ()),
    )


def _ratings_in(folder: Path) -> list[Path]:
    """Return the tables in a folder that may hold ratings, ``ratings`` first; none in a data set of another form."""
    from skillviewer.data.formats.formats import DATASET_FORMATS

    if any(form.recognise(folder) for form in DATASET_FORMATS if form.name != "ratings"):
        return []
    files = [file for file in folder.iterdir() if is_rating_file(file) and file.suffix.lower() != ".txt"]
    files = [f for f in files if f.stem.casefold() not in NO_RATINGS and not f.name.startswith((".", "~$"))]
    return sorted(files, key=lambda file: (file.stem.casefold() != "ratings", file))


def _no_video(path: Path, backend: Backend, token: CancelToken) -> str:
    try:
        backend.open_reader(path, token).close()
    except SkillViewerError as error:
        return str(error)
    return ""


def _unusable(path: Path) -> str:
    """Return why a file cannot be used, or "". A study takes no such file; it is reported once."""
    try:
        with path.open("rb") as file:
            return "" if file.read(1) else f"{path} is empty."
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}."


def _checkpoint_at(path: Path) -> Path | None:
    """Return the folder of a checkpoint, given the folder or a file inside it, or None."""
    if (path / CHECKPOINT_FILE).is_file():
        return path
    return path.parent if path.name == CHECKPOINT_FILE else None


def probe(clip: VideoClip, backend: Backend, token: CancelToken) -> Probed:
    """Open a video, read what it is, and make a thumbnail of its first frame."""
    try:
        reader = backend.open_reader(clip.path, token)
    except SkillViewerError as error:
        return Probed(clip, None, None, str(error))
    try:
        first = clip.frames(reader.describe(token))[0]
        return Probed(clip, reader.info, shrink(reader.frame(first, token), THUMBNAIL_PX))
    except SkillViewerError as error:
        return Probed(clip, None, None, str(error))
    finally:
        reader.close()


def picture_of(path: Path, backend: Backend, token: CancelToken) -> RGBImage | None:
    """Return a small picture of a video, or of the first video of a study that is in its place; None without one."""
    clip = VideoClip(path)
    if path.suffix == SUFFIX:
        try:
            with Study.open(path, read_only=True) as study:
                video = study.videos.first_in_place()
            if video is not None and video.path is not None:
                clip = VideoClip(video.path, video.clip_range)
        except SkillViewerError:
            return None
    return probe(clip, backend, token).thumbnail if clip.path.suffix.lower() in VIDEO_SUFFIXES else None


def shrink(picture: RGBImage, height_px: int) -> RGBImage:
    """Return (H, W, 3) uint8 made smaller by averaging whole blocks, at least ``height_px`` high where it was."""
    step = max(picture.shape[0] // height_px, 1)
    h, w = picture.shape[0] // step, max(picture.shape[1] // step, 1)
    blocks = picture[: h * step, : w * step].reshape(h, step, -1, step, 3)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8))


class PathImporter(QObject):
    """Opens paths, and looks at every new video once, in its own worker."""

    took = Signal(object)  # a ``ClassifiedPaths``: the videos are in the list by now

    def __init__(
        self, worker: WorkerThread[Backend], videos: VideoList, messages: Messages, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._worker, self._videos, self._messages = worker, videos, messages
        self._to_probe: OrderedDict[VideoClip, None] = OrderedDict()
        self._probing: VideoClip | None = None
        self._unreadable: list[tuple[Path, str]] = []

    def take(self, paths: Sequence[Path]) -> None:
        given = list(paths)
        if not given:
            return
        self._worker.submit(lambda backend, token, _report: sort_paths(given, backend, token)).then(
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

    def _on_sorted(self, found: ClassifiedPaths) -> None:
        self._queue(map(VideoClip, self._videos.add(found.videos)))
        if found.refused:
            self._refuse(found.refused, "{} was not opened: {}", "{} items were not opened.")
        self.took.emit(found)
        self._probe_next()

    def _refuse(self, refused: Sequence[tuple[Path, str]], one: str, many: str) -> None:
        if len(refused) == 1:
            path, reason = refused[0]
            text = reason if path.name in reason else one.format(path.name, reason)
            self._messages.post(Message(text, Severity.WARNING))
        else:
            details = tuple(reason if path.name in reason else f"{path.name}: {reason}" for path, reason in refused)
            self._messages.post(Message(many.format(len(refused)), Severity.WARNING, details))

    def _probe_next(self) -> None:
        if self._probing is not None or self._worker.stopped:
            return
        if not self._to_probe:
            if self._unreadable:
                refused, self._unreadable = self._unreadable, []
                self._refuse(refused, "{} cannot be read: {}", "{} videos cannot be read.")
            return
        clip, _ = self._to_probe.popitem(last=False)
        self._probing = clip
        self._worker.submit(lambda backend, token, _report: probe(clip, backend, token)).then(
            succeeded=self._on_probed, failed=self._messages.fail, finished=self._on_probe_finished
        )

    def _on_probed(self, found: Probed) -> None:
        if found.info is None:
            self._unreadable.append((found.clip.path, found.reason))
            self._videos.update(found.clip, state=VideoState.UNREADABLE, reason=found.reason)
        else:
            self._videos.update(found.clip, info=found.info, thumbnail=found.thumbnail)

    def _on_probe_finished(self) -> None:
        self._probing = None
        self._probe_next()


HEIGHT_PX = 108  # height of the stored pictures: twice that on screen, for screens with small pixels
MAX_CACHED = 400

Place = tuple[Path, int]  # a video and a frame of it, from 0


def _made(backend: Backend, path: Path, frames: list[int], token: CancelToken, report: Report) -> None:
    try:
        reader = backend.open_reader(path, token)
    except SkillViewerError:
        return  # the reason why a video cannot be read is shown where it is opened
    try:
        for frame in frames:
            token.check()
            picture = shrink(reader.frame(frame, token), HEIGHT_PX)
            report(Progress("thumbnail", value=((path, frame), picture)))
    except SkillViewerError:
        return
    finally:
        reader.close()


class ThumbnailLoader(QObject):
    """Thumbnails of frames. A request for another video stops the one under way."""

    came = Signal()  # another picture is there

    def __init__(self, index: WorkerThread[Backend], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._kept: dict[Place, RGBImage] = {}
        self._asked: frozenset[Place] = frozenset()
        self._task: Task | None = None

    def get(self, path: Path, frame: int) -> RGBImage | None:
        """Return a picture if it is there, (h, w, 3) uint8 RGB."""
        return self._kept.get((path, frame))

    def want(self, path: Path, frames: list[int]) -> None:
        """Ask for pictures of a video; ``came`` fires for each."""
        missing = sorted({frame for frame in frames if (path, frame) not in self._kept})
        places = frozenset((path, frame) for frame in missing)
        if not missing or places <= self._asked or self._index.stopped:
            return
        if self._task is not None:
            self._task.cancel()
        self._asked = places
        self._task = task = self._index.submit(
            lambda backend, token, report: _made(backend, path, missing, token, report)
        )
        task.then(progressed=self._on_one, finished=self._on_finished)

    def _on_one(self, progress: Progress) -> None:
        assert isinstance(progress.value, tuple)
        place, picture = progress.value
        self._kept[place] = picture
        while len(self._kept) > MAX_CACHED:
            del self._kept[next(iter(self._kept))]
        self.came.emit()

    def _on_finished(self) -> None:
        if self.sender() is self._task:
            self._task = None
            self._asked = frozenset()
