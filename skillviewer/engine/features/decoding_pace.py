"""Pace of decoding: recorded by codec for the pixels of whole videos, whatever is looked at in them."""

from pathlib import Path
from statistics import fmean

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.video.clips import ClipRange, FrameRange, TimeRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.runtime.pace import Pace, pace_of, record_pace
from skillviewer.media.reading.header import read_header

_USUAL_S = 0.006
"""Processor seconds for a megapixel, of codecs whose pace is not known."""
_MAX_HEADERS = 12
"""Videos whose headers are read for a forecast; they stand for all."""


def _work(codec: str) -> str:
    return f"decoding {codec}"


def record_decoding(info: VideoInfo, n_frames: int, cpu_s: float) -> None:
    """Record the processor seconds of a pass over so many frames of a video that decodes those needed."""
    megapixels = n_frames * info.width_px * info.height_px / 1e6
    if megapixels > 0 and cpu_s > 0:
        record_pace(_work(info.codec), cpu_s / megapixels, 1.0)


def decoding_pace(dataset: Dataset) -> Pace:
    """Return the pace of decoding a video of a data set, on average, by the headers of some."""
    clips = [(video.path, video.clip_range) for video in dataset.videos if video.path is not None]
    step = max(1, -(-len(clips) // _MAX_HEADERS))
    costs = [cost for cost in (_cost_s(*clip) for clip in clips[::step]) if cost is not None]
    return Pace(fmean(costs), 1.0) if costs else Pace(0.0, 1.0)


def _cost_s(path: Path, clip_range: ClipRange | None) -> float | None:
    header = read_header(path)
    if header is None:
        return None
    if isinstance(clip_range, FrameRange):
        duration_s = (clip_range.stop_frame - clip_range.start_frame) / header.rate_hz
    elif isinstance(clip_range, TimeRange):
        duration_s = clip_range.stop_s - clip_range.start_s
    else:
        duration_s = header.duration_s
    return header.frame_megapixels(duration_s) * pace_of(_work(header.codec), _USUAL_S).cpu_s
