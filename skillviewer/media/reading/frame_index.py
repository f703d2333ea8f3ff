"""Index of a video's frames: their presentation times, and the packet at which decoding of each starts.

An index is built in one of two ways. Reading the packets without decoding is fast, and right if every packet holds one
decodable picture. Decoding the whole file is slow, and always right. The fast way is used only if

* the codec always has one picture per packet, and no packet shows nothing by its flags or its bytes;
* every packet has its own time stamp, and key frames are in order of time;
* no packet is damaged, blank or malformed, reading did not stop early, and the end of the file is present;
* the first frames, when decoded, are the predicted ones; only leading pictures with missing references may be absent.

Otherwise the frames are counted by decoding. Examples are H.264 and packed MPEG-4 in AVI, GIF, files with damaged
packets, and rare formats.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.container import VideoFile
from skillviewer.media.reading.edits import EditList, apply_edits, has_cuts, read_edits
from skillviewer.media.reading.packets import PacketTable, read_packets
from skillviewer.media.reading.timing import NO_STAMP, presentation_ticks

_N_VERIFIED = 16
"""Number of frames decoded at the beginning to verify the order of the packets."""

_MAX_FRAME_S = 600.0
"""Duration of a frame above which the user is warned: the clock of a recorded stream may begin at 0 and jump."""

MAX_REORDER = 32
"""Greatest reordering delay of a decoder in pictures (16 in H.264, twice that for fields)."""


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Frames of a video in order of presentation."""

    packet_of_frame: IntArray  # (n,) number of the packet of each frame
    frame_of_packet: IntArray  # (p,) frame in each packet, -1 for none
    times_s: FloatArray  # (n,) presentation times in seconds from the first frame
    last_duration_s: float  # duration of the last frame, in seconds
    starts: IntArray  # (k,) packets at which decoding can start, one for each group, ascending; the first is 0
    first_frames: IntArray  # (k,) the first complete frame when decoding starts there
    counted: bool  # whether the frames were counted by decoding
    note: str  # a notice for the user, or ""

    def group_of(self, frame: int) -> int:
        """Return the last group, an index of ``starts``, from whose start a frame decodes completely.

        A leading picture of an open group is stored after its key frame and shown before it. It needs the previous
        group.
        """
        group = int(np.searchsorted(self.starts, self.packet_of_frame[frame], side="right")) - 1
        while group > 0 and self.first_frames[group] > frame:
            group -= 1
        return group

    def n_frames_in_group(self, group: int) -> int:
        """Return the number of frames from the start of a group to the start of the next."""
        is_last = group + 1 == len(self.starts)
        stop = len(self.packet_of_frame) if is_last else self.first_frames[group + 1]
        return int(stop - self.first_frames[group])


def index_frames(
    file: VideoFile, store_frame: Callable[[int, VideoFrame], None], token: CancelToken = NEVER
) -> tuple[PacketTable, FrameIndex]:
    """Build the index of a freshly opened file; the position of the file is undefined afterwards.

    Args:
        file: The file, before anything was read from it.
        store_frame: Receives the index of a frame, and the frame. It is called for the first frames, or for all frames
            if they are counted by decoding.
        token: Checked between packets.

    Raises:
        VideoError: No frame decodes.
    """
    table = read_packets(file, token)
    order = None
    if not table.defect and not table.damaged and len(table.pts):
        order = _verified_order(file, table, store_frame)
    counted = order is None
    if order is None:
        order, gave_key_frame, failed = count_frames(file, len(table.pts), store_frame, token)
        # decoding cannot start at a packet that is marked as a key frame but gave none
        table = replace(table, is_key=table.is_key & gave_key_frame)
        if failed:
            table = replace(table, damaged=True)
    if not len(order):
        raise VideoError(
            f"No frame of {file.path} can be decoded: the file is damaged or made with an unknown feature."
        )
    return table, _assemble(file, table, order, counted=counted)


def _verified_order(
    file: VideoFile, table: PacketTable, store_frame: Callable[[int, VideoFrame], None]
) -> IntArray | None:
    """Return the packets in the order of their time stamps if the first decoded frames confirm it, or None."""
    numbers = np.flatnonzero(table.is_shown)
    order = numbers[np.argsort(table.pts[numbers], kind="stable")]
    file.reopen()
    first_frames: list[tuple[int, VideoFrame]] = []
    while len(first_frames) < _N_VERIFIED:
        numbered_packet = file.read()
        if numbered_packet is None:
            break
        first_frames += file.decode(*numbered_packet)
    if len(first_frames) < _N_VERIFIED:
        first_frames += file.drain()
    decoded_numbers = [number for number, _ in first_frames]
    if decoded_numbers and decoded_numbers[0] in order:
        # leading pictures are absent if their references are missing
        order = order[order.tolist().index(decoded_numbers[0]) :]
    if not decoded_numbers or order[: len(decoded_numbers)].tolist() != decoded_numbers:
        return None
    for index, (_, frame) in enumerate(first_frames):
        store_frame(index, frame)
    return order


