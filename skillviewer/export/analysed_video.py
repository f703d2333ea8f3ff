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
    """A further camera of an analysed video."""

    camera: Camera
    faces: Faces | None = None  # faces to blur in its pictures, or None


@dataclass(frozen=True, slots=True)
class AnalysedVideo:
    """One analysed video, or one model's view of it, in an export.

    Attributes:
        analysis: Complete analysis of the video by one model.
        title: Title shown next to the video (name of the video or of the model); "" for none.
        source: Open reader or path that frames are read from; None for the path in the analysis.
        faces: Faces to blur in every picture, or None.
        evidence: Evidence for the score, or None; for exports that show evidence.
        annotations: Annotations from the study; for exports that show annotations.
        alignment: Alignment of the export's first video with this one, or None. An aligned video follows the clock of
            the first.
        cameras: Further cameras of the attempt; for clips.
        tracks: Tracks to draw over the pictures, or None.
        video_name: Name of the video in tables over a study; "" for the name of its file.
        model_name: Name of the model in those tables; "" for the name of its checkpoint.

    Raises:
        ExportError: The analysis is incomplete, or the faces belong to another video.
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
    def display_title(self) -> str:
        """The title or, without one, the name of the analysed file without its suffix."""
        return self.title or self.analysis.video.path.stem

    @property
    def path(self) -> Path:
        """Path of the video."""
        if isinstance(self.source, VideoReader):
            return self.source.info.path
        return self.source if self.source is not None else self.analysis.video.path

    def picture(self, decoded: DecodedFrame, size: tuple[int, int] | None = None) -> RGBImage:
        """Return a decoded frame as RGB, with the faces blurred if the video has any; maps are painted later.

        ``size`` is (width_px, height_px), or None for the size of the video.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        picture = decoded.rgb(size)
        if self.faces is None:
            return picture
        return blurred(picture, self.faces.boxes_at(decoded.index))

    def track_drawings(self, frame: int) -> tuple[TrackDrawing, ...]:
        """Return the drawings of the tracks at a frame of the file; empty without tracks."""
        return () if self.tracks is None else draw_tracks(self.tracks, frame)


def check_frame(analysis: Analysis, frame: int) -> None:
    """Raise an ExportError if a frame is outside a video, or outside the analysed part of the video."""
    analysed_frames = analysis.frames
    n_frames = analysis.video.n_frames
    name = analysis.video.path.name
    if not 0 <= frame < n_frames:
        raise ExportError(f"{name} has no frame {frame}: its {n_frames} frames are numbered 0 to {n_frames - 1}.")
    if frame not in analysed_frames:
        raise ExportError(
            f"Frame {frame} of {name} is outside the analysed part, which has frames {analysed_frames[0]} to "
            f"{analysed_frames[-1]}."
        )


@contextmanager
def open_readers(videos: Sequence[AnalysedVideo]) -> Iterator[list[VideoReader]]:
    """Open the files of analysed videos, each once, and close them at the end.

    Readers that come with a video are used, and stay open.

    Yields:
        One reader for each video; videos of one file share a reader.

    Raises:
        VideoError: A file cannot be read.
        ExportError: A file is not the video that was analysed.
    """
    with ExitStack() as stack:
        readers_by_path: dict[Path, VideoReader] = {}
        readers = []
        for video in videos:
            source = video.source if video.source is not None else video.analysis.video.path
            if isinstance(source, VideoReader):
                reader = source
            else:
                if source not in readers_by_path:
                    readers_by_path[source] = stack.enter_context(VideoReader(source))
                reader = readers_by_path[source]
            if reader.info.digest != video.analysis.video.digest:
                raise ExportError(
                    f"{reader.info.path} is not the video that was analysed: it was changed or replaced. Assess it "
                    "again."
                )
            readers.append(reader)
        yield readers
