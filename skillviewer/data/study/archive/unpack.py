"""Unpacking of an archive: a folder with the study, its videos and its models."""

import os
import re
import shutil
from pathlib import Path, PurePosixPath

from skillviewer.core.atomic_write import atomic_folder, atomic_path, check_room
from skillviewer.core.errors import StudyError, VideoError, os_error_as
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.data.analysis_file import load_or_discard
from skillviewer.data.faces_file import FaceStore, load_faces
from skillviewer.data.study.archive.archive_format import (
    FACES_FOLDER,
    FIXED_TIME_NS,
    TRACKS_FOLDER,
    checked_blocks,
    open_archive,
    read_manifest,
)
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import clear_outside_paths
from skillviewer.data.study.models import analysis_path
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import StudyVideo
from skillviewer.data.tracks_file import TrackStore, load_tracks

_SAFE_PATH_PART = re.compile(r"[^\x00-\x1f:\\]+")
"""A part of a path without characters that have a special meaning on some system."""

_DIGEST = re.compile("[0-9a-f]{64}")
"""A digest that is safe as the name of a file in the program's own folders; other texts could point elsewhere."""


def unpack(path: Path, folder: Path, token: CancelToken = NEVER, report: Report = silent) -> Path:
    """Unpack an archive into a folder, check every file against the manifest, and return the path of the study.

    Analyses, faces and tracks are stored in the program's own folders, unless this computer has some of the same video.
    The folder must be empty or not exist. If the job is cancelled, no file is left.

    Raises:
        StudyError: The file is no archive or is damaged, the folder is not empty, or it cannot be written.
    """
    folder = folder.absolute()
    is_empty_folder = folder.is_dir() and not any(folder.iterdir())
    if folder.exists() and not is_empty_folder:
        raise StudyError(f"{folder} is there already and not empty: choose another folder to unpack into.")
    with (
        os_error_as(StudyError, f"{path} could not be unpacked"),
        open_archive(path) as file,
        atomic_folder(folder) as temp_folder,
    ):
        manifest = read_manifest(file, path)
        check_room(temp_folder, sum(entry.size_bytes for entry in manifest.files), f"{path} holds", StudyError)
        for n_done, entry in enumerate(manifest.files):
            report(Progress("unpacking", n_done, len(manifest.files)))
            target = _path_inside(temp_folder, entry.name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as target_file:
                for block in checked_blocks(file, entry, token):
                    target_file.write(block)
            os.utime(target, ns=(FIXED_TIME_NS, FIXED_TIME_NS))
        study_path = _path_inside(temp_folder, manifest.study, path)
        with StudyFile(study_path) as study_file, study_file.transaction() as db:
            clear_outside_paths(db, study_path.parent)
        with Study.open(study_path, read_only=True) as study:
            videos = {video.name: video for video in study.videos.all()}
        for packed_analysis in manifest.analyses:
            source = _path_inside(temp_folder, packed_analysis.file, path)
            _save_analysis(source, videos.get(packed_analysis.video), packed_analysis.model)
        for entry in manifest.files:
            if entry.name.startswith(FACES_FOLDER):
                _save_faces(_path_inside(temp_folder, entry.name, path), path)
            if entry.name.startswith(TRACKS_FOLDER):
                _save_tracks(_path_inside(temp_folder, entry.name, path), path)
        for subfolder in ("analyses", FACES_FOLDER, TRACKS_FOLDER):
            shutil.rmtree(temp_folder / subfolder, ignore_errors=True)
        report(Progress("unpacking", len(manifest.files), len(manifest.files)))
    return folder / manifest.study


def free_folder(archive: Path) -> Path:
    """Return an unused folder next to an archive, named after it."""
    folder = archive.with_suffix("")
    number = 2
    while folder.exists():
        folder = archive.with_name(f"{archive.stem} ({number})")
        number += 1
    return folder


def _save_analysis(source: Path, video: StudyVideo | None, model_digest: str) -> None:
    """Store an analysis from the archive in the cache, unless one is stored already.

    An analysis that cannot be read, or belongs to another video or model, is left out, since it can be computed again.
    """
    if video is None or not source.is_file():
        return
    if not _DIGEST.fullmatch(video.digest) or not _DIGEST.fullmatch(model_digest):
        return
    analysis = load_or_discard(source)
    if analysis is None or analysis.video.digest != video.digest or analysis.provenance.model_digest != model_digest:
        return
    target = analysis_path(video.digest, model_digest, video.clip_range)
    if not target.exists():
        with atomic_path(target) as temp_path:
            shutil.copyfile(source, temp_path)


def _save_faces(source: Path, archive: Path) -> None:
    """Store the faces of a video from the archive, unless some are stored already."""
    try:
        faces = load_faces(source)
    except VideoError as error:
        raise StudyError(f"{archive} is damaged: faces/{source.name} in it cannot be read.") from error
    store = FaceStore()
    if _DIGEST.fullmatch(faces.video_digest) and not store.path(faces.video_digest).exists():
        store.put(faces)


def _save_tracks(source: Path, archive: Path) -> None:
    """Store the tracks of a video from the archive, unless some are stored already."""
    try:
        tracks = load_tracks(source)
    except VideoError as error:
        raise StudyError(f"{archive} is damaged: tracks/{source.name} in it cannot be read.") from error
    store = TrackStore()
    if not store.path_of(tracks).exists():
        store.put(tracks)


def _path_inside(folder: Path, name: str, archive: Path) -> Path:
    """Return the path of an archived file in a folder, or raise a StudyError if it would lie outside."""
    path = PurePosixPath(name)
    has_unsafe_part = any(part == ".." or not _SAFE_PATH_PART.fullmatch(part) for part in path.parts)
    if path.is_absolute() or not path.parts or has_unsafe_part:
        raise StudyError(f"{archive} is not an archive of a study: {name!r} in it would lie outside its folder.")
    return folder.joinpath(*path.parts)