def count_frames(
    file: VideoFile, n_packets: int, store_frame: Callable[[int, VideoFrame], None], token: CancelToken = NEVER
) -> tuple[IntArray, NDArray[np.bool_], bool]:
    """Decode all frames of a file as far as possible.

    Args:
        file: The file, which is reopened.
        n_packets: Number of packets, p.
        store_frame: Receives the index of every frame, and the frame.
        token: Checked between packets.

    Returns:
        Packets of the frames in order of output; (p,) whether a packet gave a key frame; and whether something could
        not be read or decoded.
    """
    file.reopen()
    order: list[int] = []
    gave_key_frame = np.zeros(n_packets, bool)

    def count(frames: list[tuple[int, VideoFrame]]) -> None:
        for number, frame in frames:
            if 0 <= number < n_packets:
                gave_key_frame[number] = frame.key_frame
            store_frame(len(order), frame)
            order.append(number)

    was_read_whole = True
    try:
        for numbered_packet in iter(file.read, None):
            token.check()
            count(file.decode(*numbered_packet))
    except VideoError:
        was_read_whole = False
    count(file.drain())
    return np.array(order, np.int64), gave_key_frame, not was_read_whole or file.n_failed > 0


def _median_duration_s(times_s: FloatArray, rate_hz: Fraction | None) -> float:
    if len(times_s) > 1:
        return float(np.median(np.diff(times_s)))
    return 1 / float(rate_hz) if rate_hz else 0.04


def _assemble(file: VideoFile, table: PacketTable, order: IntArray, *, counted: bool) -> FrameIndex:
    """Return the index of a file whose frames come from the packets of ``order``, -1 for an unknown packet."""
    n_packets = len(table.pts)
    has_packet = (order >= 0) & (order < n_packets)
    frame_of_packet = np.full(n_packets, -1, np.int64)
    # in reverse, so that a packet with several frames identifies the first
    frame_of_packet[order[has_packet][::-1]] = np.flatnonzero(has_packet)[::-1]

    stamps = np.where(has_packet, table.pts[np.where(has_packet, order, 0)], NO_STAMP)
    rate_hz = file.stream.average_rate
    if not rate_hz:
        rate_hz = file.stream.guessed_rate
    nominal_step = 1 / (rate_hz * file.time_base) if rate_hz else None
    ticks, are_times_invented = presentation_ticks(stamps, nominal_step, MAX_REORDER)
    times_s = (ticks - ticks[0]) * float(file.time_base)
    median_s = _median_duration_s(times_s, rate_hz)
    last_duration_s = _last_duration(file, table, int(order[-1])) * float(file.time_base) if has_packet[-1] else 0.0
    if not 0 < last_duration_s < 1000 * median_s:
        last_duration_s = median_s
    edits = read_edits(file)
    if has_cuts(edits):
        edit_list = _checked_edit_list(file, table, order, apply_edits(file, edits))
        times_s = edit_list.times_s
        last_duration_s = edit_list.last_duration_s
        are_times_invented = False

    starts, first_frames = _starts(table, order, frame_of_packet, counted=counted)
    notes = []
    if file.n_tracks > 1:
        notes.append(f"The file holds {file.n_tracks} video tracks; only the first is shown and judged.")
    if table.damaged:
        notes.append(
            f"The file is damaged or cut off: {len(order)} frames, {times_s[-1] + last_duration_s:.1f} s, can be read."
        )
    if are_times_invented:
        notes.append("Its time stamps are missing or jump; frames are shown at its usual rate there.")
    durations_s = np.diff(times_s)
    if len(durations_s) and durations_s.max() > _MAX_FRAME_S:
        notes.append(
            f"Its frame {int(durations_s.argmax()) + 1} stays on the screen for {durations_s.max():,.0f} s by its time "
            "stamps, which may be wrong."
        )
    return FrameIndex(
        order, frame_of_packet, times_s, last_duration_s, starts, first_frames, counted, note=" ".join(notes)
    )


def _starts(
    table: PacketTable, order: IntArray, frame_of_packet: IntArray, *, counted: bool
) -> tuple[IntArray, IntArray]:
    """Return the packets at which decoding can start, and the first complete frame of each."""
    starts = np.flatnonzero(table.is_key)
    if counted:
        starts = starts[frame_of_packet[starts] >= 0]
        first_frames = frame_of_packet[starts]
    else:
        first_frames = np.searchsorted(table.pts[order], table.pts[starts])
    if not len(starts) or starts[0] != 0:
        starts = np.concatenate([[0], starts])
        first_frames = np.concatenate([[0], first_frames])
    first_frames[0] = 0
    return starts, first_frames


def _checked_edit_list(file: VideoFile, table: PacketTable, order: IntArray, edit_list: EditList | None) -> EditList:
    """Return an edit list whose frames are those that were read.

    Raises:
        VideoError: It could not be derived, or has other frames.
    """
    stored_at = {number: (position, size) for (_, position, size), number in table.number.items() if number >= 0}
    if edit_list is None or [stored_at.get(number) for number in order.tolist()] != edit_list.packets:
        raise VideoError(
            f"{file.path} is put together from several pieces of a recording by its edit list, in a way that cannot be "
            "read exactly here. Export it as one plain video from the program that made it, and open that."
        )
    return edit_list


def _last_duration(file: VideoFile, table: PacketTable, packet: int) -> int:
    """Return the duration in ticks of the last frame, which is in a packet; 0 if unknown."""
    stream = file.stream
    step = int(table.duration[packet])
    if file.container.format.name.startswith("mov") and stream.duration:
        # In these files a packet lasts until the next in decoding order, which need not be the next shown. The end of
        # the track gives the duration of the last frame, but only to the millisecond.
        start_ticks = 0 if stream.start_time is None else stream.start_time
        ticks_to_end = start_ticks + stream.duration - int(table.pts[packet])
        if ticks_to_end > 0 and abs(ticks_to_end - step) * file.time_base > Fraction(11, 10000):
            return ticks_to_end
    return step
