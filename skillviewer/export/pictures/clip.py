"""Annotated clips: one analysed video, or several side by side on one clock, with their curve, words and colour bar."""

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
from skillviewer.export.pictures.frame_schedule import plan_frames
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.preview import Preview
from skillviewer.export.rendering.canvas import ClipCanvas, Span, bar_owners
from skillviewer.export.rendering.layout import Layout, lay_out, picture_sizes
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import Sound, SoundReader, has_sound
from skillviewer.media.writing.sound_track import ENCODERS
from skillviewer.media.writing.writer import VideoWriter, rate_of_last_frame_hz

_CHECK_TILE_HEIGHT_PX = 480  # of camera tiles that are only checked for missing parts, never painted
CLIP_SUFFIXES = (".mp4", ".webm", ".gif")
_MIN_FRAME_SECONDS = {".mp4": 1e-4, ".webm": 2e-3, ".gif": 0.02}
"""Shortest time between frames that each format can store; browsers show a GIF's frame for at least 0.02 s."""


def clip_layout(analyses: Sequence[Analysis], options: ClipOptions | StillOptions) -> Layout:
    """Return the layout of a clip or a still."""
    return lay_out(
        picture_sizes([(a.video.width_px, a.video.height_px) for a in analyses], options.size, options.columns),
        columns=options.columns,
        title=bool(clip_title(analyses, options)),
        labels=options.labels,
        curve=options.curve,
        n_bars=len(bar_owners(analyses, options.look)) if options.labels else 0,
    )


def clip_title(analyses: Sequence[Analysis], options: ClipOptions | StillOptions) -> str:
    """Return the title of a clip or a still; if a model does not know such videos, it says so whatever the options."""
    return " · ".join(filter(None, (options.title, unfamiliar_sentence(analyses))))


