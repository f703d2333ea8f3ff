"""Classification of paths as videos, studies, checkpoints and tables, and first reading of videos."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import SkillViewerError, os_reason
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.ratings.table_files import JSON_SUFFIX, TEXT_SUFFIXES, WORKBOOK_SUFFIXES, is_rating_file
from skillviewer.data.study import SUFFIX, Study
from skillviewer.data.study.archive.archive_format import SUFFIX as ARCHIVE_SUFFIX
from skillviewer.data.timelines.timeline_formats import ONLY_TIMELINES
from skillviewer.data.tracks.track_formats import is_track_file
from skillviewer.media.files import VIDEO_SUFFIXES, expand
from skillviewer.ui.session.backend import Backend

THUMBNAIL_PX = 72  # height of thumbnails
CHECKPOINT_FILE = "config.json"
TABLE_SUFFIXES = TEXT_SUFFIXES | WORKBOOK_SUFFIXES | ONLY_TIMELINES | {JSON_SUFFIX, ".xls", ".ods"}
"""Suffixes of possible tables of ratings and timelines. Opening an unsupported one shows what to do instead."""
NO_RATINGS = frozenset({"account", "participants", "truth", "regions"})  # names of tables without ratings


@dataclass(frozen=True, slots=True)
class ClassifiedPaths:
    """Paths by kind."""

    videos: tuple[Path, ...]  # videos; those in folders are sorted by name
    checkpoint: Path | None  # folder of a checkpoint
    refused_paths: tuple[tuple[Path, str], ...]  # paths that are not opened, each with the reason
    study: Path | None = None
    archive: Path | None = None  # archive of a study
    table: Path | None = None  # table of ratings or timeline
    table_folder: Path | None = None  # given folder that contains the table; None if the table itself was given
    tracks: Path | None = None  # file or folder of tracks


@dataclass(frozen=True, slots=True, eq=False)
class ProbedVideo:
    """Info and thumbnail of a video, or the reason why it cannot be read."""

    clip: VideoClip
    info: VideoInfo | None
    thumbnail: RGBImage | None
    reason: str = ""


@dataclass(slots=True)
class _PathsByKind:
    """Given paths by kind, in the order given."""

    videos: list[Path] = field(default_factory=list)
    checkpoints: list[Path] = field(default_factory=list)
    studies: list[Path] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)
    tables: list[tuple[Path, Path | None]] = field(default_factory=list)  # each with the given folder around it
    tracks: list[Path] = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)

    def add(self, path: Path, backend: Backend, token: CancelToken) -> None:
        if not path.exists():
            self.refused.append((path, "is not there"))
        elif path.suffix == SUFFIX and path.is_file():
            self.studies.append(path)
        elif path.suffix == ARCHIVE_SUFFIX and path.is_file():
            self.archives.append(path)
        elif (checkpoint := _checkpoint_at(path)) is not None:
            self.checkpoints.append(checkpoint)
        elif is_track_file(path):
            self.tracks.append(path)
        elif path.is_dir():
            self._add_folder(path)
        elif path.suffix.lower() in TABLE_SUFFIXES:
            self.tables.append((path, None))
        elif path.suffix.lower() not in VIDEO_SUFFIXES and (reason := _why_no_video(path, backend, token)):
            self.refused.append((path, reason))
        else:
            self.videos.append(path)

    def _add_folder(self, folder: Path) -> None:
        videos_inside = expand([folder])
        self.videos += videos_inside
        self.tables += [(table, folder) for table in _rating_tables_in(folder)]
        if not videos_inside and not self.tables:
            self.refused.append((folder, "holds no videos"))


def sort_paths(paths: Sequence[Path], backend: Backend, token: CancelToken = NEVER) -> ClassifiedPaths:
    """Classify paths. This reads the disk, and opens files of unknown suffixes to find out whether they are videos."""
    by_kind = _PathsByKind()
    for path in paths:
        by_kind.add(path.absolute(), backend, token)
    refused = by_kind.refused
    reasons = {path: _why_unusable(path) for path in by_kind.videos}
    refused += [(path, reason) for path, reason in reasons.items() if reason]
    # The last path is taken, and a study before an archive.
    studies_and_archives = list(dict.fromkeys([*by_kind.archives, *by_kind.studies]))
    checkpoints = list(dict.fromkeys(by_kind.checkpoints))
    tables = by_kind.tables
    refused += [(path, "one study is open at a time") for path in studies_and_archives[:-1]]
    refused += [(path, "one model is used at a time") for path in checkpoints[:-1]]
    refused += [(path, "one table or timeline is imported at a time") for path, _ in tables[1:]]
    refused += [(path, "one file of tracks is imported at a time") for path in by_kind.tracks[1:]]
    table, table_folder = tables[0] if tables else (None, None)
    checkpoint = checkpoints[-1] if checkpoints else None
    tracks = by_kind.tracks[0] if by_kind.tracks else None
    study = None
    archive = None
    if by_kind.studies:
        study = by_kind.studies[-1]
    elif by_kind.archives:
        archive = by_kind.archives[-1]
    return ClassifiedPaths(
        videos=tuple(path for path, reason in reasons.items() if not reason),
        checkpoint=checkpoint,
        refused_paths=tuple(refused),
        study=study,
        archive=archive,
        table=table,
        table_folder=table_folder,
        tracks=tracks,
    )


def _rating_tables_in(folder: Path) -> list[Path]:
    """Return the tables in a folder that may hold ratings, ``ratings`` first; empty for other forms of data sets."""
    from skillviewer.data.formats.formats import DATASET_FORMATS

    if any(form.recognise(folder) for form in DATASET_FORMATS if form.name != "ratings"):
        return []
    tables = []
    for file in folder.iterdir():
        is_hidden = file.name.startswith((".", "~$"))
        is_plain_text = file.suffix.lower() == ".txt"
        has_other_content = file.stem.casefold() in NO_RATINGS
        if is_rating_file(file) and not (is_hidden or is_plain_text or has_other_content):
            tables.append(file)
    return sorted(tables, key=lambda file: (file.stem.casefold() != "ratings", file))


def _why_no_video(path: Path, backend: Backend, token: CancelToken) -> str:
    """Return the error of opening a file as a video, or ""."""
    try:
        backend.open_reader(path, token).close()
    except SkillViewerError as error:
        return str(error)
    return ""


def _why_unusable(path: Path) -> str:
    """Return the reason why a file cannot be read, or ""."""
    try:
        with path.open("rb") as file:
            return "" if file.read(1) else f"{path} is empty."
    except OSError as error:
        return f"{path} cannot be read: {os_reason(error)}."


def _checkpoint_at(path: Path) -> Path | None:
    """Return the folder of a checkpoint, given the folder or a file inside it, or None."""
    if (path / CHECKPOINT_FILE).is_file():
        return path
    return path.parent if path.name == CHECKPOINT_FILE else None


def probe(clip: VideoClip, backend: Backend, token: CancelToken) -> ProbedVideo:
    """Return the info of a video, and a thumbnail of its first frame."""
    try:
        reader = backend.open_reader(clip.path, token)
    except SkillViewerError as error:
        return ProbedVideo(clip, None, None, str(error))
    try:
        first_frame = clip.frames(reader.read_info(token))[0]
        picture = reader.frame(first_frame, token)
        return ProbedVideo(clip, reader.info, shrink(picture, THUMBNAIL_PX))
    except SkillViewerError as error:
        return ProbedVideo(clip, None, None, str(error))
    finally:
        reader.close()


def picture_of(path: Path, backend: Backend, token: CancelToken) -> RGBImage | None:
    """Return a thumbnail of a video, or of the first video of a study whose file exists; None without such a video."""
    clip = VideoClip(path)
    if path.suffix == SUFFIX:
        try:
            with Study.open(path, read_only=True) as study:
                video = study.videos.first_located()
            if video is not None and video.path is not None:
                clip = VideoClip(video.path, video.clip_range)
        except SkillViewerError:
            return None
    if clip.path.suffix.lower() not in VIDEO_SUFFIXES:
        return None
    return probe(clip, backend, token).thumbnail


def shrink(picture: RGBImage, height_px: int) -> RGBImage:
    """Return a picture, (H, W, 3) uint8, reduced by an integer factor to at least ``height_px``; it is not enlarged."""
    factor = max(picture.shape[0] // height_px, 1)
    h = picture.shape[0] // factor
    w = max(picture.shape[1] // factor, 1)
    blocks = picture[: h * factor, : w * factor].reshape(h, factor, -1, factor, 3)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8))
