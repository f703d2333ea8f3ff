"""Search for the faces of analysed videos whose exports blur faces, checks, and warnings."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.faces.blurring_text import LOOK_THROUGH, format_blurring
from skillviewer.core.faces.faces import Faces
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.export.analysed_video import AnalysedVideo, ShownCamera, open_readers
from skillviewer.media.faces import find_faces
from skillviewer.media.reading.reader import VideoReader

BLUR_TITLE = "Blur faces"
BLUR_HELP = "An aid, not a guarantee: some faces are missed, so check every picture of the export"


class SavedFaces(Protocol):
    """Store of the faces of videos, with the corrections of users; see ``data.faces_file.FaceStore``."""

    def get(self, digest: str) -> Faces | None:
        """Return the faces of a video, or None if the video was never searched."""

    def put(self, faces: Faces) -> None:
        """Save the faces of a video."""


class OptionsWithVideos(Protocol):
    """Options that hold further videos to show, next to those that are exported."""

    @property
    def further_videos(self) -> tuple[AnalysedVideo, ...]:
        """The further videos."""

    def with_further_videos(self, videos: Sequence[AnalysedVideo]) -> "OptionsWithVideos":
        """Return a copy of the options with these further videos."""


def wants_blurring(options: object) -> bool:
    """Return whether options ask for blurred faces."""
    return bool(getattr(options, "blur_faces", False))


def resolve_faces(
    videos: Sequence[AnalysedVideo],
    options: Any,  # noqa: ANN401 - options of an exporter
    saved_faces: SavedFaces | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> tuple[list[AnalysedVideo], Any]:
    """Give all videos and cameras of an export their faces, if its options ask for blurred faces.

    Faces that come with a video or are saved are used. All other videos are searched once, and their faces are saved.

    Args:
        videos: Analysed videos, with their cameras.
        options: Options of the exporter; they may hold further videos.
        saved_faces: Store that faces are read from and saved to, or None.
        token: Checked after every searched frame.
        report: Receives the progress after every searched frame.

    Returns:
        The videos and the options, both with faces.

    Raises:
        VideoError: A video cannot be read, or the detector cannot be used: boxes can then be drawn by hand.
    """
    if not wants_blurring(options):
        return list(videos), options
    further = _further_videos(options)
    search = _FaceSearch(saved_faces, token, report)
    with_faces = search.with_faces([*videos, *further])
    if further:
        options = options.with_further_videos(with_faces[len(videos) :])
    return with_faces[: len(videos)], options


def check_faces(videos: Sequence[AnalysedVideo], options: object) -> None:
    """Raise an ExportError if options ask for blurred faces, and a video comes without faces."""
    if not wants_blurring(options):
        return
    for video in (*videos, *_further_videos(options)):
        if video.faces is None:
            raise ExportError(
                f"Faces of {video.path.name} were not searched for, so nothing is written: use the method “export” of "
                "the exporter, which searches for them, or give the video its faces."
            )


def _further_videos(options: Any) -> tuple[AnalysedVideo, ...]:  # noqa: ANN401 - options of an exporter
    return tuple(getattr(options, "further_videos", ()))


class _FaceSearch:
    """Search for faces, without videos that come with faces or have saved ones."""

    def __init__(self, saved: SavedFaces | None, token: CancelToken, report: Report) -> None:
        self._saved = saved
        self._token = token
        self._report = report

    def with_faces(self, videos: Sequence[AnalysedVideo]) -> list[AnalysedVideo]:
        faces_by_digest = {video.analysis.video.digest: video.faces for video in videos if video.faces is not None}
        for video in videos:
            digest = video.analysis.video.digest
            faces = faces_by_digest.get(digest)
            if faces is None:
                faces = self._load(digest)
            if faces is None:
                with open_readers([video]) as (reader,):
                    faces = self._search(reader)
            faces_by_digest[digest] = faces
        return [
            replace(
                video,
                faces=faces_by_digest[video.analysis.video.digest],
                cameras=tuple(self._camera_with_faces(camera) for camera in video.cameras),
            )
            for video in videos
        ]

    def _camera_with_faces(self, shown_camera: ShownCamera) -> ShownCamera:
        """Return a camera with its faces; unchanged if its file is missing or cannot be read."""
        camera = shown_camera.camera
        if shown_camera.faces is not None or camera.path is None:
            return shown_camera
        faces = self._load(camera.digest)
        if faces is None:
            try:
                reader = VideoReader(camera.path, self._token)
            except VideoError:  # the export shows no picture of this camera, and warns
                return shown_camera
            with reader:
                faces = self._search(reader)
        return replace(shown_camera, faces=faces)

    def _load(self, digest: str) -> Faces | None:
        return self._saved.get(digest) if self._saved is not None else None

    def _search(self, reader: VideoReader) -> Faces:
        faces = find_faces(reader, token=self._token, report=self._report)
        if self._saved is not None:
            self._saved.put(faces)
        return faces


def blur_warnings(videos: Sequence[AnalysedVideo], options: object = None) -> tuple[str, ...]:
    """Return warnings on blurred faces: a sentence for each video and camera, and one for all."""
    videos = (*videos, *_further_videos(options))
    warnings_by_digest: dict[str, str] = {}
    for video in videos:
        if video.faces is not None:
            warnings_by_digest[video.analysis.video.digest] = format_blurring(video.path.name, video.faces)
    for video in videos:
        for shown_camera in video.cameras:
            if shown_camera.faces is not None:
                warning = format_blurring(shown_camera.camera.name, shown_camera.faces)
                warnings_by_digest[shown_camera.camera.digest] = warning
    if not warnings_by_digest:
        return ()
    return (*warnings_by_digest.values(), LOOK_THROUGH)