def clip_canvas(videos: Sequence[AnalysedVideo], options: ClipOptions | StillOptions, span: Span) -> ClipCanvas:
    """Return the canvas that a clip or a still is painted on."""
    analyses = [video.analysis for video in videos]
    captions = [video.title for video in videos]
    alignments = [video.alignment for video in videos]
    layout = clip_layout(analyses, options)
    return ClipCanvas(
        analyses,
        clip_title(analyses, options),
        captions,
        layout,
        span,
        options.look,
        options.theme,
        alignments,
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
    """Write an annotated clip of one or more videos, or of several models' views of one, on one clock.

    All videos run on the clock of their presentation times. After writing, the file is read back, and its number of
    frames, its size and its duration are checked.

    Raises:
        ExportError: There is no video, the range lies outside the video, faces are to be blurred and were not searched
            for, or the file is refused or cannot be written.
        VideoError: A video cannot be read.
        Cancelled: The token was cancelled; no part of a file is left.
    """
    path = Path(path)
    options = options if options is not None else ClipOptions()
    if not videos:
        raise ExportError(f"There is nothing to show in the clip {path}.")
    check_faces(videos, options)
    check_destination(path, CLIP_SUFFIXES, overwrite=overwrite)
    plan = plan_frames(videos, options, _MIN_FRAME_SECONDS[path.suffix.lower()])
    canvas = clip_canvas(videos, options, plan.span)
    sizes = [(p.picture.width, p.picture.height) for p in canvas.layout.panes]
    total = len(plan.times_s)
    rate_hz = rate_of_last_frame_hz(plan.stop_s - float(plan.times_s[-1]))
    width = canvas.layout.width
    height = canvas.layout.height
    quality = options.quality
    make_folder(path)
    with (
        open_readers(videos) as readers,
        _tiles(videos, options, height) as tiles,
        VideoWriter(
            path,
            width + (tiles.width_px if tiles is not None else 0),
            height,
            rate_hz=rate_hz,
            quality=quality,
            overwrite=overwrite,
            sound=_sound(videos, options, path, plan.span),
        ) as writer,
        closing(prefetched(_pictures(videos, readers, plan.frames, sizes))) as decoded,
    ):
        for index, pictures in enumerate(decoded):
            token.check()
            picture = canvas.paint(float(plan.clock_s[index]), plan.frames[index].tolist(), pictures)
            if tiles is not None:
                picture = np.concatenate([picture, tiles.paint(float(plan.clock_s[index]))], axis=1)
            writer.write(picture, float(plan.times_s[index]))
            report(Progress("writing the clip", index + 1, total))
    return path


def _tiles(videos: Sequence[AnalysedVideo], options: ClipOptions, height_px: int) -> "CameraTiles | nullcontext[None]":
    """Return a context with the tiles of the first video's cameras, or with None: it has none, or they are off."""
    has_cameras = options.cameras and videos[0].cameras
    return (
        CameraTiles(videos[0].cameras, height_px, options.theme, blur=options.blur_faces)
        if has_cameras
        else nullcontext()
    )


def _sound(videos: Sequence[AnalysedVideo], options: ClipOptions, path: Path, span: Span) -> Sound | None:
    if not options.sound or _reason_for_silence(options, path) or not has_sound(videos[0].path):
        return None
    return Sound(videos[0].path, span.start_s, span.stop_s, span.speed)


def _reason_for_silence(options: ClipOptions, path: Path) -> str:
    """Return in a sentence why a clip cannot keep the sound of its video, or ""."""
    if options.blur_faces and not options.sound_with_blur:
        return "The sound is left out: faces are blurred, and a voice identifies its speaker, too."
    if not plays_sound(options.speed):
        return f"The sound is left out: {options.speed:g} times the speed is outside {MIN_SPEED:g} to {MAX_SPEED:g}."
    if path.suffix.lower() not in ENCODERS:
        return f"The sound is left out: {path.suffix} files have none."
    return ""


def clip_warnings(videos: Sequence[AnalysedVideo], options: ClipOptions | None, path: Path) -> tuple[str, ...]:
    """Return warnings on the sound and the cameras of a clip: why they are left out, or what is missing of them.

    A video that has no sound causes no warning.
    """
    options = options if options is not None else ClipOptions()
    return (*_warnings_on_sound(videos, options, path), *_warnings_on_cameras(videos, options))


def _warnings_on_cameras(videos: Sequence[AnalysedVideo], options: ClipOptions) -> tuple[str, ...]:
    if not options.cameras or not videos:
        return ()
    if not videos[0].cameras:
        return (f"{videos[0].path.name} has no other cameras in its study.",)
    try:
        span = plan_frames(videos, options).span
        with CameraTiles(videos[0].cameras, _CHECK_TILE_HEIGHT_PX, options.theme, blur=options.blur_faces) as tiles:
            return tiles.missing(span.start_s, min(span.stop_s, videos[0].analysis.video.duration_s))
    except (ExportError, VideoError) as error:
        return (str(error),)


def _warnings_on_sound(videos: Sequence[AnalysedVideo], options: ClipOptions, path: Path) -> tuple[str, ...]:
    if not options.sound or not videos or not has_sound(videos[0].path):
        return ()
    reason = _reason_for_silence(options, path)
    if reason:
        return (reason,)
    try:
        span = plan_frames(videos, options).span
        envelope = SoundReader(videos[0].path).envelope(videos[0].analysis.video.digest, span.stop_s)
    except (ExportError, VideoError) as error:
        return (str(error),)
    missing = envelope.missing(span.start_s, min(span.stop_s, videos[0].analysis.video.duration_s))
    return (missing,) if missing else ()


def preview_clip(videos: Sequence[AnalysedVideo], options: ClipOptions | None = None) -> Preview:
    """Return a frame of a clip as it will be: the one in its middle, or the first after it in which all have a map.

    Raises:
        ExportError: No video, or a range outside the video.
        VideoError: A video cannot be read.
    """
    options = options if options is not None else ClipOptions()
    if not videos:
        raise ExportError("There is nothing to show in a clip.")
    plan = plan_frames(videos, options)
    canvas = clip_canvas(videos, options, plan.span)
    sizes = [(p.picture.width, p.picture.height) for p in canvas.layout.panes]
    index = _preview_row(plan.frames, [_first_map_frame(video.analysis) for video in videos])
    with open_readers(videos) as readers, _tiles(videos, options, canvas.layout.height) as tiles:
        pictures = next(_pictures(videos, readers, plan.frames[index : index + 1], sizes))
        picture = canvas.paint(float(plan.clock_s[index]), plan.frames[index].tolist(), pictures).copy()
        if tiles is not None:
            picture = np.concatenate([picture, tiles.paint(float(plan.clock_s[index]))], axis=1)
    return Preview(picture, frame=int(plan.frames[index, 0]), n_frames=videos[0].analysis.video.n_frames)


def _first_map_frame(analysis: Analysis) -> int:
    return int(analysis.samples.min()) if analysis.samples.size else 0


def _preview_row(frames: IntArray, first_map_frames: Sequence[int]) -> int:
    """Return the row to preview: the first from the middle on in which every video has a map, else the middle one.

    Args:
        frames: (M, V) int64 frames.
        first_map_frames: The frame of each video from which on it has a map.
    """
    middle = len(frames) // 2
    with_maps = np.flatnonzero((frames >= np.array(first_map_frames)).all(axis=1))
    later = with_maps[with_maps >= middle]
    return int(later[0]) if len(later) else middle


def _pictures(
    videos: Sequence[AnalysedVideo],
    readers: Sequence[VideoReader],
    frames_shown: IntArray,
    sizes: Sequence[tuple[int, int]],
) -> Iterator[list[RGBImage]]:
    """Decode every video once, in order, and give the pictures of one moment after another.

    Args:
        videos: Analysed videos, one per pane; their ``picture`` blurs faces if that is asked for.
        readers: One for each pane; panes of one video share a reader.
        frames_shown: (M, V) int64 frames; no column descends.
        sizes: (width_px, height_px) of each pane.
    """
    decoding_pane: dict[int, int] = {}  # by reader: the first pane that it serves decodes for all
    for pane, reader in enumerate(readers):
        decoding_pane.setdefault(id(reader), pane)
    streams = {pane: readers[pane].stream(np.unique(frames_shown[:, pane])) for pane in decoding_pane.values()}
    current = {pane: next(stream) for pane, stream in streams.items()}
    pictures: dict[tuple[int, tuple[int, int], int], RGBImage] = {}
    for row in frames_shown:
        for pane, stream in streams.items():
            if current[pane].index != row[pane]:
                current[pane] = next(stream)
                pictures = {key: picture for key, picture in pictures.items() if key[0] != pane}
        out = []
        for video, reader, size in zip(videos, readers, sizes, strict=True):
            source = decoding_pane[id(reader)]
            key = (source, size, id(video.faces))
            if key not in pictures:
                pictures[key] = video.picture(current[source], size)
            out.append(pictures[key])
        yield out
