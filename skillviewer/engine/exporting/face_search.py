"""Faces of a video file: searched once, then stored as the user corrected them."""

from pathlib import Path

from skillviewer.core.faces.faces import Faces
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.data.faces_file import FaceStore
from skillviewer.media.faces import find_faces
from skillviewer.media.reading.reader import VideoReader


def known_faces(path: Path) -> Faces:
    """Return the faces kept of a video, none if nothing is, to be drawn by hand; or raise a VideoError."""
    with VideoReader(path, cache_bytes=0) as reader:
        info = reader.info
    return FaceStore().get(info.digest) or Faces(info.digest, info.n_frames)


def load_faces(faces: Faces) -> Faces:
    """Return the saved faces of the same video, which is not opened, or none; or raise a VideoError."""
    return FaceStore().get(faces.video_digest) or Faces(faces.video_digest, faces.n_frames)


def search_faces(path: Path, token: CancelToken = NEVER, report: Report = silent) -> Faces:
    """Search a video; nothing is kept yet.

    Raises:
        VideoError: The video cannot be read, or the detector cannot be used: boxes can be drawn by hand.
    """
    with VideoReader(path, token) as reader:
        return find_faces(reader, token=token, report=report)


def save_faces(faces: Faces) -> None:
    """Save the faces of a video, which exports blur, or raise an ExportError."""
    FaceStore().put(faces)
