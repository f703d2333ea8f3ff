"""Completeness of a video file, by comparison with its container's own statements."""

import re

from skillviewer.media.reading.container import VideoFile
from skillviewer.media.reading.edits import n_stored, read_edits


def is_cut_off(file: VideoFile, n_packets: int, end_ticks: int) -> bool:
    """Return True if bytes, packets or seconds are missing that the container declares.

    Args:
        file: The open file.
        n_packets: Number of readable packets.
        end_ticks: End of the last of them.
    """
    name = file.container.format.name
    with file.path.open("rb") as stream:
        if name == "gif":
            stream.seek(-1, 2)
            return stream.read(1) != b";"
        if name == "mpegts":  # packets of 188 bytes, or with a time code or check bytes
            return all(file.size_bytes % length for length in (188, 192, 204))
        if name.startswith("matroska"):
            return _segment_end(stream.read(4096)) > file.size_bytes or _ends_early(file, end_ticks)
        if name == "avi":  # its number also counts empty chunks, which stand for dropped pictures
            return file.stream.frames > end_ticks
    # for others the number is an estimate
    if not name.startswith("mov") or file.stream.frames <= n_packets:
        return False
    return not read_edits(file) or file.stream.frames > n_stored(file)  # an edit list may hide pictures


def _ends_early(file: VideoFile, end_ticks: int) -> bool:
    """Return True if the pictures of a Matroska file end over half a second before the duration in its header."""
    claimed_s = 0.0
    # of this track, if the muxer wrote statistics
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d*)?)", file.stream.metadata.get("DURATION", ""))
    if tag:
        claimed_s = 3600 * int(tag[1]) + 60 * int(tag[2]) + float(tag[3])
    elif len(file.container.streams) == 1 and file.container.duration:
        claimed_s = file.container.duration / 1e6
    return claimed_s > end_ticks * float(file.time_base) + 0.5


def _segment_end(head: bytes) -> int:
    """Return the declared end of the segment of a Matroska file, or 0 if it is not declared (RFC 8794)."""
    at = head.find(b"\x18\x53\x80\x67") + 4
    if at < 4 or at >= len(head) or not head[at]:
        return 0
    length = 9 - head[at].bit_length()
    size = int.from_bytes(head[at : at + length], "big") & ~(1 << 7 * length)
    unknown = (1 << 7 * length) - 1
    return 0 if size == unknown else at + length + size
