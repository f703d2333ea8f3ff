"""A still: one frame as it is seen, with its map, words, curve and colour bar."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.export.analysed_video import AnalysedVideo, check_frame, open_readers
from skillviewer.export.destination import atomic_output
from skillviewer.export.pictures.blurring import check_faces
from skillviewer.export.pictures.clip import clip_canvas
from skillviewer.export.pictures.frame_schedule import common_part
from skillviewer.export.pictures.picture_options import StillOptions
from skillviewer.export.rendering.canvas import Span
from skillviewer.media.reading.reader import VideoReader

STILL_SUFFIXES = (".png",)


def paint_still(videos: Sequence[AnalysedVideo], options: StillOptions) -> RGBImage:
    """Return a still, (H, W, 3) uint8 RGB.

    Raises:
        ExportError: No video, or a frame that the video does not have.
        VideoError: A video cannot be read.
    """
    check_faces(videos, options)
    if not videos:
        raise ExportError("There is nothing to show in a still.")
    first = videos[0].analysis
    frame = int(first.samples.max()) if options.frame is None else options.frame
    check_frame(first, frame)
    common_part(videos)  # different videos need a common clock
    span = Span(first.start_s, max(e.analysis.stop_s for e in videos))
    canvas = clip_canvas(videos, options, span)
    clock_s = float(first.video.times_s[frame])
    frames = [frame, *(e.analysis.video.frame_at(clock_s) for e in videos[1:])]
    pictures = []
    with open_readers(videos) as readers:
        for video, reader, frame_index, pane in zip(videos, readers, frames, canvas.layout.panes, strict=True):
            decoded = next(reader.stream([frame_index]))
            pictures.append(video.picture(decoded, (pane.picture.width, pane.picture.height)))
    return canvas.paint(clock_s, frames, pictures).copy()


def export_still(
    source: VideoReader | str | Path,
    analysis: Analysis,
    path: str | Path,
    options: StillOptions | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write one frame as it is seen, as PNG; see ``StillOptions``.

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
    """Write one moment of one or more videos side by side, as PNG; see ``export_still``."""
    from PIL import Image

    with atomic_output(path, STILL_SUFFIXES, overwrite=overwrite) as temporary:
        picture = paint_still(videos, options if options is not None else StillOptions())
        Image.fromarray(picture).save(temporary, format="PNG")
    return path
