"""Annotated clips of one analysed video, or of several side by side, with score curve, text and colour bar."""

from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_text import unfamiliar_sentence
from skillviewer.core.arrays import IntArray, RGBImage
from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.prefetch import prefetched
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.sound import MAX_SPEED, MIN_SPEED, plays_sound
from skillviewer.export.analysed_video import AnalysedVideo, open_readers
from skillviewer.export.destination import check_destination, make_folder
from skillviewer.export.pictures.blurring import check_faces
from skillviewer.export.pictures.camera_tiles import CameraTiles
from skillviewer.export.pictures.frame_schedule import FrameSchedule, schedule_frames
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.preview import Preview
from skillviewer.export.rendering.clip_canvas import ClipCanvas, Span
from skillviewer.export.rendering.common_scales import colour_bar_indices
from skillviewer.export.rendering.layout import Layout, lay_out, picture_sizes
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import Sound, SoundReader, has_sound
from skillviewer.media.writing.sound_track import ENCODERS
from skillviewer.media.writing.writer import VideoWriter, rate_of_last_frame_hz

_CHECK_TILE_HEIGHT_PX = 480  # height of camera tiles that are checked for missing pictures and never painted
CLIP_SUFFIXES = (".mp4", ".webm", ".gif")
_MIN_FRAME_SECONDS = {".mp4": 1e-4, ".webm": 2e-3, ".gif": 0.02}
"""Shortest time between frames that each format can store; browsers show a GIF's frame for at least 0.02 s."""


def clip_layout(analyses: Sequence[Analysis], options: ClipOptions | StillOptions) -> Layout:
    """Return the layout of a clip or a still."""
    video_sizes = [(analysis.video.width_px, analysis.video.height_px) for analysis in analyses]
    n_bars = len(colour_bar_indices(analyses, options.look)) if options.labels else 0
    return lay_out(
        picture_sizes(video_sizes, options.size, options.columns),
        columns=options.columns,
        title=bool(clip_title(analyses, options)),
        labels=options.labels,
        curve=options.curve,
        n_bars=n_bars,
    )


def clip_title(analyses: Sequence[Analysis], options: ClipOptions | StillOptions) -> str:
    """Return the title of a clip or a still; it always tells if a video is unfamiliar to a model."""
    sentences = (options.title, unfamiliar_sentence(analyses))
    return " · ".join(sentence for sentence in sentences if sentence)


def clip_canvas(videos: Sequence[AnalysedVideo], options: ClipOptions | StillOptions, span: Span) -> ClipCanvas:
    """Return the canvas that a clip or a still is painted on."""
    analyses = [video.analysis for video in videos]
    return ClipCanvas(
        analyses,
        title=clip_title(analyses, options),
        captions=[video.title for video in videos],
        layout=clip_layout(analyses, options),
        span=span,
        map_style=options.look,
        theme=options.theme,
        alignments=[video.alignment for video in videos],
        unfamiliar_scores=options.unfamiliar_scores,
        track_drawings=[video.track_drawings for video in videos],
    )


def export_clip(
    source: VideoReader | str | Path,
    analysis: Analysis,
    path: str | Path,
    options: ClipOptions | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
    *,
    overwrite: bool = False,
) -> Path:
    """Write an annotated clip of one video; see ``export_grid``."""
    source = Path(source) if isinstance(source, str) else source
    path = Path(path)
    return export_grid(
        [AnalysedVideo(analysis, source=source)], path, options, overwrite=overwrite, token=token, report=report
    )


