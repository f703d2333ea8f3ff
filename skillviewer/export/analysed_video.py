"""One analysed video as it enters an export."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.faces.faces import Faces, fits
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.tracks.track_drawing import TrackDrawing, draw_tracks
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.cameras import Camera
from skillviewer.media.faces import blurred
from skillviewer.media.reading.reader import DecodedFrame, VideoReader


@dataclass(frozen=True, slots=True)
class ShownCamera:
    """A further camera of an analysed video, and the faces that are blurred in it, or None."""

    camera: Camera
    faces: Faces | None = None


@dataclass(frozen=True, slots=True)
class AnalysedVideo:
    """One analysed video, or one model's view of it, in an export.

    Attributes:
        analysis: Its analysis.
        title: Title next to it (name of the video or of the model); "" for none.
        source: Source of the pictures: an open reader, a path, or None for the analysis's own path.
        faces: Faces that are blurred wherever the video is shown, or None.
        evidence: Evidence for the score, for the exports that show it, or None.
        annotations: What users of a study said along its time, for the exports that show it.
        cameras: Further cameras of the attempt, for clips that show them.
        alignment: Alignment of the first video with this one, where both run on the first one's clock, or None.
        tracks: Tracks that are drawn over the pictures, or None.
        video_name: Name of the video in tables over a study, or "" for that of its file.
        model_name: Name of the model in those tables, or "" for that of its checkpoint.

    Raises:
        ExportError: The analysis is not finished, or the faces are of another video.
    """

    analysis: Analysis
    title: str = ""
    source: VideoReader | Path | None = None
    faces: Faces | None = None
    evidence: Evidence | None = None
    annotations: tuple[Annotation, ...] = ()
    alignment: Alignment | None = None
    cameras: tuple[ShownCamera, ...] = ()
    tracks: TrackSet | None = None
    video_name: str = ""
    model_name: str = ""

    def __post_init__(self) -> None:
        if not self.analysis.complete:
            raise ExportError(f"{self.analysis.video.path} has not been assessed to its end: assess it first.")
        if self.faces is not None and not fits(self.faces, self.analysis.video.digest):
            raise ExportError(
                f"The face boxes are of another video than {self.analysis.video.path.name}: look for faces again."
            )

    @property
    def path(self) -> Path:
        """Path of the video."""
        if isinstance(self.source, VideoReader):
            return self.source.info.path
        return self.source if self.source is not None else self.analysis.video.path

    def picture(self, decoded: DecodedFrame, size: tuple[int, int] | None = None) -> RGBImage:
        """Return a frame as it may be shown, before a map is laid over it: with faces blurred where that is wished.

        ``size`` is (width_px, height_px), None for the video's own.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        picture = decoded.rgb(size)
        return picture if self.faces is None else blurred(picture, self.faces.boxes_at(decoded.index))

    def drawings(self, frame: int) -> tuple[TrackDrawing, ...]:
        """Return the tracks that are drawn over a frame of the file; none without tracks."""
        return () if self.tracks is None else draw_tracks(self.tracks, frame)


def check_frame(analysis: Analysis, frame: int) -> None:
    """Refuse by an ExportError a frame that a video, or the part of it that was analysed, does not have."""
    frames = analysis.frames
    n = analysis.video.n_frames
    name = analysis.video.path.name
    if not 0 <= frame < n:
        raise ExportError(f"{name} has no frame {frame}: its {n} frames are numbered 0 to {n - 1}.")
    if frame not in frames:
        raise ExportError(
            f"Frame {frame} of {name} is not of the part that was asked for, which has frames {frames[0]} to "
            f"{frames[-1]}."
        )


@contextmanager
def opened(videos: Sequence[AnalysedVideo]) -> Iterator[list[VideoReader]]:
    """Open the files of analysed videos, each once; close those that were opened here.

    Yields:
        One reader for each video; videos of one file share a reader.

    Raises:
        VideoError: A file cannot be read.
        ExportError: A file is not the video that was analysed.
    """
    with ExitStack() as stack:
        by_path: dict[Path, VideoReader] = {}
        readers = []
        for video in videos:
            source = video.source if video.source is not None else video.analysis.video.path
            if isinstance(source, VideoReader):
                reader = source
            else:
                if source not in by_path:
                    by_path[source] = stack.enter_context(VideoReader(source))
                reader = by_path[source]
            if reader.info.digest != video.analysis.video.digest:
                changed = "it was changed or replaced. Assess it again."
                raise ExportError(f"{reader.info.path} is not the video that was analysed: {changed}")
            readers.append(reader)
        yield readers
