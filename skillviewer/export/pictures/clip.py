"""Annotated clips: one analysed video, or several side by side on one clock, with their curve, words and colour bar."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.scene import MapStyle
from skillviewer.core.arrays import FloatArray, IntArray, RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.prefetch import prefetched
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.info import VideoInfo
from skillviewer.export.destination import check, make_folder
from skillviewer.export.exhibit import AnalysedVideo, opened
from skillviewer.export.options import offered
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE
from skillviewer.export.preview import Preview
from skillviewer.export.rendering.canvas import ClipCanvas, Span, bar_owners
from skillviewer.export.rendering.layout import Layout, lay_out, picture_sizes
from skillviewer.export.rendering.theme import DARK, THEMES, WHITE, ExportTheme
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.sound import ENCODERS, Sound, has_sound
from skillviewer.media.writing.writer import Quality, VideoWriter, last_rate_hz

CLIP_SUFFIXES = (".mp4", ".webm", ".gif")
_LEAST_S = {".mp4": 1e-4, ".webm": 2e-3, ".gif": 0.02}
"""Least time between frames that a format can tell; browsers show a GIF's frames for 0.02 s at least."""
_SPED_UP_HZ = 60.0
"""Rate beyond which a sped-up clip leaves frames out, unless the video itself has a higher one."""


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """Options of a clip.

    The options say themselves what they are. Several videos share one scale of the maps, and small pictures are scaled
    up until the words can be read. ``Exporter.export`` gives the exhibits their faces.
    """

    start: int = offered(0, "First frame", "Counted from 0", low=0, on_screen=("", 1))
    stop: int | None = offered(
        None, "Stop before frame", "Counted from 0; empty for the end", low=1, on_screen=("Last frame", 0)
    )
    speed: float = offered(1.0, "Speed", "2 plays twice as fast, and says so", low=0.05, high=16, unit="×")
    look: MapStyle = offered(MapStyle(), "Map")
    size: tuple[int, int] | None = offered(None, "Size of a picture", "Filled as far as its proportions let it")
    columns: int = offered(0, "Pictures in a row", "0 for a number that suits", low=0, high=9)
    title: str = offered("", "Title")
    curve: bool = offered(True, "Score curve")
    labels: bool = offered(True, "Words and colour bar")
    theme: ExportTheme = offered(DARK, "Background", choices=THEMES)
    quality: Quality = offered("good", "Quality", "Better is larger")
    align: bool = offered(False, "Align in time", "The others show at each time what the first video shows then")
    sound: bool = offered(False, "Keep the sound", "Left out where the speed is not 1, and in a GIF")
    blur_faces: bool = offered(False, BLUR_TITLE, BLUR_HELP)


@dataclass(frozen=True, slots=True)
class StillOptions:
    """Options of a still.

    The options say themselves what they are. Other videos show what is on screen at the same time as the frame of the
    first; without words and curve the picture stands alone.
    """

    frame: int | None = offered(
        None, "Frame", "Counted from 0; empty for the last sampled one", low=0, on_screen=("", 1)
    )
    look: MapStyle = offered(MapStyle(), "Map")
    size: tuple[int, int] | None = offered(None, "Size of a picture", "Filled as far as its proportions let it")
    columns: int = offered(0, "Pictures in a row", "0 for a number that suits", low=0, high=9)
    title: str = offered("", "Title")
    curve: bool = offered(True, "Score curve")
    labels: bool = offered(True, "Words and colour bar")
    theme: ExportTheme = offered(WHITE, "Background", choices=THEMES)
    blur_faces: bool = offered(False, BLUR_TITLE, BLUR_HELP)


@dataclass(frozen=True, slots=True)
class FrameSchedule:
    """Frames that a clip shows, by time. M frames of the clip, V videos."""

    shown: IntArray  # (M, V) int64, frame of each video, from 0
    clock_s: FloatArray  # (M,) float64, presentation time in the videos
    times_s: FloatArray  # (M,) float64, time in the clip; the first is 0
    stop_s: float  # when the last frame leaves the screen, in the clip
    span: Span  # the part of the videos' clock


