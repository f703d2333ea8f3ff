"""Copying of a video packet by packet into a new file, without sound and metadata."""

from errno import ENOSPC
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from skillviewer.core.errors import ExportError, VideoError, first_line, os_reason
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.container import VideoFile
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.strip_metadata import metadata_remover, stripped_header

_MUXERS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".avi": "avi",
    ".ts": "mpegts",
    ".mts": "mpegts",
    ".m2ts": "mpegts",
    ".gif": "gif",
    ".mpg": "vob",
    ".mpeg": "vob",
}


def copy_without_metadata(source: Path, target: Path, token: CancelToken = NEVER) -> None:
    """Copy the pictures of a video bit by bit, and nothing else: no sound, title, place, date, device or chapter.

    Metadata of cameras and encoders inside the stream of pictures is removed as well (see ``strip_metadata``). The copy
    is read back and compared: it must have the same frames at the same times, and the same first and last picture.

    Args:
        source: The video.
        target: Path of the copy, with the suffix of the source.
        token: Checked between packets.

    Raises:
        ExportError: The copy cannot be written, or is not the same video.
        VideoError: The source cannot be read.
    """
    muxer = _MUXERS.get(source.suffix.lower())
    if muxer is None:
        kind = source.suffix or "such"
        raise _refusal(source, f"{kind} files cannot be copied in this way")
    with decoder_errors(partial(_copying_error, source, target)):
        _copy(source, target, muxer, token)
    _compare(source, target)


def _copying_error(source: Path, target: Path, error: Exception) -> ExportError:
    if isinstance(error, OSError) and error.errno == ENOSPC:  # not the video's fault
        return ExportError(f"{target} could not be written: {os_reason(error)}.")
    return _refusal(source, first_line(error))


def _copy(source: Path, target: Path, muxer: str, token: CancelToken) -> None:
    with (
        VideoFile(source) as file,
        av.open(f"file:{target.absolute()}", "w", format=muxer, options={"fflags": "+bitexact"}) as container,
    ):
        codec = file.codec
        extradata = file.stream.codec_context.extradata
        header = b"" if extradata is None else extradata
        strip = metadata_remover(codec, header)
        if strip is None:
            raise _refusal(source, f"metadata cannot be removed from {codec} pictures")
        # for AV1 the template must not look for an encoder: its decoder has none
        stream = container.add_stream_from_template(file.stream, opaque=codec == "av1")
        stream.metadata.clear()
        if header:
            stream.codec_context.extradata = stripped_header(codec, header, strip)
        for _, packet in iter(file.read, None):
            token.check()
            stripped_packet = _with_bytes(packet, strip(bytes(packet)))
            stripped_packet.stream = stream
            container.mux_one(stripped_packet)


def _with_bytes(packet: "av.Packet[Any]", data: bytes) -> "av.Packet[Any]":
    """Return a packet with new bytes. If their length is the same, nothing was removed: return the packet itself."""
    if len(data) == packet.size:
        return packet
    new_packet: av.Packet[Any] = av.Packet(data)
    new_packet.pts = packet.pts
    new_packet.dts = packet.dts
    new_packet.duration = packet.duration
    new_packet.time_base = packet.time_base
    new_packet.is_keyframe = packet.is_keyframe
    return new_packet


def _compare(source: Path, target: Path) -> None:
    """Raise an ExportError if the copy is not the same video."""
    try:
        with VideoReader(source, cache_bytes=0) as original, VideoReader(target, cache_bytes=0) as copy:
            is_same = _is_same_video(original, copy)
            frames_text = f"{copy.n_frames} of {original.n_frames} frames came back"
    except VideoError as error:
        raise _refusal(source, "the copy cannot be read") from error
    if not is_same:
        raise _refusal(source, f"the copy is not the same video ({frames_text})")


def _is_same_video(original: VideoReader, copy: VideoReader) -> bool:
    if original.n_frames != copy.n_frames:
        return False
    if (original.info.width_px, original.info.height_px) != (copy.info.width_px, copy.info.height_px):
        return False
    if np.abs(original.info.times_s - copy.info.times_s).max() >= 2e-3:
        return False
    return all(np.array_equal(original.frame(index), copy.frame(index)) for index in (0, original.n_frames - 1))


def _refusal(source: Path, reason: str) -> ExportError:
    return ExportError(
        f"{source.name} cannot be copied without the metadata of its origin: {reason.rstrip('.')}. Leave the videos "
        "out, or convert this one to MP4 first."
    )
