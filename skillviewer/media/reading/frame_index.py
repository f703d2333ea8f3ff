"""Index of a video's frames: their presentation times, and the start of decoding for each.

An index is built in one of two ways. Reading the packets without decoding is fast, and right if every packet holds one
decodable picture. Decoding the whole file is slow, and always right. The fast way is used only if

* the codec always has one picture per packet, and no packet is marked, or seen, to show nothing;
* every packet has its own time stamp, and key frames are in order of time;
* no packet is damaged, blank or malformed, reading did not stop early, and the end of the file is present;
* the first frames, when decoded, are the predicted ones; only leading pictures with missing references may be absent.

Otherwise the frames are counted by decoding: H.264 and packed MPEG-4 in AVI, GIF, files with damaged packets, and
everything rare or odd.
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

_HEAD = 16
"""Number of frames decoded at the beginning to verify the packets."""

_STANDING_S = 600.0
"""A frame shown for longer suggests a wrong clock: that of a recorded stream may begin at 0 and jump."""

REORDER = 32
"""Greatest reordering delay of a decoder in pictures (16 in H.264, twice that for fields)."""


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Frames of a video in order of presentation."""

    packet: IntArray  # (n,) number of the packet of each frame
    frame: IntArray  # (p,) frame in each packet, -1 for none
    times_s: FloatArray  # (n,) presentation times in seconds from the first frame
    last_s: float  # duration of the last frame, in seconds
    starts: IntArray  # (k,) packets at which decoding can start, ascending; the first is 0
    first_frames: IntArray  # (k,) the first complete frame when decoding starts there
    counted: bool  # whether the frames were counted by decoding
    note: str  # a notice for the user, or ""

    def start_for(self, index: int) -> int:
        """Return the latest entry of ``starts`` from which a frame decodes completely.

        A leading picture of an open group is stored after its key frame and shown before it: it needs the previous
        group.
        """
        start = int(np.searchsorted(self.starts, self.packet[index], side="right")) - 1
        while start > 0 and self.first_frames[start] > index:
            start -= 1
        return start

    def length(self, start: int) -> int:
        """Return the number of frames between an entry of ``starts`` and the next."""
        stop = self.first_frames[start + 1] if start + 1 < len(self.starts) else len(self.packet)
        return int(stop - self.first_frames[start])


def index_frames(
    file: VideoFile, store: Callable[[int, VideoFrame], None], token: CancelToken = NEVER
) -> tuple[PacketTable, FrameIndex]:
    """Build the index of a freshly opened file, unread so far; its position afterwards is undefined.

    ``store`` receives the first frames, decoded on the way, with their indices. The token is checked between packets.

    Raises:
        VideoError: No frame decodes.
    """
    table = read_packets(file, token)
    order = None if table.doubt or table.damaged or not len(table.pts) else _foretold(file, table, store)
    counted = order is None
    if order is None:
        order, keys, failed = count_frames(file, len(table.pts), store, token)
        # a key frame that did not decode as one is no starting point
        table = replace(table, key=table.key & keys, damaged=table.damaged or failed)
    if not len(order):
        raise VideoError(
            f"No frame of {file.path} can be decoded: the file is damaged or made with an unknown feature."
        )
    return table, _assemble(file, table, order, counted=counted)


def _foretold(file: VideoFile, table: PacketTable, store: Callable[[int, VideoFrame], None]) -> IntArray | None:
    """Return the packets in the order of presentation if decoding confirms them, or None."""
    numbers = np.flatnonzero(table.shown)
    order = numbers[np.argsort(table.pts[numbers], kind="stable")]
    file.reopen()
    head: list[tuple[int, VideoFrame]] = []
    while len(head) < _HEAD and (packet := file.read()) is not None:
        head += file.decode(*packet)
    if len(head) < _HEAD:
        head += file.drain()
    decoded = [number for number, _ in head]
    # leading pictures may be missing if their references are
    order = order[order.tolist().index(decoded[0]) :] if decoded and decoded[0] in order else order
    if not decoded or order[: len(decoded)].tolist() != decoded:
        return None
    for index, (_, frame) in enumerate(head):
        store(index, frame)
    return order