def common_part(exhibits: Sequence[AnalysedVideo]) -> range | None:
    """Return the frames of the part of a file that is shown, or None where whole files are.

    Raises:
        ExportError: Different videos are to be shown on one clock, and one of them is a part of a longer file.
    """
    if any(exhibit.alignment is not None for exhibit in exhibits):
        return exhibits[0].analysis.frames
    parts = [exhibit.analysis for exhibit in exhibits if exhibit.analysis.extent is not None]
    if not parts:
        return None
    if len({e.analysis.subject for e in exhibits}) > 1:
        raise ExportError(
            f"{exhibits[0].title or parts[0].video.path.name} is shown next to another video, and one of the two is a "
            "part of a longer file: they have no common clock. Export them one by one."
        )
    return parts[0].frames


def timetable(
    videos: Sequence[VideoInfo],
    options: ClipOptions,
    least_s: float = 0.0,
    part: range | None = None,
    alignments: Sequence[Alignment | None] = (),
) -> FrameSchedule:
    """Lay down what a clip shows when.

    Every frame of the video with the highest rate is shown at its own time; the others show what is on screen then, and
    their last frame when they are over. The clock goes on until the longest ends. Frames are left out where they would
    follow each other too soon: for the format, or because the clip is sped up beyond 60 a second and beyond the video's
    own rate.

    Args:
        videos: One or more.
        options: Start, stop and speed.
        least_s: Least time between frames that the format can tell.
        part: The frames of the first video that stand for the whole, where it is a part of its file.
        alignments: For each video, the alignment of the first with it, or None; () for none. With one, the clip has the
            frames of the first video, and another one shows what is aligned with them.

    Raises:
        ExportError: The range is empty or lies outside the video, or the speed is not positive.
    """
    first = videos[0]
    start, stop = options.start, first.n_frames if options.stop is None else options.stop
    if part is not None:
        asked = (options.start or part.start, part.stop if options.stop is None else options.stop)
        if asked[0] < part.start or asked[1] > part.stop:
            raise ExportError(
                f"Frames {asked[0]} to {asked[1] - 1}, counted from 0, of {first.path.name} reach beyond the part that "
                f"was asked for, which has frames {part.start} to {part.stop - 1}."
            )
        start, stop = asked
    if not 0 <= start < stop <= first.n_frames:
        raise ExportError(
            f"Frames {start} to {stop - 1}, counted from 0, are no part of {first.path.name}, which has "
            f"{first.n_frames}: choose a start before the stop, both within the video."
        )
    if not (options.speed > 0 and math.isfinite(options.speed)):
        raise ExportError(f"A clip cannot be played at {options.speed:g} times its speed: choose a speed above 0.")
    start_s = float(first.times_s[start])
    to_the_end = options.stop is None and part is None
    stop_s = max(v.duration_s for v in videos) if to_the_end else first.end_s(stop - 1)
    aligned = any(alignment is not None for alignment in alignments)
    leading = first if aligned else max(videos, key=lambda v: v.rate_hz)
    clock_s = leading.times_s[(leading.times_s >= start_s - 1e-9) & (leading.times_s < stop_s - 1e-9)]
    if len(clock_s) == 0 or clock_s[0] > start_s + 1e-9:
        clock_s = np.concatenate([[start_s], clock_s])
    if stop_s > leading.duration_s:
        step_s = 1 / leading.rate_hz
        clock_s = np.concatenate([clock_s, np.arange(leading.duration_s, stop_s - step_s / 2, step_s)])
    times_s = (clock_s - start_s) / options.speed
    if options.speed > 1:
        least_s = max(least_s, 1 / max(_SPED_UP_HZ, leading.rate_hz))
    kept = _thinned(times_s, least_s)
    clock_s, times_s = clock_s[kept], times_s[kept]
    clocks = [clock_s if one is None else one.at(clock_s) for one in alignments or [None] * len(videos)]
    frames = [[v.frame_at(float(t)) for t in clock] for v, clock in zip(videos, clocks, strict=True)]
    shown = np.stack(frames, axis=1).astype(np.int64)
    span = Span(start_s, stop_s, options.speed)
    return FrameSchedule(shown, clock_s, times_s, (stop_s - start_s) / options.speed, span)


