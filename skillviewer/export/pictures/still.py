"""Stills: one frame with its map, text, score curve and colour bar."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.export.analysed_video import AnalysedVideo, check_frame, open_readers
from skillviewer.export.destination import atomic_output
from skillviewer.export.pictures.blurring import check_faces
from skillviewer.export.pictures.clip import clip_canvas
from skillviewer.export.pictures.frame_schedule import frames_of_part
from skillviewer.export.pictures.picture_options import StillOptions
from skillviewer.export.rendering.clip_canvas import Span
from skillviewer.media.reading.reader import VideoReader

STILL_SUFFIXES = (".png",)


def paint_still(videos: Sequence[AnalysedVideo], options: StillOptions) -> RGBImage:
    """Return a still, (H, W, 3) uint8 RGB.

    Raises:
        ExportError: There is no video, the frame is outside the video, or the videos have no common clock.
        VideoError: A video cannot be read.
    """
    check_faces(videos, options)
    if not videos:
        raise ExportError("There is nothing to show in a still.")
    first = videos[0].analysis
    frame = int(first.samples.max()) if options.frame is None else options.frame
    check_frame(first, frame)
    frames_of_part(videos)  # raises if different videos have no common clock
    span = Span(first.start_s, max(video.analysis.stop_s for video in videos))
    canvas = clip_canvas(videos, options, span)
    clock_s = float(first.video.times_s[frame])
    frames = [frame]
    frames += [video.analysis.video.frame_at(clock_s) for video in videos[1:]]
    pictures = []
    with open_readers(videos) as readers:
        for index, (video, reader) in enumerate(zip(videos, readers, strict=True)):
            decoded_frame = next(reader.stream([frames[index]]))
            box = canvas.layout.panes[index].picture
            pictures.append(video.picture(decoded_frame, (box.width, box.height)))
    return canvas.paint(clock_s, frames, pictures).copy()


def export_still(
    source: VideoReader | str | Path,
    analysis: Analysis,
    path: str | Path,
    options: StillOptions | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write one frame with its map as PNG; see ``StillOptions``.

    Raises:
        ExportError: The frame does not exist, or the file is refused or cannot be written.
        VideoError: The video cannot be read.
    """
    source = Path(source) if isinstance(source, str) else source
    path = Path(path)
    return export_stills([AnalysedVideo(analysis, source=source)], path, options, overwrite=overwrite)


def export_stills(
    videos: Sequence[AnalysedVideo], path: Path, options: StillOptions | None = None, *, overwrite: bool = False
) -> Path:
    """Write the same time of one or more videos side by side, as PNG; see ``export_still``."""
    from PIL import Image

    if options is None:
        options = StillOptions()
    with atomic_output(path, STILL_SUFFIXES, overwrite=overwrite) as temp_path:
        picture = paint_still(videos, options)
        Image.fromarray(picture).save(temp_path, format="PNG")
    return path
