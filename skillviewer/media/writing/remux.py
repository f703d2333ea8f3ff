"""Copy of a video packet by packet into a new file, without sound and metadata."""

from errno import ENOSPC
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from skillviewer.core.errors import ExportError, VideoError, first_line
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.container import VideoFile
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.strip_metadata import cleaned_header, cleaner_of

_MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".avi": "avi"}
_MUXERS |= {".ts": "mpegts", ".mts": "mpegts", ".m2ts": "mpegts", ".gif": "gif", ".mpg": "vob", ".mpeg": "vob"}


def copy_without_metadata(source: Path, target: Path, token: CancelToken = NEVER) -> None:
    """Copy the pictures of a video bit by bit, and nothing else: no sound, title, place, date, device or chapter.

    Metadata of cameras and encoders inside the pictures' own stream is removed as well (see ``strip_metadata``). The
    copy is read back and compared: the same frames at the same times, and the same first and last picture.

    The copy has the suffix of the source.

    Raises:
        ExportError: The copy cannot be written, or is not the same video.
        VideoError: The source cannot be read.
    """
    muxer = _MUXERS.get(source.suffix.lower())
    if muxer is None:
        raise _refusal(source, f"{source.suffix or 'such'} files cannot be copied in this way")
    with decoder_errors(partial(_copy_failure, source, target)):
        _copy(source, target, muxer, token)
    _compare(source, target)


def _copy_failure(source: Path, target: Path, error: Exception) -> ExportError:
    if isinstance(error, OSError) and error.errno == ENOSPC:  # not the video's fault
        return ExportError(f"{target} could not be written: {error.strerror or error}.")
    return _refusal(source, first_line(error))


def _copy(source: Path, target: Path, muxer: str, token: CancelToken) -> None:
    with (
        VideoFile(source) as file,
        av.open(f"file:{target.absolute()}", "w", format=muxer, options={"fflags": "+bitexact"}) as container,
    ):
        codec = file.codec
        header = file.stream.codec_context.extradata or b""
        cleaned = cleaner_of(codec, header)
        if cleaned is None:
            raise _refusal(source, f"metadata cannot be removed from {codec} pictures")
        stream = container.add_stream_from_template(file.stream, opaque=codec == "av1")  # its decoder cannot encode
        stream.metadata.clear()
        if header:
            stream.codec_context.extradata = cleaned_header(codec, header, cleaned)
        while (block := file.read()) is not None:
            token.check()
            packet = _with_bytes(block[1], cleaned(bytes(block[1])))
            packet.stream = stream
            container.mux_one(packet)


def _with_bytes(packet: "av.Packet[Any]", data: bytes) -> "av.Packet[Any]":
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
    try:
        with VideoReader(source, cache_bytes=0) as old, VideoReader(target, cache_bytes=0) as new:
            same = (
                old.n_frames == new.n_frames
                and (old.info.width_px, old.info.height_px) == (new.info.width_px, new.info.height_px)
                and np.abs(old.info.times_s - new.info.times_s).max() < 2e-3
                and all(np.array_equal(old.frame(i), new.frame(i)) for i in (0, old.n_frames - 1))
            )
            facts = f"{new.n_frames} of {old.n_frames} frames came back"
    except VideoError as error:
        raise _refusal(source, "the copy cannot be read") from error
    if not same:
        raise _refusal(source, f"the copy is not the same video ({facts})")


def _refusal(source: Path, reason: str) -> ExportError:
    return ExportError(
        f"{source.name} cannot be copied without what its file says of its origin: {reason.rstrip('.')}. Leave the "
        "videos "
        "out, or convert this one to MP4 first."
    )
