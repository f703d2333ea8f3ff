"""Faces of analysed videos, found on request: exports blur them in every picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from skillviewer.core.errors import VideoError
from skillviewer.core.faces.face_wording import LOOK_THROUGH, format_blurring
from skillviewer.core.faces.faces import Faces
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.export.analysed_video import AnalysedVideo, ShownCamera, opened
from skillviewer.media.faces import find_faces
from skillviewer.media.reading.reader import VideoReader

BLUR_TITLE = "Blur faces"
BLUR_HELP = "An aid, not a guarantee: some faces are missed, so check every picture of the export"

Known = Callable[[str], Faces | None]
"""Digest of a video -> its stored faces, whether or not the user has checked them."""


def wants_blurring(options: object) -> bool:
    """Return True if options ask for blurred faces."""
    return bool(getattr(options, "blur_faces", False))


def with_faces(
    videos: Sequence[AnalysedVideo],
    token: CancelToken = NEVER,
    report: Report = silent,
    known: Known = lambda _digest: None,
    found: Callable[[Faces], None] = lambda _faces: None,
) -> list[AnalysedVideo]:
    """Find the faces of analysed videos that have none yet, and return the videos with their faces.

    Args:
        videos: Analysed videos.
        token: Checked after every searched frame.
        report: Receives the progress after every searched frame.
        known: Returns the stored faces of a digest; a video without stored faces is searched, once.
        found: Receives the faces of every searched video.

    Raises:
        VideoError: A video cannot be read, or the detector cannot be used: boxes can then be drawn by hand.
    """
    by_digest = {video.analysis.video.digest: video.faces for video in videos if video.faces is not None}
    for video in videos:
        digest = video.analysis.video.digest
        faces = by_digest.get(digest) or known(digest)
        if faces is None:
            with opened([video]) as (reader,):
                faces = find_faces(reader, token=token, report=report)
            found(faces)
        by_digest[digest] = faces
    return [
        replace(
            video,
            faces=by_digest[video.analysis.video.digest],
            cameras=tuple(_camera_with_faces(camera, token, report, known, found) for camera in video.cameras),
        )
        for video in videos
    ]


def _camera_with_faces(
    shown: ShownCamera, token: CancelToken, report: Report, known: Known, found: Callable[[Faces], None]
) -> ShownCamera:
    """Return a camera with its faces, or unchanged if its file is missing or cannot be read."""
    camera = shown.camera
    if shown.faces is not None or camera.path is None:
        return shown
    faces = known(camera.digest)
    if faces is None:
        try:
            reader = VideoReader(camera.path, token)
        except VideoError:  # the export leaves the camera out, with a warning
            return shown
        with reader:
            faces = find_faces(reader, token=token, report=report)
        found(faces)
    return replace(shown, faces=faces)


def blur_warnings(videos: Sequence[AnalysedVideo]) -> tuple[str, ...]:
    """Return warnings on blurred faces: a sentence for each video and camera, and one for all."""
    notes: dict[str, str] = {}
    for video in videos:
        if video.faces is not None:
            notes[video.analysis.video.digest] = format_blurring(video.path.name, video.faces)
    for shown in (camera for video in videos for camera in video.cameras):
        if shown.faces is not None:
            notes[shown.camera.digest] = format_blurring(shown.camera.name, shown.faces)
    return (*notes.values(), LOOK_THROUGH) if notes else ()
