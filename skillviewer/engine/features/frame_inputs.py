"""Inputs of the backbones: sampled frames of a video and the flow around them, in one pass over the file."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import FloatArray, IntArray, RGBImage
from skillviewer.core.cores import usable_cores
from skillviewer.core.errors import VideoError
from skillviewer.core.kinematics.crop import crop_rect, missing_tracks_text
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.video.clips import ClipRange, range_frames
from skillviewer.core.video.info import VideoInfo, sample_positions, segments, timeline
from skillviewer.core.video.preprocessing import Crop, Preprocessing
from skillviewer.data.tracks_file import TrackStore
from skillviewer.media.flow.flow import FieldBatch, FlowStacks, grey_size
from skillviewer.media.reading.crops import crop_and_scale, crop_picture
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.backbone_entry import ClipSampling

MAX_FLOW_THREADS = 4
"""Greatest number of fields of a stack that are computed at once."""


@dataclass(frozen=True, slots=True)
class SampledInput:
    """Inputs of the backbones for one sampled position."""

    position: int  # on the timeline
    rgb: RGBImage  # (S, S, 3) uint8, the frame squashed to the input square; (T, S, S, 3), frames around it, for clips
    flow: RGBImage  # (2L, h0, w0) uint8, quantised flow at the size of its computation; empty, (0,), for clips


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampled frames of one video."""

    timeline: IntArray  # (m,) int64 frame index of every position of the model's clock
    positions: IntArray  # (K, N) int64 sampled positions
    segment_stops: IntArray  # (N,) int64 frame at which each segment ends
    part: tuple[int, int] | None = None  # (start, stop), the range of frames that is sampled; None for the whole video
    crop: MapRect | None = None  # part of the picture that the model sees, or None for the whole picture

    @property
    def frames(self) -> IntArray:
        """(K, N) sampled frame indices."""
        return self.timeline[self.positions]

    @property
    def stored_range(self) -> range | None:
        """Range of frames by which tracks are stored, or None for the whole video."""
        return None if self.part is None else range(*self.part)

    @property
    def cache_key(self) -> tuple[tuple[str, str | int | float | None], ...]:
        """Range and crop as plain values for the cache's key: empty for a whole video."""
        key: list[tuple[str, str | int | float | None]] = []
        if self.part is not None:
            start, stop = self.part
            key += [("from_frame", start), ("to_frame", stop)]
        if self.crop is not None:
            crop_text = " ".join(repr(edge) for edge in astuple(self.crop))
            key.append(("crop", crop_text))
        return tuple(key)


def sampling_of(
    info: VideoInfo, preprocessing: Preprocessing, n_passes: int, clip_range: ClipRange | None = None
) -> Sampling:
    """Choose the sampled frames of K passes over a video, or over a range of it.

    No frame outside the range is used: the timeline begins with the range, and flow is computed between its frames.

    Args:
        info: The video.
        preprocessing: Number of segments, clock, length of flow stacks.
        n_passes: K.
        clip_range: The range, or None for the whole video.

    Raises:
        DatasetError: The range lies outside the video.
        VideoError: The preprocessing crops around tracks, and the video has none.
    """
    frames = range_frames(clip_range, info)
    frame_line = frames.start + timeline(info.times_s[frames.start : frames.stop], preprocessing.rate_hz)
    duration_s = info.end_s(frames.stop - 1) - float(info.times_s[frames.start])
    n_segments = preprocessing.segments_of(duration_s)
    length = preprocessing.flow.length
    positions = sample_positions(len(frame_line), n_segments, length, n_passes, preprocessing.sampling)
    position_stops = np.append(frame_line[1:], frames.stop)  # a position lasts until the frame of the next one
    all_segments = segments(len(frame_line), n_segments, length, preprocessing.sampling)
    segment_stops = [int(position_stops[segment.stop_frame - 1]) for segment in all_segments]
    is_whole_video = frames == range(info.n_frames)
    part = None if is_whole_video else (frames.start, frames.stop)
    crop = crop_of(info, frames, preprocessing.crop) if preprocessing.crop else None
    return Sampling(
        timeline=frame_line,
        positions=positions,
        segment_stops=np.array(segment_stops, dtype=np.int64),
        part=part,
        crop=crop,
    )


def crop_of(info: VideoInfo, frames: range, crop: Crop) -> MapRect:
    """Return the part of the picture around the stored tracks of a video, or of a range of its frames.

    Raises:
        VideoError: The video has no tracks, or they were made in a picture of another size.
    """
    stored_range = None if frames == range(info.n_frames) else frames
    tracks = TrackStore().get(info.digest, stored_range)
    if tracks is None:
        raise VideoError(f"{info.path.name}: {missing_tracks_text(crop)}")
    tracks.check_video(info)
    try:
        return crop_rect(tracks, crop)
    except VideoError as error:
        raise VideoError(f"{info.path.name}: {error}") from error