def _plan(exhibits: Sequence[AnalysedVideo], options: ClipOptions, least_s: float = 0.0) -> FrameSchedule:
    videos, alignments = [e.analysis.video for e in exhibits], [e.alignment for e in exhibits]
    return timetable(videos, options, least_s, common_part(exhibits), alignments)


def _thinned(times_s: FloatArray, least_s: float) -> list[int]:
    """Return the times that are kept, so that none follows another sooner than ``least_s``."""
    kept, last_s = [], -math.inf
    for at, time_s in enumerate(times_s):
        if time_s - last_s >= least_s * (1 - 1e-6):
            kept.append(at)
            last_s = float(time_s)
    return kept


def clip_layout(analyses: Sequence[Analysis], options: ClipOptions | StillOptions) -> Layout:
    """Return where things stand on a clip or a still."""
    return lay_out(
        picture_sizes([(a.video.width_px, a.video.height_px) for a in analyses], options.size, options.columns),
        columns=options.columns,
        title=bool(options.title),
        labels=options.labels,
        curve=options.curve,
        n_bars=len(bar_owners(analyses, options.look)) if options.labels else 0,
    )


def clip_canvas(exhibits: Sequence[AnalysedVideo], options: ClipOptions | StillOptions, span: Span) -> ClipCanvas:
    """Return the canvas that a clip or a still is painted on."""
    analyses = [e.analysis for e in exhibits]
    captions, alignments = [e.title for e in exhibits], [e.alignment for e in exhibits]
    layout = clip_layout(analyses, options)
    return ClipCanvas(analyses, options.title, captions, layout, span, options.look, options.theme, alignments)


def export_clip(
    source: VideoReader | Path,
    analysis: Analysis,
    path: Path,
    options: ClipOptions | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
    *,
    overwrite: bool = False,
) -> Path:
    """Write an annotated clip of one video; see ``export_grid``."""
    return export_grid([AnalysedVideo(analysis, source=source)], path, options, token, report, overwrite=overwrite)


def export_grid(
    exhibits: Sequence[AnalysedVideo],
    path: Path,
    options: ClipOptions | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
    *,
    overwrite: bool = False,
) -> Path:
    """Write an annotated clip of one or more videos, or of several models' views of one, on one clock.

    All videos run on the clock of their presentation times. What was written has been read back: count, size and
    duration are right.

    Raises:
        ExportError: No exhibit, a range outside the video, or the file is refused or cannot be written.
        VideoError: A video cannot be read.
        Cancelled: The token was raised; nothing is left behind.
    """
    options = options if options is not None else ClipOptions()
    if not exhibits:
        raise ExportError(f"There is nothing to show in the clip {path}.")
    check(path, CLIP_SUFFIXES, overwrite=overwrite)
    plan = _plan(exhibits, options, _LEAST_S[path.suffix.lower()])
    canvas = clip_canvas(exhibits, options, plan.span)
    sizes = [(p.picture.width, p.picture.height) for p in canvas.layout.panes]
    total = len(plan.times_s)
    rate_hz = last_rate_hz(plan.stop_s - float(plan.times_s[-1]))
    width, height, quality = canvas.layout.width, canvas.layout.height, options.quality
    make_folder(path)
    with (
        opened(exhibits) as readers,
        VideoWriter(
            path,
            width,
            height,
            rate_hz=rate_hz,
            quality=quality,
            overwrite=overwrite,
            sound=_sound(exhibits, options, path, plan.span),
        ) as writer,
        closing(prefetched(_pictures(exhibits, readers, plan.shown, sizes))) as decoded,
    ):
        for at, pictures in enumerate(decoded):
            token.check()
            painted = canvas.paint(float(plan.clock_s[at]), plan.shown[at].tolist(), pictures)
            writer.write(painted, float(plan.times_s[at]))
            report(Progress("writing the clip", at + 1, total))
    return path


