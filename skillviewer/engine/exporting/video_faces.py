"""Faces of a video: search, and saved faces with the corrections of the user."""

from pathlib import Path

from skillviewer.core.faces.faces import Faces
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.data.faces_file import FaceStore
from skillviewer.media.faces import find_faces
from skillviewer.media.reading.reader import VideoReader


def load_faces(path: Path) -> Faces:
    """Return the saved faces of a video file, or an empty ``Faces``; raise a VideoError if it cannot be read."""
    with VideoReader(path, cache_bytes=0) as reader:
        info = reader.info
    return FaceStore().get(info.digest) or Faces(info.digest, info.n_frames)


def reload_faces(faces: Faces) -> Faces:
    """Return the saved faces of the video of ``faces`` without opening the video file, or an empty ``Faces``."""
    return FaceStore().get(faces.video_digest) or Faces(faces.video_digest, faces.n_frames)


def search_faces(path: Path, token: CancelToken = NEVER, report: Report = silent) -> Faces:
    """Search a video for faces; nothing is saved.

    Raises:
        VideoError: The video cannot be read, or the detector cannot be used: boxes can be drawn by hand.
    """
    with VideoReader(path, token) as reader:
        return find_faces(reader, token=token, report=report)


def save_faces(faces: Faces) -> None:
    """Save the faces of a video for exports that blur faces, or raise an ExportError."""
    FaceStore().put(faces)
