"""An open video file: its stream, its numbered packets, and the pictures decoded from them.

Packets are numbered from 0 in file order. Before a packet is decoded, its time stamp is replaced by its number. The
decoder copies the stamp to the picture, so that every picture identifies its packet even if the container's own stamps
are unreliable.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from skillviewer.core.closeable import Closeable
from skillviewer.core.cores import usable_cores
from skillviewer.core.errors import VideoError, os_reason
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.movie_boxes import check_edits

if TYPE_CHECKING:
    from av.packet import Packet

VideoPacket: TypeAlias = "Packet[VideoStream]"

_FILM_FORMATS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h261,h263,h264,hevc,vvc,evc,av1,obu,ivf,ogg,flv,live_flv,asf,asf_o,"
    "mxf,gxf,nut,nuv,dv,gif,apng,jpegxl_anim,mjpeg,mjpeg_2000,mpjpeg,smjpeg,mlv,yuv4mpegpipe,rm,swf,wtv,dhav,dirac,dnxhd,"
    "vc1,vc1test,cavsvideo,avs2,avs3,cine,r3d,filmstrip,flic,amv,ipmovie,nsv,pva,vividas,roq,bink,smk,lmlm4,ifv,kux,"
    "wc3movie,tmv,4xm,thp,webp_pipe,webp"
)
_STILLS = (
    "bmp,cri,dds,dpx,exr,gem,gif,hdr,j2k,jpeg,jpegls,jpegxl,jpegxs,pam,pbm,pcx,pfm,pgm,pgmyuv,pgx,phm,photocd,pictor,png,"
    "ppm,psd,qdraw,qoi,sgi,sunrast,svg,tiff,vbn,xbm,xpm,xwd"
)
OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(
        [_FILM_FORMATS, *(f"{name}_pipe" for name in _STILLS.split(",")), "ico,tty,bin,xbin,adf,idf"]
    ),
}
"""Options for opening any file. They allow only formats that contain their frames: the digest of a playlist (ffconcat,
HLS, DASH, IMF, SDP, numbered pictures) would not cover the frames, and a playlist from elsewhere could show any file of
this computer. Still pictures and texts open, and ``VideoFile`` refuses them."""

_STILL_FORMATS = ("image2", "ico", "tty", "bin", "xbin", "adf", "idf")
"""Demuxers that present a still picture or a text as a video."""

_STILL_BRANDS = frozenset({"avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"})
"""Brands of MP4-like files with still pictures, perhaps in tiles, or sequences of them (ISO/IEC 23008-12)."""

NOT_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails
"""Dispositions of streams that are pictures, such as an album cover, and that the container declares as video."""

_MAX_UNKNOWN = 16
"""Greatest number of unknown packets after a seek: a demuxer may divide a program stream into other packets there."""

# codecs that mark pictures to which no other picture refers, so that decoding can skip these
_SKIPPABLE_CODECS = frozenset({"h264", "hevc", "mpeg2video", "mpeg4"})


def _opening_error(path: Path, error: Exception) -> VideoError:
    if isinstance(error, FileNotFoundError):
        return VideoError(f"There is no file {path}.")
    if isinstance(error, IsADirectoryError):
        return VideoError(f"{path} is a folder, not a video.")
    if isinstance(error, PermissionError):
        return VideoError(f"{path} may not be read: permission denied.")
    if isinstance(error, UnicodeError):
        return VideoError(f"{path!r} cannot be opened: its name is not valid text. Rename it.")
    if isinstance(error, OSError) and not isinstance(error, FFmpegError):  # a demuxer's OSError is about the content
        return VideoError(f"{path} cannot be read: {os_reason(error)}.")
    return VideoError(f"{path} is not a video that can be read, or its beginning or end is missing.")


class VideoFile(Closeable):
    """An open file and its first real video stream.

    Args:
        path: Path of the file.
        threads: Number of pictures decoded in parallel. With 1, the slices of a picture may still be decoded in
            parallel.

    Attributes:
        stream: The first video stream, which is read.
        n_tracks: Number of video streams in the file.
        codec: Name of the codec.
        seeks_by_dts: Whether the container seeks by decoding time, not by presentation time.
        size_bytes: Size of the file.
        n_failed: Number of failures to decode since the file was (re)opened.

    Raises:
        VideoError: The file is missing, a folder, empty, inaccessible, no video, without a video stream, or has an
            unknown codec.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._threads = threads
        self._next_number = 0
        self.n_failed = 0
        self.n_tracks = 1
        self._packets: Iterator[VideoPacket] = iter(())
        self._container: InputContainer | None = None
        self._opened_stat = self._read_stat()
        self.size_bytes = self._opened_stat.st_size
        check_edits(path)
        self.reopen()

    def _read_stat(self) -> os.stat_result:
        try:
            with self.path.open("rb") as file:
                stat = os.fstat(file.fileno())
        except (OSError, ValueError) as error:
            raise _opening_error(self.path, error) from error
        if stat.st_size == 0:
            raise VideoError(f"{self.path} is empty.")
        return stat

    def check_unchanged(self) -> None:
        """Raise a VideoError if size or time of the file changed since it was opened; a deleted file is no error."""
        try:
            stat = self.path.stat()
        except OSError:
            return
        opened_stat = self._opened_stat
        if (stat.st_size, stat.st_mtime_ns) != (opened_stat.st_size, opened_stat.st_mtime_ns):
            raise VideoError(f"{self.path} was written or replaced while it was read. Open it again once it is whole.")

    def reopen(self) -> None:
        """Reopen the file: the next packet is number 0."""
        self.close()
        with decoder_errors(partial(_opening_error, self.path)):
            self._open()

    def _open(self) -> None:
        # without the prefix, libav would take a name with a colon for an address
        self._container = av.open(f"file:{self.path.absolute()}", options=dict(OPEN_OPTIONS), metadata_errors="replace")
        self.stream = self._choose_stream(self._container)
        context = self.stream.codec_context
        self.codec = context.codec.canonical_name
        # broadcast streams have no table of key frames: a seek lands on any packet, by decoding time
        self.seeks_by_dts = self._container.format.name in {"mpegts", "mpeg"}
        context.thread_count = usable_cores() if self._threads == 1 else self._threads
        context.thread_type = "SLICE" if self._threads == 1 else "AUTO"
        self._packets = self._container.demux(self.stream)
        self._next_number = 0
        self.n_failed = 0

    def _choose_stream(self, container: InputContainer) -> VideoStream:
        format_name = container.format.name
        has_still_brand = format_name.startswith("mov") and container.metadata.get("major_brand") in _STILL_BRANDS
        if has_still_brand or format_name.endswith("_pipe") or format_name in _STILL_FORMATS:
            raise VideoError(f"{self.path} is a still picture or a text, not a video.")
        streams = [stream for stream in container.streams.video if not stream.disposition & NOT_VIDEO]
        self.n_tracks = len(streams)
        if not streams:
            raise VideoError(f"{self.path} has no video stream.")
        stream = streams[0]
        # the context is None for a codec that libav does not know, although PyAV's annotation says otherwise
        if stream.codec_context is None:
            raise VideoError(
                f"The codec of {self.path} is unknown here. Convert the video to H.264, for example, and open that."
            )
        return stream

    def check_open(self) -> None:
        """Raise a VideoError if the file is closed."""
        if self._container is None:
            raise VideoError(f"{self.path} is closed.")

    @property
    def container(self) -> InputContainer:
        """The open container."""
        self.check_open()
        assert self._container is not None
        return self._container

    @property
    def time_base(self) -> Fraction:
        """Duration of one tick of the stream's time stamps, in seconds."""
        return self.stream.time_base or Fraction(1, 90000)

    def read(self) -> tuple[int, VideoPacket] | None:
        """Return the next packet and its number, or None at the end.

        Raises:
            VideoError: The file is damaged, and reading cannot continue.
        """
        with decoder_errors(lambda _: VideoError(f"{self.path} cannot be read on after packet {self._next_number}.")):
            for packet in self._packets:
                if packet.size:  # an empty packet would signal the end to the decoder
                    self._next_number += 1
                    return self._next_number - 1, packet
        return None

    def seek(self, ticks: int, find: Callable[[VideoPacket], int | None]) -> tuple[int, VideoPacket] | None:
        """Seek to a time stamp, and return the number of the first known packet there, and the packet.

        The container chooses where to land: at the key frame before the time stamp, or at a packet before or after it.

        Args:
            ticks: Time stamp, by presentation or decoding time (``seeks_by_dts``).
            find: Returns the number of a packet, or None if it is unknown.

        Returns:
            Number and packet, or None if the container cannot seek there.
        """
        container = self.container
        with suppress(VideoError), decoder_errors(self._decoding_error):
            container.seek(ticks, stream=self.stream, backward=True, any_frame=False)
            self._packets = container.demux(self.stream)
            for _ in range(_MAX_UNKNOWN):
                numbered_packet = self.read()
                if numbered_packet is None:
                    return None
                _, packet = numbered_packet
                number = find(packet)
                if number is not None:
                    self._next_number = number + 1
                    return number, packet
        return None

    def _decoding_error(self, _error: Exception) -> VideoError:
        return VideoError(f"{self.path} cannot be decoded after packet {self._next_number}.")

    def decode(self, number: int, packet: VideoPacket, *, skip: bool = False) -> list[tuple[int, VideoFrame]]:
        """Decode one packet, whose time stamp is overwritten.

        Args:
            number: Number of the packet.
            packet: The packet.
            skip: Whether to skip its picture if no other picture refers to it.

        Returns:
            The pictures available by now, each with the number of its packet. A damaged packet gives none.
        """
        packet.pts = number
        if self.codec in _SKIPPABLE_CODECS:
            self.stream.codec_context.skip_frame = "NONREF" if skip else "DEFAULT"
        return self._decode(packet)

    def drain(self) -> list[tuple[int, VideoFrame]]:
        """Return the pictures still in the decoder. Seek or reopen afterwards."""
        return self._decode(None)

    def _decode(self, packet: "VideoPacket | None") -> list[tuple[int, VideoFrame]]:
        try:
            with decoder_errors(self._decoding_error):
                frames = self.stream.codec_context.decode(packet)
        except VideoError:
            self.n_failed += 1
            return []
        return [(-1 if frame.pts is None else frame.pts, frame) for frame in frames]

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._container is not None:
            self._container.close()
            self._container = None
            self._packets = iter(())
