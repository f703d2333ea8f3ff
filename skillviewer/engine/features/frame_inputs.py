"""From a video to what the backbones are fed, one sampled position after the other, in one pass over the file."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import FloatArray, IntArray, RGBImage
from skillviewer.core.cores import usable_cores
from skillviewer.core.errors import VideoError
from skillviewer.core.kinematics.crop import crop_rect, no_tracks
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.video.clips import ClipRange, range_frames
from skillviewer.core.video.info import VideoInfo, sample_positions, segments, timeline
from skillviewer.core.video.preprocessing import Crop, Preprocessing
from skillviewer.data.tracks_file import TrackStore
from skillviewer.media.flow.flow import FieldBatch, FlowStacks, grey_size
from skillviewer.media.reading.crops import cut, cut_to
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.backbone_entry import ClipSampling

FLOW_THREADS = 4
"""Fields of a stack computed side by side, where there are as many cores."""


@dataclass(frozen=True, slots=True)
class SampledInput:
    """Inputs of the backbones for one sampled position."""

    position: int  # on the timeline
    rgb: RGBImage  # (S, S, 3) uint8, the frame squashed to the input square; (T, S, S, 3), frames around it, for clips
    flow: RGBImage  # (2L, h0, w0) uint8, quantised flow at the size it was computed at; none, (0,), for clips


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampled frames of one video."""

    timeline: IntArray  # (m,) int64 frame index of every position of the model's clock
    positions: IntArray  # (K, N) int64 sampled positions
    segment_stops: IntArray  # (N,) int64 frame at which each segment ends
    part: tuple[int, int] | None = None  # frames that were sampled from, (start, stop), if not the whole video
    crop: MapRect | None = None  # part of the picture that is seen, or None for the whole picture

    @property
    def frames(self) -> IntArray:
        """(K, N) sampled frame indices."""
        return self.timeline[self.positions]

    @property
    def stored_range(self) -> range | None:
        """Frames under which tracks of the part are stored, or None for the whole video."""
        return None if self.part is None else range(*self.part)

    @property
    def key(self) -> tuple[tuple[str, str | int | float | None], ...]:
        """Dependencies of features besides positions and configuration: empty for a whole video."""
        part = () if self.part is None else (("from_frame", self.part[0]), ("to_frame", self.part[1]))
        crop = () if self.crop is None else (("crop", " ".join(map(repr, astuple(self.crop)))),)
        return (*part, *crop)


def sampling_of(
    info: VideoInfo, preprocessing: Preprocessing, n_passes: int, clip_range: ClipRange | None = None
) -> Sampling:
    """Choose the sampled frames of K passes over a video, or over a part of it.

    No frame outside the part is used: its clock begins with it, and flow is computed between its frames alone.

    Args:
        info: The video.
        preprocessing: Number of segments, clock, length of flow stacks.
        n_passes: K.
        clip_range: The part, or None for the whole video.

    Raises:
        DatasetError: The part lies outside the video.
        VideoError: The model sees the part around tracks alone, and the video has none.
    """
    frames = range_frames(clip_range, info)
    line = frames.start + timeline(info.times_s[frames.start : frames.stop], preprocessing.rate_hz)
    duration_s = info.end_s(frames.stop - 1) - float(info.times_s[frames.start])
    rule = (preprocessing.segments_of(duration_s), preprocessing.flow.length)
    positions = sample_positions(len(line), *rule, n_passes, preprocessing.sampling)
    ends = np.append(line[1:], frames.stop)  # a position lasts until the next one's frame
    stops = [int(ends[s.stop_frame - 1]) for s in segments(len(line), *rule, preprocessing.sampling)]
    part = None if frames == range(info.n_frames) else (frames.start, frames.stop)
    crop = None if not preprocessing.crop else crop_of(info, frames, preprocessing.crop)
    return Sampling(line, positions, np.array(stops, dtype=np.int64), part, crop)


