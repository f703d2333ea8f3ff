"""JSON files of the faces in a video: detected, drawn or removed by the user.

The program stores one file per searched or edited video, under the digest of the video: it stays valid wherever the
video is moved, serves every study and model, and is not lost with the cache.
"""

from pathlib import Path

import msgspec

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.faces.faces import Faces
from skillviewer.core.paths import data_dir

FORMAT = 1
SUFFIX = ".faces.json"


class _Record(msgspec.Struct):
    format: int
    faces: Faces


def faces_text(faces: Faces) -> str:
    """Return faces as JSON."""
    return msgspec.json.encode(_Record(FORMAT, faces)).decode()


def read_faces_text(text: str | bytes, source: str = "The text") -> Faces:
    """Return the faces in a JSON text.

    Args:
        text: Result of ``faces_text``.
        source: Name of the source, for the message.

    Raises:
        VideoError: The text holds no faces, or comes from a newer program.
    """
    try:
        record = msgspec.json.decode(text, type=_Record)
    except (msgspec.DecodeError, ValueError) as error:
        raise VideoError(f"{source} holds no face boxes that can be read: {error}. Look for faces again.") from error
    if record.format != FORMAT:
        raise VideoError(
            f"{source} has face boxes of form {record.format}, and this program knows form {FORMAT}: use a newer one."
        )
    return record.faces


def save_faces(faces: Faces, path: Path, *, overwrite: bool = False) -> Path:
    """Write faces as a JSON file.

    Raises:
        ExportError: The file exists already, or it cannot be written.
    """
    with atomic_export(path, overwrite=overwrite) as temporary:
        temporary.write_text(msgspec.json.format(faces_text(faces), indent=1) + "\n", encoding="utf-8")
    return path


def load_faces(path: Path) -> Faces:
    """Read faces from a JSON file.

    Raises:
        VideoError: The file cannot be read, or holds no faces.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror or error}.") from error
    return read_faces_text(text, str(path))


class FaceStore:
    """Store of faces, one file per video.

    Args:
        folder: Folder of the store; None for the program's own folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else data_dir() / "faces"

    def path(self, digest: str) -> Path:
        """Return the path for the faces of a video, whether or not the file exists."""
        return self._folder / f"{digest}{SUFFIX}"

    def get(self, digest: str) -> Faces | None:
        """Return the faces of a video, or None if it was neither searched nor edited.

        Raises:
            VideoError: The file cannot be read: the user's edits are never discarded silently.
        """
        path = self.path(digest)
        try:
            faces = load_faces(path)
        except VideoError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        return None if _says_nothing(faces) else faces

    def put(self, faces: Faces) -> None:
        """Store the faces of a video and replace those stored before.

        If no drawn box is left in a video that was never searched, nothing is stored: it counts as unseen and is
        searched before it is blurred.

        Raises:
            ExportError: They cannot be written.
        """
        if _says_nothing(faces):
            self.forget(faces.video_digest)
            return
        save_faces(faces, self.path(faces.video_digest), overwrite=True)

    def forget(self, digest: str) -> None:
        """Remove the faces of a video, so that it is searched again.

        Raises:
            ExportError: The file cannot be removed.
        """
        path = self.path(digest)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(f"{path} could not be removed: {error.strerror or error}.") from error


def _says_nothing(faces: Faces) -> bool:
    return not faces.searched and not faces.tracks