def count_frames(
    file: VideoFile, n_packets: int, store: Callable[[int, VideoFrame], None], token: CancelToken = NEVER
) -> tuple[IntArray, NDArray[np.bool_], bool]:
    """Decode all frames of the file, which is reopened and has p packets, as far as possible.

    ``store`` receives every frame with its index. The token is checked between packets.

    Returns:
        Packets of the frames in order of output; (p,) whether a packet gave a key frame; and whether something could
        not be read or decoded.
    """
    file.reopen()
    order: list[int] = []
    keys = np.zeros(n_packets, bool)

    def take(frames: list[tuple[int, VideoFrame]]) -> None:
        for n, frame in frames:
            if 0 <= n < n_packets:
                keys[n] = frame.key_frame
            store(len(order), frame)
            order.append(n)

    whole = True
    try:
        while (packet := file.read()) is not None:
            token.check()
            take(file.decode(*packet))
    except VideoError:
        whole = False
    take(file.drain())
    return np.array(order, np.int64), keys, not whole or file.n_failed > 0


def _usual_duration_s(times_s: FloatArray, rate: Fraction | None) -> float:
    if len(times_s) > 1:
        return float(np.median(np.diff(times_s)))
    return 1 / float(rate) if rate else 0.04


def _assemble(file: VideoFile, table: PacketTable, order: IntArray, *, counted: bool) -> FrameIndex:
    n_packets = len(table.pts)
    has_packet = (order >= 0) & (order < n_packets)
    frame = np.full(n_packets, -1, np.int64)
    # of several frames in one packet only the first is identified by its packet
    frame[order[has_packet][::-1]] = np.flatnonzero(has_packet)[::-1]
    stamps = np.where(has_packet, table.pts[np.where(has_packet, order, 0)], NO_STAMP)
    rate = file.stream.average_rate or file.stream.guessed_rate
    ticks, mended = presentation_ticks(stamps, 1 / (rate * file.time_base) if rate else None, REORDER)
    times_s = (ticks - ticks[0]) * float(file.time_base)
    edits = read_edits(file)
    shown_frames = _shown(file, table, order, apply_edits(file, edits)) if has_cuts(edits) else None
    if shown_frames is not None:
        times_s = shown_frames.times_s
        mended = False

    starts = np.flatnonzero(table.key)
    if counted:
        starts = starts[frame[starts] >= 0]
        first_frames = frame[starts]
    else:
        first_frames = np.searchsorted(table.pts[order], table.pts[starts])
    if not len(starts) or starts[0] != 0:
        starts, first_frames = np.concatenate([[0], starts]), np.concatenate([[0], first_frames])
    first_frames[0] = 0

    usual_s = _usual_duration_s(times_s, rate)
    last_s = _last_shown(file, table, int(order[-1])) * float(file.time_base) if has_packet[-1] else 0.0
    if not 0 < last_s < 1000 * usual_s:
        last_s = usual_s
    if shown_frames is not None:
        last_s = shown_frames.last_s
    notes = []
    if file.n_tracks > 1:
        notes.append(f"The file holds {file.n_tracks} video tracks; only the first is shown and judged.")
    if table.damaged:
        notes.append(f"The file is damaged or cut off: {len(order)} frames, {times_s[-1] + last_s:.1f} s, can be read.")
    if mended:
        notes.append("Its time stamps are missing or jump; frames are shown at its usual rate there.")
    gaps_s = np.diff(times_s)
    if len(gaps_s) and gaps_s.max() > _STANDING_S:
        notes.append(
            f"Its frame {int(gaps_s.argmax()) + 1} stays on the screen for {gaps_s.max():,.0f} s by its time stamps, "
            "which may be wrong."
        )
    return FrameIndex(order, frame, times_s, last_s, starts, first_frames, counted, " ".join(notes))


def _shown(file: VideoFile, table: PacketTable, order: IntArray, foretold: EditList | None) -> EditList:
    """Return the frames of a file's edit list; refuse frames other than those that were read."""
    place = {number: (pos, size) for (_, pos, size), number in table.number.items() if number >= 0}
    if foretold is None or [place.get(n) for n in order.tolist()] != foretold.packets:
        raise VideoError(
            f"{file.path} is put together from several pieces of a recording by its edit list, in a way that cannot be "
            "read exactly here. Export it as one plain video from the program that made it, and open that."
        )
    return foretold


def _last_shown(file: VideoFile, table: PacketTable, packet: int) -> int:
    """Return the duration of the last packet's frame in ticks, 0 if unknown."""
    stream = file.stream
    step = int(table.duration[packet])
    if file.container.format.name.startswith("mov") and stream.duration:
        # a packet's duration is there the step to the next in decoding order, which need not be the next shown; the
        # track's end gives it, but only to the millisecond
        left = (stream.start_time or 0) + stream.duration - int(table.pts[packet])
        if left > 0 and abs(left - step) * file.time_base > Fraction(11, 10000):
            return left
    return step