def _sound(exhibits: Sequence[AnalysedVideo], options: ClipOptions, path: Path, span: Span) -> Sound | None:
    if not options.sound or clip_remarks(exhibits, options, path):
        return None
    return Sound(exhibits[0].path, span.start_s, span.stop_s)


def clip_remarks(exhibits: Sequence[AnalysedVideo], options: ClipOptions | None, path: Path) -> tuple[str, ...]:
    """Return remarks on a clip before it is written: the reason if it has no sound although sound was asked for."""
    if options is None or not options.sound or not exhibits:
        return ()
    if options.speed != 1:
        return (f"The sound is left out: the clip plays at {options.speed:g} times the speed of the video.",)
    if path.suffix.lower() not in ENCODERS:
        return (f"The sound is left out: {path.suffix} files have none.",)
    if not has_sound(exhibits[0].path):
        return (f"The clip has no sound: {exhibits[0].path.name} has none.",)
    return ()


def preview(exhibits: Sequence[AnalysedVideo], options: ClipOptions | None = None) -> Preview:
    """Return a frame of a clip as it will be: the one in its middle, or the first after it in which all have a map.

    Raises:
        ExportError: No exhibit, or a range outside the video.
        VideoError: A video cannot be read.
    """
    options = options if options is not None else ClipOptions()
    if not exhibits:
        raise ExportError("There is nothing to show in a clip.")
    plan = _plan(exhibits, options)
    canvas = clip_canvas(exhibits, options, plan.span)
    sizes = [(p.picture.width, p.picture.height) for p in canvas.layout.panes]
    at = _telling(plan.shown, [int(e.analysis.samples.min()) if e.analysis.samples.size else 0 for e in exhibits])
    with opened(exhibits) as readers:
        pictures = next(_pictures(exhibits, readers, plan.shown[at : at + 1], sizes))
    picture = canvas.paint(float(plan.clock_s[at]), plan.shown[at].tolist(), pictures).copy()
    return Preview(picture, frame=int(plan.shown[at, 0]), n_frames=exhibits[0].analysis.video.n_frames)


def _telling(shown: IntArray, first: Sequence[int]) -> int:
    """Return which frame of a clip tells most of it: the middle one, but not before the maps begin.

    Args:
        shown: (M, V) int64 frames.
        first: The frame of each video from which on it has a map.
    """
    middle = len(shown) // 2
    with_maps = np.flatnonzero((shown >= np.array(first)).all(axis=1))
    later = with_maps[with_maps >= middle]
    return int(later[0]) if len(later) else middle


def _pictures(
    exhibits: Sequence[AnalysedVideo], readers: Sequence[VideoReader], shown: IntArray, sizes: Sequence[tuple[int, int]]
) -> Iterator[list[RGBImage]]:
    """Decode every video once, in order, and give the pictures of one moment after another.

    Args:
        exhibits: Analysed videos, one per pane; blurs faces where that is wished.
        readers: One for each pane; panes of one video share a reader.
        shown: (M, V) int64 frames; no column descends.
        sizes: (width_px, height_px) of each pane.
    """
    first = {id(reader): at for at, reader in reversed(list(enumerate(readers)))}  # pane that decodes for a reader
    streams = {at: readers[at].stream(np.unique(shown[:, at])) for at in first.values()}
    current = {at: next(stream) for at, stream in streams.items()}
    pictures: dict[tuple[int, tuple[int, int], int], RGBImage] = {}
    for row in shown:
        for at, stream in streams.items():
            if current[at].index != row[at]:
                current[at] = next(stream)
                pictures = {key: picture for key, picture in pictures.items() if key[0] != at}
        out = []
        for exhibit, reader, size in zip(exhibits, readers, sizes, strict=True):
            key = (first[id(reader)], size, id(exhibit.faces))
            if key not in pictures:
                pictures[key] = exhibit.picture(current[key[0]], size)
            out.append(pictures[key])
        yield out