def stream_inputs(
    reader: VideoReader,
    preprocessing: Preprocessing,
    frame_line: IntArray,
    positions: IntArray,
    size: tuple[int, int] | None = None,
    batch: FieldBatch | None = None,
    token: CancelToken = NEVER,
    clip: ClipSampling | None = None,
    crop: MapRect | None = None,
) -> Iterator[SampledInput]:
    """Decode the frames that sampled positions need, in order of time, and compute their flow.

    Args:
        reader: The open video.
        preprocessing: Preprocessing of the model.
        frame_line: (m,) frame index of every position of the timeline.
        positions: (p,) ascending, unique sampled positions.
        size: Width and height that frames are scaled to, or None for the input square.
        batch: Computes TV-L1 on a GPU, or None for the kernels on the CPU.
        token: Checked between packets, since there may be minutes of a long video between two sampled frames.
        clip: Sampling of the frames around every position, for a backbone that takes clips; None for one that takes a
            frame and its flow.
        crop: Part of the picture that the model sees, or None for the whole. Flow is computed in the whole picture.

    Yields:
        One input for each position, as soon as the last frame of its flow stack is decoded.
    """
    n_threads = min(usable_cores(), MAX_FLOW_THREADS)
    stacks = FlowStacks(preprocessing.flow, len(frame_line), threads=n_threads, batch=batch)
    offsets = np.zeros(1, np.int64) if clip is None else _clip_offsets(reader.info.times_s[frame_line], clip)
    colour_positions = np.clip(positions[:, None] + offsets, 0, len(frame_line) - 1)
    positions_with_flow = positions if clip is None else positions[:0]
    flow_positions = stacks.positions_needed(positions_with_flow)
    needs_colour = set(colour_positions.ravel().tolist())
    needs_grey = set(flow_positions.tolist())
    grey_px = grey_size(reader.info.width_px, reader.info.height_px, preprocessing.flow.short_side_px)
    size = size if size is not None else (preprocessing.input_px, preprocessing.input_px)
    decoded_positions = np.union1d(colour_positions, flow_positions)
    frames = reader.stream(frame_line[decoded_positions], token)
    positions_and_frames = zip(decoded_positions.tolist(), frames, strict=True)
    greys: dict[int, RGBImage] = {}
    colours: dict[int, RGBImage] = {}
    n_fields_before = preprocessing.flow.length // 2
    for position, clip_positions in zip(positions.tolist(), colour_positions.tolist(), strict=True):
        stack_positions = stacks.positions_needed(np.array([position])).tolist()
        last_flow = max([position, *stack_positions])
        needs_last_flow = last_flow in needs_grey
        while clip_positions[-1] not in colours or (needs_last_flow and last_flow not in greys):
            decoded_position, frame = next(positions_and_frames)
            if decoded_position in needs_grey:
                greys[decoded_position] = frame.grey(grey_px)
            if decoded_position in needs_colour:
                rgb = frame.rgb(size) if crop is None else crop_and_scale(frame.rgb(), crop, size)
                colours[decoded_position] = rgb
        if clip is None:
            rgb = colours[position]
            flow = stacks.stack(position, greys.__getitem__)
            if crop is not None:
                channels_last = np.moveaxis(flow, 0, 2)
                flow = np.moveaxis(crop_picture(channels_last, crop), 2, 0)
        else:
            rgb = np.stack([colours[index] for index in clip_positions])
            flow = np.empty(0, np.uint8)
        _drop_before(greys, position - n_fields_before)
        _drop_before(colours, clip_positions[0])
        yield SampledInput(position, rgb, flow)


def _drop_before(pictures: dict[int, RGBImage], first: int) -> None:
    """Remove the pictures of positions before the first that is still needed."""
    unneeded_positions = [position for position in pictures if position < first]
    for position in unneeded_positions:
        del pictures[position]


def _clip_offsets(times_s: FloatArray, clip: ClipSampling) -> IntArray:
    """Return the positions of a clip's frames relative to its middle, (T,), at nearly the rate of the clip."""
    duration_s = float(times_s[-1] - times_s[0])
    rate_hz = (len(times_s) - 1) / max(duration_s, 1e-9)
    step = max(1, round(rate_hz / clip.rate_hz))
    return (np.arange(clip.n_frames, dtype=np.int64) - clip.n_frames // 2) * step
