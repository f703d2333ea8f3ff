"""Faces blurred on request: analysed videos get the faces that are blurred wherever they are shown."""

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
BLUR_HELP = "An aid and no guarantee: some are missed, so look through what was made"

Known = Callable[[str], Faces | None]
"""Digest of a video -> its known faces, checked by the user or not."""


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
    """Return analysed videos with their faces; those that have some keep them.

    Args:
        videos: Analysed videos.
        token: Checked after every frame that is searched.
        report: Told of every frame that is searched.
        known: Asked first; only what is not known is searched, each video once.
        found: Told of what was searched.

    Raises:
        VideoError: A video cannot be read, or the detector cannot be used: boxes can then be drawn by hand.
    """
    by_digest = {e.analysis.video.digest: e.faces for e in videos if e.faces is not None}
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
            e,
            faces=by_digest[e.analysis.video.digest],
            cameras=tuple(_with_faces(camera, token, report, known, found) for camera in e.cameras),
        )
        for e in videos
    ]


def _with_faces(
    shown: ShownCamera, token: CancelToken, report: Report, known: Known, found: Callable[[Faces], None]
) -> ShownCamera:
    """Return a camera with its faces; one whose file cannot be used is not shown, and has none."""
    camera = shown.camera
    if shown.faces is not None or camera.path is None:
        return shown
    faces = known(camera.digest)
    if faces is None:
        try:
            reader = VideoReader(camera.path, token)
        except VideoError:  # it is not shown, and a warning says so
            return shown
        with reader:
            faces = find_faces(reader, token=token, report=report)
        found(faces)
    return replace(shown, faces=faces)


def blur_warnings(videos: Sequence[AnalysedVideo]) -> tuple[str, ...]:
    """Return warnings on blurred faces, one sentence a video and one for all."""
    shown = {e.analysis.video.digest: (e.path.name, e.faces) for e in videos if e.faces is not None}
    shown |= {c.camera.digest: (c.camera.name, c.faces) for e in videos for c in e.cameras if c.faces is not None}
    notes = [format_blurring(name, faces) for name, faces in shown.values()]
    return (*notes, LOOK_THROUGH) if notes else ()
