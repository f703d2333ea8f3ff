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
from skillviewer.export.analysed_video import AnalysedVideo, opened
from skillviewer.export.destination import check, make_folder
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
from skillviewer.media.writing.writer import VideoWriter, last_rate_hz

_CHECKED_PX = 480  # height of tiles that are not drawn
CLIP_SUFFIXES = (".mp4", ".webm", ".gif")
_MIN_FRAME_SECONDS = {".mp4": 1e-4, ".webm": 2e-3, ".gif": 0.02}
"""Least time between frames that a format can tell; browsers show a GIF's frames for 0.02 s at least."""


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
    """Return the title of a clip or a still; it always names a model that does not know such videos."""
    return " · ".join(filter(None, (options.title, unfamiliar_sentence(analyses))))


def clip_canvas(videos: Sequence[AnalysedVideo], options: ClipOptions | StillOptions, span: Span) -> ClipCanvas:
    """Return the canvas that a clip or a still is painted on."""
    analyses = [e.analysis for e in videos]
    captions, alignments = [e.title for e in videos], [e.alignment for e in videos]
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
        drawings=[video.drawings for video in videos],
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

    All videos run on the clock of their presentation times. What was written has been read back: count, size and
    duration are right.

    Raises:
        ExportError: No video, a range outside the video, faces that should be blurred were not searched for, or the
            file is refused or cannot be written.
        VideoError: A video cannot be read.
        Cancelled: The token was raised; nothing is left behind.
    """
    path = Path(path)
    options = options if options is not None else ClipOptions()
    if not videos:
        raise ExportError(f"There is nothing to show in the clip {path}.")
    check_faces(videos, options)
    check(path, CLIP_SUFFIXES, overwrite=overwrite)
    plan = plan_frames(videos, options, _MIN_FRAME_SECONDS[path.suffix.lower()])
    canvas = clip_canvas(videos, options, plan.span)
    sizes = [(p.picture.width, p.picture.height) for p in canvas.layout.panes]
    total = len(plan.times_s)
    rate_hz = last_rate_hz(plan.stop_s - float(plan.times_s[-1]))
    width = canvas.layout.width
    height = canvas.layout.height
    quality = options.quality
    make_folder(path)
    with (
        opened(videos) as readers,
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
    """Return the cameras of the first video, or None without any."""
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
        return f"The sound is left out: at {options.speed:g} times the speed, beyond {MIN_SPEED:g} to {MAX_SPEED:g}."
    if path.suffix.lower() not in ENCODERS:
        return f"The sound is left out: {path.suffix} files have none."
    return ""


def clip_warnings(videos: Sequence[AnalysedVideo], options: ClipOptions | None, path: Path) -> tuple[str, ...]:
    """Return warnings on the sound and the cameras of a clip: why they are left out, or what is missing of them.

    A video without sound gives none.
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
        with CameraTiles(videos[0].cameras, _CHECKED_PX, options.theme, blur=options.blur_faces) as tiles:
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


def preview(videos: Sequence[AnalysedVideo], options: ClipOptions | None = None) -> Preview:
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
    index = _telling(plan.frames, [int(e.analysis.samples.min()) if e.analysis.samples.size else 0 for e in videos])
    with opened(videos) as readers, _tiles(videos, options, canvas.layout.height) as tiles:
        pictures = next(_pictures(videos, readers, plan.frames[index : index + 1], sizes))
        picture = canvas.paint(float(plan.clock_s[index]), plan.frames[index].tolist(), pictures).copy()
        if tiles is not None:
            picture = np.concatenate([picture, tiles.paint(float(plan.clock_s[index]))], axis=1)
    return Preview(picture, frame=int(plan.frames[index, 0]), n_frames=videos[0].analysis.video.n_frames)


def _telling(frames: IntArray, first: Sequence[int]) -> int:
    """Return which frame of a clip tells most of it: the middle one, but not before the maps begin.

    Args:
        frames: (M, V) int64 frames.
        first: The frame of each video from which on it has a map.
    """
    middle = len(frames) // 2
    with_maps = np.flatnonzero((frames >= np.array(first)).all(axis=1))
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
        videos: Analysed videos, one per pane; blurs faces where that is wished.
        readers: One for each pane; panes of one video share a reader.
        frames_shown: (M, V) int64 frames; no column descends.
        sizes: (width_px, height_px) of each pane.
    """
    first = {id(reader): pane for pane, reader in reversed(list(enumerate(readers)))}  # pane that decodes for a reader
    streams = {pane: readers[pane].stream(np.unique(frames_shown[:, pane])) for pane in first.values()}
    current = {pane: next(stream) for pane, stream in streams.items()}
    pictures: dict[tuple[int, tuple[int, int], int], RGBImage] = {}
    for row in frames_shown:
        for pane, stream in streams.items():
            if current[pane].index != row[pane]:
                current[pane] = next(stream)
                pictures = {key: picture for key, picture in pictures.items() if key[0] != pane}
        out = []
        for video, reader, size in zip(videos, readers, sizes, strict=True):
            key = (first[id(reader)], size, id(video.faces))
            if key not in pictures:
                pictures[key] = video.picture(current[key[0]], size)
            out.append(pictures[key])
        yield out
