"""Paces of decoding and of opening videos.

That of decoding is in processor seconds for a megapixel of all frames of a video, also of skipped frames, by codec;
that of opening, which indexes the frames and computes the SHA-256, in processor seconds for a megabyte of the file.
"""

import math
from contextlib import suppress
from pathlib import Path
from statistics import fmean

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.video.clips import ClipRange, FrameRange, TimeRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.runtime.pace import Pace, PaceTimer, pace_of, record_pace
from skillviewer.media.reading.header import read_header

_USUAL_S = 0.006
"""Processor seconds for a megapixel, of codecs whose pace is not known."""
_MAX_HEADERS = 12
"""Number of videos whose headers are read for a forecast of all."""


_OPENING = "opening videos"
_USUAL_OPENING_S = 0.0015
"""Processor seconds for a megabyte of a file."""
_OPENING_MB = 8
"""Megabytes that take as long as the part of opening that does not depend on the size of the file."""


def _opening_amount(dataset: Dataset) -> float:
    """Return the megabytes of the files of a data set, and those that stand for the constant part of each."""
    paths = [video.path for video in dataset.videos if video.path is not None]
    amount = float(_OPENING_MB * len(paths))
    for path in paths:
        with suppress(OSError):
            amount += path.stat().st_size / 1e6
    return amount


def record_opening(dataset: Dataset, timer: PaceTimer) -> None:
    """Record the pace of opening every video of a data set since the creation of a timer."""
    timer.record(_OPENING, _opening_amount(dataset))


def opening_pace(dataset: Dataset) -> Pace:
    """Return the pace of opening every video of a data set once."""
    pace = pace_of(_OPENING, _USUAL_OPENING_S)
    return Pace(_opening_amount(dataset) * pace.cpu_s, pace.width)


def _pace_name(codec: str) -> str:
    return f"decoding {codec}"


def record_decoding(info: VideoInfo, n_frames: int, cpu_s: float) -> None:
    """Record the processor seconds of decoding the sampled frames among ``n_frames`` frames of a video."""
    megapixels = n_frames * info.width_px * info.height_px / 1e6
    if megapixels > 0 and cpu_s > 0:
        record_pace(_pace_name(info.codec), cpu_s / megapixels, 1.0)


def decoding_pace(dataset: Dataset) -> Pace:
    """Return the mean pace of decoding a video of a data set, estimated from the headers of some videos."""
    clips = [(video.path, video.clip_range) for video in dataset.videos if video.path is not None]
    step = max(1, math.ceil(len(clips) / _MAX_HEADERS))
    durations = [_decoding_s(path, clip_range) for path, clip_range in clips[::step]]
    known_s = [duration_s for duration_s in durations if duration_s is not None]
    return Pace(fmean(known_s), 1.0) if known_s else Pace(0.0, 1.0)


def _decoding_s(path: Path, clip_range: ClipRange | None) -> float | None:
    """Return the processor seconds of decoding a clip, or None if the header cannot be read."""
    header = read_header(path)
    if header is None:
        return None
    if isinstance(clip_range, FrameRange):
        duration_s = (clip_range.stop_frame - clip_range.start_frame) / header.rate_hz
    elif isinstance(clip_range, TimeRange):
        duration_s = clip_range.stop_s - clip_range.start_s
    else:
        duration_s = header.duration_s
    pace = pace_of(_pace_name(header.codec), _USUAL_S)
    return header.total_megapixels(duration_s) * pace.cpu_s
