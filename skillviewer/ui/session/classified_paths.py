"""Sorts files and folders into videos, studies, checkpoints and files that cannot be opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.ratings.table_files import JSON_SUFFIX, TEXT_SUFFIXES, WORKBOOK_SUFFIXES, is_rating_file
from skillviewer.data.study import SUFFIX, Study
from skillviewer.data.study.archive.archive_form import SUFFIX as ARCHIVE_SUFFIX
from skillviewer.data.timelines.timelines import ONLY_TIMELINES
from skillviewer.data.tracks.track_formats import is_track_file
from skillviewer.media.files import VIDEO_SUFFIXES, expand
from skillviewer.ui.session.backend import Backend

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
    tracks: Path | None = None  # a file or folder of tracks, or None


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """The result of a first look at a video: its info and thumbnail, or the reason why it cannot be read."""

    clip: VideoClip
    info: VideoInfo | None
    thumbnail: RGBImage | None
    reason: str = ""


def sort_paths(paths: Sequence[Path], backend: Backend, token: CancelToken = NEVER) -> ClassifiedPaths:
    """Sort paths by kind; reads the disk, and opens files whose names do not say that they are videos."""
    found_videos: list[Path] = []
    checkpoints: list[Path] = []
    files: dict[str, list[Path]] = {SUFFIX: [], ARCHIVE_SUFFIX: []}
    refused: list[tuple[Path, str]] = []
    tables: list[tuple[Path, Path | None]] = []
    tracks: list[Path] = []
    for given_path in paths:
        path = given_path.absolute()
        if not path.exists():
            refused.append((path, "is not there"))
        elif path.suffix in files and path.is_file():
            files[path.suffix].append(path)
        elif (folder := _checkpoint_at(path)) is not None:
            checkpoints.append(folder)
        elif is_track_file(path):
            tracks.append(path)
        elif path.is_dir():
            inside = expand([path])
            tables_inside = _ratings_in(path)
            found_videos += inside
            tables += [(table, path) for table in tables_inside]
            refused += [] if inside or tables else [(path, "holds no videos")]
        elif path.suffix.lower() in TABLE_SUFFIXES:
            tables.append((path, None))
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            found_videos.append(path)
        elif reason := _no_video(path, backend, token):
            refused.append((path, reason))
        else:
            found_videos.append(path)
    reasons = {path: _unusable(path) for path in found_videos}
    refused += [(path, reason) for path, reason in reasons.items() if reason]
    videos = (path for path, reason in reasons.items() if not reason)
    # the last is taken, a study rather than an archive
    studies = list(dict.fromkeys((*files[ARCHIVE_SUFFIX], *files[SUFFIX])))
    models = list(dict.fromkeys(checkpoints))
    refused += [(path, "one study is open at a time") for path in studies[:-1]]
    refused += [(path, "one model is used at a time") for path in models[:-1]]
    refused += [(path, "one table or timeline is imported at a time") for path, _ in tables[1:]]
    refused += [(path, "one file of tracks is imported at a time") for path in tracks[1:]]
    table, table_folder = tables[0] if tables else (None, None)
    return ClassifiedPaths(
        tuple(videos),
        models[-1] if models else None,
        tuple(refused),
        study=studies[-1] if files[SUFFIX] else None,
        archive=studies[-1] if studies and not files[SUFFIX] else None,
        table=table,
        table_folder=table_folder,
        tracks=tracks[0] if tracks else None,
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
    h = picture.shape[0] // step
    w = max(picture.shape[1] // step, 1)
    blocks = picture[: h * step, : w * step].reshape(h, step, -1, step, 3)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8))
