"""JSON files of the faces in a video: detected, drawn or removed by the user.

The program stores one file per searched or edited video in its data folder, named by the digest of the video. The file
remains valid if the video is moved, and serves every study and model.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError, VideoError, first_line, os_error_as
from skillviewer.core.faces.faces import Faces
from skillviewer.core.paths import data_dir
from skillviewer.data.damaged_file import rename_damaged_file

FORMAT = 1
SUFFIX = ".faces.json"
MAX_BYTES = 1 << 28
_DRAW_AGAIN = "Boxes drawn by hand must be drawn again."
_MAX_FRAMES = 10**8
_FAR = 100.0  # largest coordinate of a box, as a fraction of the picture


class _Head(msgspec.Struct):
    format: Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class _Record(msgspec.Struct):
    format: int
    faces: Faces


def faces_text(faces: Faces) -> str:
    """Return faces as JSON."""
    return msgspec.json.encode(_Record(FORMAT, faces)).decode()


def read_faces_text(text: str | bytes, source: str = "The text") -> Faces:
    """Return the faces in a JSON text.

    Raises:
        VideoError: The text holds no faces, or comes from a newer program.
    """
    try:
        file_format = msgspec.json.decode(text, type=_Head).format
        if file_format != FORMAT:
            raise VideoError(
                f"{source} has face boxes of form {file_format}, and this program knows form {FORMAT}: use a newer one."
            )
        faces = msgspec.json.decode(text, type=_Record).faces
        _check(faces)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise VideoError(
            f"{source} holds no face boxes that can be read: {first_line(error)}. Look for faces again."
        ) from error
    return faces


def _check(faces: Faces) -> None:
    """Raise a ValueError if frames or boxes are impossible."""
    if not 0 < faces.n_frames <= _MAX_FRAMES:
        raise ValueError(f"{faces.n_frames} frames")
    spans = [(track.start, track.stop) for track in faces.tracks]
    spans += [(doubt.start, doubt.stop) for doubt in faces.doubts]
    for start, stop in spans:
        if not 0 <= start < stop <= faces.n_frames:
            raise ValueError(f"frames {start} to {stop} of {faces.n_frames}")
    boxes = [doubt.box for doubt in faces.doubts] + [mark.box for track in faces.tracks for mark in track.marks]
    for box in boxes:
        if max(abs(box.left), abs(box.top), abs(box.right), abs(box.bottom)) > _FAR:
            raise ValueError("a box outside the picture")


def save_faces(faces: Faces, path: Path, *, overwrite: bool = False) -> Path:
    """Write faces as a JSON file, and return its path.

    Raises:
        ExportError: The file exists already, or cannot be written.
    """
    with atomic_export(path, overwrite=overwrite) as temporary:
        temporary.write_text(msgspec.json.format(faces_text(faces), indent=1) + "\n", encoding="utf-8")
    return path


def load_faces(path: Path) -> Faces:
    """Read faces from a JSON file, or raise a VideoError."""
    with os_error_as(VideoError, f"{path} cannot be read"), path.open("rb") as file:
        text = file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise VideoError(f"{path} holds no face boxes: it is larger than {MAX_BYTES >> 20} MB.")
    return read_faces_text(text, str(path))


class FaceStore:
    """Store of faces, one file per video."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else data_dir() / "faces"

    def path(self, digest: str) -> Path:
        """Return the path for the faces of a video, whether or not the file exists."""
        return self._folder / f"{digest}{SUFFIX}"

    def get(self, digest: str) -> Faces | None:
        """Return the faces of a video, or None if it was neither searched nor edited.

        Raises:
            VideoError: The file cannot be read. A damaged file is renamed, because it may hold edits of the user; after
                that the video counts as unsearched.
        """
        path = self.path(digest)
        try:
            faces = load_faces(path)
        except VideoError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            if error.__cause__ is None or isinstance(error.__cause__, OSError):  # a newer program, or no access
                raise
            raise rename_damaged_file(path, str(error), _DRAW_AGAIN) from error
        if faces.video_digest != digest:
            problem = f"{path} holds face boxes of another video. Look for faces again."
            raise rename_damaged_file(path, problem, _DRAW_AGAIN)
        return None if _is_empty(faces) else faces

    def put(self, faces: Faces) -> None:
        """Store the faces of a video, replacing earlier ones.

        A video that was never searched and has no drawn box is removed from the store, so that it is searched before
        it is blurred.

        Raises:
            ExportError: They cannot be written.
        """
        if _is_empty(faces):
            self.forget(faces.video_digest)
            return
        save_faces(faces, self.path(faces.video_digest), overwrite=True)

    def forget(self, digest: str) -> None:
        """Remove the faces of a video, so that it is searched again, or raise an ExportError."""
        path = self.path(digest)
        with os_error_as(ExportError, f"{path} could not be removed"):
            path.unlink(missing_ok=True)


def _is_empty(faces: Faces) -> bool:
    return not faces.searched and not faces.tracks