def export_grid(
    videos: Sequence[AnalysedVideo],
    path: str | Path,
    options: ClipOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> Path:
    """Write an annotated clip of one or more videos, or of one video under several models.

    All videos share one clock, that of their presentation times. After writing, the file is read back, and its number
    of frames, its size and its duration are checked.

    Raises:
        ExportError: There is no video, the range lies outside the video, faces to blur were not searched for, or the
            file is refused or cannot be written.
        VideoError: A video cannot be read.
        Cancelled: The token was cancelled; no part of a file is left.
    """
    path = Path(path)
    options = options if options is not None else ClipOptions()
    if not videos:
        raise ExportError(f"There is nothing to show in the clip {path}.")
    check_faces(videos, options)
    check_destination(path, CLIP_SUFFIXES, overwrite=overwrite)
    schedule = schedule_frames(videos, options, _MIN_FRAME_SECONDS[path.suffix.lower()])
    canvas = clip_canvas(videos, options, schedule.span)
    height_px = canvas.layout.height
    n_frames = len(schedule.times_s)
    last_frame_s = schedule.stop_s - float(schedule.times_s[-1])
    make_folder(path)
    with open_readers(videos) as readers, _open_tiles(videos, options, height_px) as tiles:
        tiles_width_px = tiles.width_px if tiles is not None else 0
        writer = VideoWriter(
            path,
            canvas.layout.width + tiles_width_px,
            height_px,
            rate_hz=rate_of_last_frame_hz(last_frame_s),
            quality=options.quality,
            overwrite=overwrite,
            sound=_sound_of_clip(videos, options, path, schedule.span),
        )
        all_pictures = _iter_pictures(videos, readers, schedule.frames, _pane_sizes(canvas))
        with writer, closing(prefetched(all_pictures)) as prefetched_pictures:
            for index, pictures in enumerate(prefetched_pictures):
                token.check()
                picture = _paint_frame(canvas, tiles, schedule, index, pictures)
                writer.write(picture, float(schedule.times_s[index]))
                report(Progress("writing the clip", index + 1, n_frames))
    return path


def _pane_sizes(canvas: ClipCanvas) -> list[tuple[int, int]]:
    return [(pane.picture.width, pane.picture.height) for pane in canvas.layout.panes]


def _paint_frame(
    canvas: ClipCanvas, tiles: CameraTiles | None, schedule: FrameSchedule, index: int, pictures: Sequence[RGBImage]
) -> RGBImage:
    """Return one frame of the clip; without cameras it is memory of the canvas, which the next frame overwrites."""
    clock_s = float(schedule.clock_s[index])
    picture = canvas.paint(clock_s, schedule.frames[index].tolist(), pictures)
    return picture if tiles is None else np.concatenate([picture, tiles.paint(clock_s)], axis=1)


def _open_tiles(
    videos: Sequence[AnalysedVideo], options: ClipOptions, height_px: int
) -> "CameraTiles | nullcontext[None]":
    """Return a context with the tiles of the first video's cameras, or with None if no cameras are shown."""
    cameras = videos[0].cameras
    if not options.cameras or not cameras:
        return nullcontext()
    return CameraTiles(cameras, height_px, options.theme, blur_faces=options.blur_faces)


def _sound_of_clip(videos: Sequence[AnalysedVideo], options: ClipOptions, path: Path, span: Span) -> Sound | None:
    if not options.sound or _reason_for_silence(options, path) or not has_sound(videos[0].path):
        return None
    return Sound(videos[0].path, span.start_s, span.stop_s, span.speed)


def _reason_for_silence(options: ClipOptions, path: Path) -> str:
    """Return a sentence on why a clip cannot keep the sound of its video, or ""."""
    if options.blur_faces and not options.sound_with_blur:
        return "The sound is left out: faces are blurred, and a voice identifies its speaker, too."
    if not plays_sound(options.speed):
        return f"The sound is left out: {options.speed:g} times the speed is outside {MIN_SPEED:g} to {MAX_SPEED:g}."
    if path.suffix.lower() not in ENCODERS:
        return f"The sound is left out: {path.suffix} files have none."
    return ""


def clip_warnings(videos: Sequence[AnalysedVideo], options: ClipOptions | None, path: Path) -> tuple[str, ...]:
    """Return warnings on missing sound and missing cameras of a clip.

    A video without sound causes no warning.
    """
    options = options if options is not None else ClipOptions()
    return (*_sound_warnings(videos, options, path), *_camera_warnings(videos, options))


def _camera_warnings(videos: Sequence[AnalysedVideo], options: ClipOptions) -> tuple[str, ...]:
    if not options.cameras or not videos:
        return ()
    video = videos[0]
    if not video.cameras:
        return (f"{video.path.name} has no other cameras in its study.",)
    try:
        span = schedule_frames(videos, options).span
        with CameraTiles(video.cameras, _CHECK_TILE_HEIGHT_PX, options.theme, blur_faces=options.blur_faces) as tiles:
            return tiles.describe_gaps(span.start_s, min(span.stop_s, video.analysis.video.duration_s))
    except (ExportError, VideoError) as error:
        return (str(error),)


def _sound_warnings(videos: Sequence[AnalysedVideo], options: ClipOptions, path: Path) -> tuple[str, ...]:
    if not options.sound or not videos or not has_sound(videos[0].path):
        return ()
    reason = _reason_for_silence(options, path)
    if reason:
        return (reason,)
    info = videos[0].analysis.video
    try:
        span = schedule_frames(videos, options).span
        envelope = SoundReader(videos[0].path).envelope(info.digest, span.stop_s)
    except (ExportError, VideoError) as error:
        return (str(error),)
    warning = envelope.describe_missing(span.start_s, min(span.stop_s, info.duration_s))
    return (warning,) if warning else ()


def preview_clip(videos: Sequence[AnalysedVideo], options: ClipOptions | None = None) -> Preview:
    """Return the middle frame of a clip, or the first frame after it in which all videos have a map.

    Raises:
        ExportError: There is no video, or the range lies outside the video.
        VideoError: A video cannot be read.
    """
    options = options if options is not None else ClipOptions()
    if not videos:
        raise ExportError("There is nothing to show in a clip.")
    schedule = schedule_frames(videos, options)
    canvas = clip_canvas(videos, options, schedule.span)
    index = _preview_index(schedule.frames, [_first_map_frame(video.analysis) for video in videos])
    with open_readers(videos) as readers, _open_tiles(videos, options, canvas.layout.height) as tiles:
        frames = schedule.frames[index : index + 1]
        pictures = next(_iter_pictures(videos, readers, frames, _pane_sizes(canvas)))
        picture = _paint_frame(canvas, tiles, schedule, index, pictures).copy()
    return Preview(picture, frame=int(schedule.frames[index, 0]), n_frames=videos[0].analysis.video.n_frames)


def _first_map_frame(analysis: Analysis) -> int:
    return int(analysis.samples.min()) if analysis.samples.size else 0


def _preview_index(frames: IntArray, first_map_frames: Sequence[int]) -> int:
    """Return the index of the middle row, or of the first row after it in which every video has a map.

    Args:
        frames: (M, V) int64 frames of V videos.
        first_map_frames: First frame of each video that has a map.
    """
    middle = len(frames) // 2
    with_maps = np.flatnonzero((frames >= np.array(first_map_frames)).all(axis=1))
    candidates = with_maps[with_maps >= middle]
    return int(candidates[0]) if len(candidates) else middle


def _iter_pictures(
    videos: Sequence[AnalysedVideo], readers: Sequence[VideoReader], frames: IntArray, sizes: Sequence[tuple[int, int]]
) -> Iterator[list[RGBImage]]:
    """Decode every file once, in order, and yield the pictures of all panes for each row of ``frames``.

    Args:
        videos: Analysed videos, one for each pane.
        readers: Readers of the panes; panes of one file share a reader.
        frames: (M, V) int64 frames; no column descends.
        sizes: (width_px, height_px) of each pane.
    """
    first_panes: dict[int, int] = {}  # first pane of each reader, by the identity of the reader
    for pane, reader in enumerate(readers):
        first_panes.setdefault(id(reader), pane)
    streams = {pane: readers[pane].stream(np.unique(frames[:, pane])) for pane in first_panes.values()}
    decoded_frames = {pane: next(stream) for pane, stream in streams.items()}
    pictures: dict[tuple[int, tuple[int, int], int], RGBImage] = {}
    for row in frames:
        for pane, stream in streams.items():
            if decoded_frames[pane].index != row[pane]:
                decoded_frames[pane] = next(stream)
                pictures = {key: picture for key, picture in pictures.items() if key[0] != pane}
        row_pictures = []
        for video, reader, size in zip(videos, readers, sizes, strict=True):
            first_pane = first_panes[id(reader)]
            key = (first_pane, size, id(video.faces))
            if key not in pictures:
                pictures[key] = video.picture(decoded_frames[first_pane], size)
            row_pictures.append(pictures[key])
        yield row_pictures