def crop_of(info: VideoInfo, frames: range, crop: Crop) -> MapRect:
    """Return the part of the picture around the tracks that are stored for a video, or for a range of its frames.

    Raises:
        VideoError: It has none, or they were made in another picture.
    """
    tracks = TrackStore().get(info.digest, None if frames == range(info.n_frames) else frames)
    if tracks is None:
        raise VideoError(f"{info.path.name}: {no_tracks(crop)}")
    tracks.check_video(info)
    try:
        return crop_rect(tracks, crop)
    except VideoError as error:
        raise VideoError(f"{info.path.name}: {error}") from error


def stream_inputs(
    reader: VideoReader,
    preprocessing: Preprocessing,
    line: IntArray,
    positions: IntArray,
    size: tuple[int, int] | None = None,
    batch: FieldBatch | None = None,
    token: CancelToken = NEVER,
    clip: ClipSampling | None = None,
    crop: MapRect | None = None,
) -> Iterator[SampledInput]:
    """Decode, convert and compute flow, only what is needed, in order of time.

    Args:
        reader: The open video.
        preprocessing: Preprocessing of the model.
        line: (m,) frame index of every position of the timeline.
        positions: (p,) ascending, unique positions wanted.
        size: Width and height that frames are squashed to, or None for the input square.
        batch: Computes TV-L1 on a GPU, or None for the kernels on the CPU.
        token: Checked between packets: from one sampled frame to the next there may be minutes of a long video.
        clip: Frames around every position, for a backbone that reads clips instead of one frame and its flow; or None.
        crop: Part of the picture that is seen, or None for the whole. Flow is computed in the whole and cut.

    Yields:
        One input a position, as soon as the last picture of its flow stack has been decoded.
    """
    stacks = FlowStacks(preprocessing.flow, len(line), threads=min(usable_cores(), FLOW_THREADS), batch=batch)
    offsets = np.zeros(1, np.int64) if clip is None else _around(reader.info.times_s[line], clip)
    flow_positions = stacks.positions_needed(positions if clip is None else positions[:0])
    flow_size = grey_size(reader.info.width_px, reader.info.height_px, preprocessing.flow.short_side_px)
    size = size if size is not None else (preprocessing.input_px, preprocessing.input_px)
    near = np.clip(positions[:, None] + offsets, 0, len(line) - 1)
    for_colour = set(near.ravel().tolist())
    for_flow = set(flow_positions.tolist())
    every = np.union1d(near, flow_positions)
    decoded = zip(every.tolist(), reader.stream(line[every], token), strict=True)
    greys: dict[int, RGBImage] = {}
    colours: dict[int, RGBImage] = {}
    after = preprocessing.flow.length // 2
    for position, clip_positions in zip(positions.tolist(), near.tolist(), strict=True):
        flow_positions_needed = stacks.positions_needed(np.array([position]))
        last = max(position, int(flow_positions_needed[-1]) if len(flow_positions_needed) else position)
        while clip_positions[-1] not in colours or (last in for_flow and last not in greys):
            index, frame = next(decoded)
            if index in for_flow:
                greys[index] = frame.grey(flow_size)
            if index in for_colour:
                colours[index] = frame.rgb(size) if crop is None else cut_to(frame.rgb(), crop, size)
        flow = stacks.stack(position, greys.__getitem__) if clip is None else np.empty(0, np.uint8)
        if crop is not None and clip is None:
            flow = np.moveaxis(cut(np.moveaxis(flow, 0, 2), crop), 2, 0)
        rgb = colours[position] if clip is None else np.stack([colours[index] for index in clip_positions])
        for buffer, first in ((greys, position - after), (colours, clip_positions[0])):
            for old in [index for index in buffer if index < first]:
                del buffer[old]
        yield SampledInput(position, rgb, flow)


def _around(times_s: FloatArray, clip: ClipSampling) -> IntArray:
    """Return (T,) the frames of a clip as distances in positions from its middle, at its rate as nearly as possible."""
    rate_hz = (len(times_s) - 1) / max(float(times_s[-1] - times_s[0]), 1e-9)
    step = max(1, round(rate_hz / clip.rate_hz))
    return (np.arange(clip.n_frames, dtype=np.int64) - clip.n_frames // 2) * step
