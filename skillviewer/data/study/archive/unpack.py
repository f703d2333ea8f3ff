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
from skillviewer.data.study.archive.archive_form import FACES, MODIFIED_NS, TRACKS, checked, open_archive, read_manifest
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import clear_outside_paths
from skillviewer.data.study.models import analysis_path
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import StudyVideo
from skillviewer.data.tracks_file import TrackStore, load_tracks

_PLAIN = re.compile(r"[^\x00-\x1f:\\]+")
"""Parts of a path without characters that have a special meaning on some system."""

_DIGEST = re.compile("[0-9a-f]{64}")
"""Names of files in the program's own folders; any other name in an archive could point elsewhere."""


def unpack(path: Path, folder: Path, token: CancelToken = NEVER, report: Report = silent) -> Path:
    """Unpack an archive into a new folder, checking every file against the manifest; return the path of the study.

    Analyses are put into the program's cache, so that scores and maps are available at once; so are the faces of the
    videos, so that the same is blurred, and their tracks. Faces and tracks already stored on this computer stay. The
    folder must not exist, or be
    empty. When the job is cancelled nothing is left behind.

    Raises:
        StudyError: The file is no archive or is damaged, the folder is not empty, or it cannot be written.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
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
            target = _inside(temp_folder, entry.name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                for block in checked(file, entry, token):
                    out.write(block)
            os.utime(target, ns=(MODIFIED_NS, MODIFIED_NS))
        study = _inside(temp_folder, manifest.study, path)
        with StudyFile(study) as unpacked, unpacked.transaction() as db:
            clear_outside_paths(db, study.parent)
        with Study.open(study, read_only=True) as opened:
            videos = {video.name: video for video in opened.videos.all()}
        for packed_analysis in manifest.analyses:
            _install(
                _inside(temp_folder, packed_analysis.file, path),
                videos.get(packed_analysis.video),
                packed_analysis.model,
            )
        for entry in manifest.files:
            if entry.name.startswith(FACES):
                _save_faces(_inside(temp_folder, entry.name, path), path)
            if entry.name.startswith(TRACKS):
                _save_tracks(_inside(temp_folder, entry.name, path), path)
        for subfolder in ("analyses", FACES, TRACKS):
            shutil.rmtree(temp_folder / subfolder, ignore_errors=True)
        report(Progress("unpacking", len(manifest.files), len(manifest.files)))
    return folder / manifest.study


def free_folder(archive: Path) -> Path:
    """Return an unused folder next to an archive, named after it."""
    folder = archive.with_suffix("")
    number = 2
    while folder.exists():
        folder = archive.with_name(f"{archive.stem} ({number})")
        number = number + 1
    return folder


def _install(source: Path, video: StudyVideo | None, model: str) -> None:
    if video is None or not source.is_file() or not all(map(_DIGEST.fullmatch, (video.digest, model))):
        return
    analysis = load_or_discard(source)
    if analysis is None or (analysis.video.digest, analysis.provenance.model_digest) != (video.digest, model):
        return  # it can be computed again
    target = analysis_path(video.digest, model, video.clip_range)
    if not target.exists():
        with atomic_path(target) as part:
            shutil.copyfile(source, part)


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


def _inside(folder: Path, name: str, archive: Path) -> Path:
    """Return the path of an archived file in the folder; never outside it."""
    pure = PurePosixPath(name)
    if (
        pure.is_absolute()
        or not pure.parts
        or any(part in ("..", "") or not _PLAIN.fullmatch(part) for part in pure.parts)
    ):
        raise StudyError(f"{archive} is not an archive of a study: {name!r} in it would lie outside its folder.")
    return folder.joinpath(*pure.parts)
