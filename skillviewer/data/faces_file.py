"""Faces of a video as a JSON file: what was found, and what a person drew or took away.

The program keeps one for every video that was searched or edited, by the digest of the video: it stays valid wherever
the video is moved, serves every study and model, and is not lost with the cache.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.atomic_write import exported_aside
from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.faces.faces import Faces
from skillviewer.core.paths import data_dir

FORMAT = 1
SUFFIX = ".faces.json"
DAMAGED = ".damaged"
"""What is behind the name of a file that was put aside because it cannot be read."""


MOST_BYTES = 1 << 28
_MOST_FRAMES = 10**8
_FAR = 100.0  # fractions of the picture: no box lies so far outside


class _Head(msgspec.Struct):
    format: Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class _Record(msgspec.Struct):
    format: int
    faces: Faces


def faces_text(faces: Faces) -> str:
    """Return faces as JSON."""
    return msgspec.json.encode(_Record(FORMAT, faces)).decode()


def read_faces_text(text: str | bytes, source: str = "The text") -> Faces:
    """Return the faces that JSON tells of.

    Args:
        text: What ``faces_text`` returned.
        source: What the text is, for the message.

    Raises:
        VideoError: It tells of no faces, or is of a newer program.
    """
    try:
        number = msgspec.json.decode(text, type=_Head).format
        if number != FORMAT:
            raise VideoError(
                f"{source} has face boxes of form {number}, and this program knows form {FORMAT}: use a newer one."
            )
        faces = msgspec.json.decode(text, type=_Record).faces
        _check(faces)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise VideoError(f"{source} holds no face boxes that can be read: {error}. Look for faces again.") from error
    return faces


def _check(faces: Faces) -> None:
    """Check what types cannot say.

    Raises:
        ValueError: A number cannot be.
    """
    if not 0 < faces.n_frames <= _MOST_FRAMES:
        raise ValueError(f"{faces.n_frames} frames")
    parts = [(track.start, track.stop) for track in faces.tracks] + [(d.start, d.stop) for d in faces.doubts]
    outside = next((part for part in parts if not 0 <= part[0] < part[1] <= faces.n_frames), None)
    if outside is not None:
        raise ValueError(f"frames {outside[0]} to {outside[1]} of {faces.n_frames}")
    boxes = [doubt.box for doubt in faces.doubts] + [mark.box for track in faces.tracks for mark in track.marks]
    if any(max(map(abs, (box.left, box.top, box.right, box.bottom))) > _FAR for box in boxes):
        raise ValueError("a box outside the picture")


def save_faces(faces: Faces, path: Path, *, overwrite: bool = False) -> Path:
    """Write faces as a JSON file.

    Raises:
        ExportError: It is there already, or it cannot be written.
    """
    with exported_aside(path, overwrite=overwrite) as temporary:
        temporary.write_text(msgspec.json.format(faces_text(faces), indent=1) + "\n", encoding="utf-8")
    return path


def load_faces(path: Path) -> Faces:
    """Read faces from a JSON file.

    Raises:
        VideoError: It cannot be read, or holds no faces.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(text) > MOST_BYTES:
        raise VideoError(f"{path} holds no face boxes: it is larger than {MOST_BYTES >> 20} MB.")
    return read_faces_text(text, str(path))


class FaceStore:
    """The faces that are kept, one file a video.

    Args:
        folder: Where they are kept; None for the program's own folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else data_dir() / "faces"

    def path(self, digest: str) -> Path:
        """Return where the faces of a video are kept; the file is there or not."""
        return self._folder / f"{digest}{SUFFIX}"

    def get(self, digest: str) -> Faces | None:
        """Return the faces of a video, or None where it was neither searched nor drawn upon.

        Raises:
            VideoError: The file cannot be read. One that is damaged is told once, for what a person drew is not thrown
                away silently, and put aside, so that faces can be looked for again.
        """
        path = self.path(digest)
        try:
            faces = load_faces(path)
        except VideoError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            if error.__cause__ is None or isinstance(error.__cause__, OSError):  # of a newer program, or out of reach
                raise
            raise _put_aside(path, str(error)) from error
        if faces.video_digest != digest:
            raise _put_aside(path, f"{path} holds face boxes of another video. Look for faces again.")
        return None if _says_nothing(faces) else faces

    def put(self, faces: Faces) -> None:
        """Keep the faces of a video in place of those that were kept.

        Where all that was drawn by hand is gone from a video that was never searched, nothing is kept: it counts as
        never looked at, and is searched before it is blurred.

        Raises:
            ExportError: They cannot be written.
        """
        if _says_nothing(faces):
            self.forget(faces.video_digest)
            return
        save_faces(faces, self.path(faces.video_digest), overwrite=True)

    def forget(self, digest: str) -> None:
        """Keep nothing of a video, so that it is searched anew.

        Raises:
            ExportError: What is kept cannot be removed.
        """
        path = self.path(digest)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(f"{path} could not be removed: {error.strerror or error}.") from error


def _put_aside(path: Path, said: str) -> VideoError:
    aside = path.with_name(path.name + DAMAGED)
    with suppress(OSError):
        path.replace(aside)
    return VideoError(
        f"{said} What was kept is {aside.name} now; boxes that were drawn by hand have to be drawn again."
    )


def _says_nothing(faces: Faces) -> bool:
    return not faces.searched and not faces.tracks
