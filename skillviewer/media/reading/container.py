"""An open video file: its stream, its numbered packets, and the pictures decoded from them.

Packets are numbered from 0 in file order. Before a packet is decoded its time stamp is replaced by its number; a
decoder passes the stamp on to the picture, so that every picture identifies its packet, however unreliable the
container's own stamps are.
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
from skillviewer.core.errors import VideoError
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
"""Options for opening any file: only formats that contain their frames. The digest of a playlist (ffconcat, HLS, DASH,
IMF, SDP, numbered pictures) would not cover its frames, and a foreign playlist could show any file of this computer.
Still pictures and texts are recognised later."""

_STILL_FORMATS = ("image2", "ico", "tty", "bin", "xbin", "adf", "idf")
"""Demuxers that present a still picture or a text as a video."""

_STILL_BRANDS = frozenset({"avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"})
"""Brands of MP4-like files with still pictures, perhaps in tiles, or sequences of them (ISO/IEC 23008-12)."""

NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails
"""Streams that only the container calls video: an album cover, say."""

_STRANGERS = 16
"""Number of packets after a jump that may be unknown: program streams are split into them anew."""

# the content of these packets may be skipped only if unreferenced pictures are marked as such
_SKIPPABLE_CODECS = frozenset({"h264", "hevc", "mpeg2video", "mpeg4"})


def _failure(path: Path, error: Exception) -> VideoError:
    if isinstance(error, FileNotFoundError):
        return VideoError(f"There is no file {path}.")
    if isinstance(error, IsADirectoryError):
        return VideoError(f"{path} is a folder, not a video.")
    if isinstance(error, PermissionError):
        return VideoError(f"{path} may not be read: permission denied.")
    if isinstance(error, UnicodeError):
        return VideoError(f"{path!r} cannot be opened: its name is not valid text. Rename it.")
    if isinstance(error, OSError) and not isinstance(error, FFmpegError):  # a demuxer's OSError is about the content
        return VideoError(f"{path} cannot be read: {error.strerror or error}.")
    return VideoError(f"{path} is not a video that can be read, or its beginning or end is missing.")


class VideoFile(Closeable):
    """An open file and its first real video stream.

    Args:
        path: Path of the file.
        threads: Number of pictures decoded in parallel. With 1 the slices of a picture may still be distributed.

    Attributes:
        n_tracks: Number of video streams in the file; the first is read.

    Raises:
        VideoError: The file is missing, a folder, empty, inaccessible, no video, without a video stream, or has an
            unknown codec.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._threads = threads
        self._next = 0
        self.n_failed = 0
        self.n_tracks = 1
        self._packets: Iterator[VideoPacket] = iter(())
        self._container: InputContainer | None = None
        self.written = self._written()
        self.size_bytes = self.written[0]
        check_edits(path)
        self.reopen()

    def _written(self) -> tuple[int, int]:
        """Return size and time of the last change, which differ once the file has been rewritten."""
        try:
            with self.path.open("rb") as file:
                stat = os.fstat(file.fileno())
        except (OSError, ValueError) as error:
            raise _failure(self.path, error) from error
        if stat.st_size == 0:
            raise VideoError(f"{self.path} is empty.")
        return stat.st_size, stat.st_mtime_ns

    def check_unchanged(self) -> None:
        """Raise a VideoError if the file was rewritten since it was opened; a deleted one can still be read."""
        try:
            current = self.path.stat()
        except OSError:
            return
        if (current.st_size, current.st_mtime_ns) != self.written:
            raise VideoError(f"{self.path} was written or replaced while it was read. Open it again once it is whole.")

    def reopen(self) -> None:
        """Reopen the file: the next packet is number 0."""
        self.close()
        with decoder_errors(partial(_failure, self.path)):
            self._open()

    def _open(self) -> None:
        # the prefix keeps a name with a colon from being read as an address; only files are ever opened
        self._container = av.open(f"file:{self.path.absolute()}", options=dict(OPEN_OPTIONS), metadata_errors="replace")
        self.stream = self._choose(self._container)
        context = self.stream.codec_context
        self.codec = context.codec.canonical_name
        # broadcast streams have no table of key frames: a jump lands on any packet, by decoding time
        self.sought_by_dts = self._container.format.name in {"mpegts", "mpeg"}
        self.skippable = self.codec in _SKIPPABLE_CODECS
        context.thread_count = usable_cores() if self._threads == 1 else self._threads
        context.thread_type = "SLICE" if self._threads == 1 else "AUTO"
        self._packets = self._container.demux(self.stream)
        self._next = self.n_failed = 0

    def _choose(self, container: InputContainer) -> VideoStream:
        name = container.format.name
        is_still = name.startswith("mov") and container.metadata.get("major_brand") in _STILL_BRANDS
        if is_still or name.endswith("_pipe") or name in _STILL_FORMATS:
            raise VideoError(f"{self.path} is a still picture or a text, not a video.")
        streams = [s for s in container.streams.video if not s.disposition & NO_VIDEO]
        self.n_tracks = len(streams)
        if not streams:
            raise VideoError(f"{self.path} has no video stream.")
        stream = streams[0]
        # a codec unknown to the library has no context, whatever the annotation says
        if stream.codec_context is None:
            raise VideoError(
                f"The codec of {self.path} is unknown here. Convert the video to H.264, for example, and open that."
            )
        return stream

    @property
    def container(self) -> InputContainer:
        """The open container."""
        if self._container is None:
            raise VideoError(f"{self.path} is closed.")
        return self._container

    @property
    def time_base(self) -> Fraction:
        """Duration of one tick of the stream's time stamps, in seconds."""
        return self.stream.time_base or Fraction(1, 90000)

    def read(self) -> tuple[int, VideoPacket] | None:
        """Return the next packet and its number, or None at the end; a file that cannot be read on is a VideoError."""
        with decoder_errors(lambda _: VideoError(f"{self.path} cannot be read on after packet {self._next}.")):
            for packet in self._packets:
                if packet.size:  # an empty one would signal the end to the decoder
                    self._next += 1
                    return self._next - 1, packet
        return None

    def seek(self, ticks: int, find: Callable[[VideoPacket], int | None]) -> tuple[int, VideoPacket] | None:
        """Go near a time stamp and return number and packet of the first one recognised there; None if not seekable.

        The container chooses the landing point: the key frame before it, or a packet before or after that. ``find``
        returns the number of a packet, or None if it is unknown.
        """
        container = self.container
        with suppress(VideoError), decoder_errors(self._undecodable):
            container.seek(ticks, stream=self.stream, backward=True, any_frame=False)
            self._packets = container.demux(self.stream)
            for _ in range(_STRANGERS):
                first = self.read()
                if first is None:
                    return None
                number = find(first[1])
                if number is not None:
                    self._next = number + 1
                    return number, first[1]
        return None

    def _undecodable(self, _error: Exception) -> VideoError:
        return VideoError(f"{self.path} cannot be decoded after packet {self._next}.")

    def decode(self, number: int, packet: VideoPacket, *, skip: bool = False) -> list[tuple[int, VideoFrame]]:
        """Decode one packet, whose time stamp is overwritten; ``skip`` the picture if no other refers to it.

        Returns:
            The pictures available by now, each with the number of its packet. A damaged packet gives none.
        """
        context = self.stream.codec_context
        packet.pts = number
        if self.skippable:
            context.skip_frame = "NONREF" if skip else "DEFAULT"
        try:
            with decoder_errors(self._undecodable):
                frames = context.decode(packet)
        except VideoError:
            self.n_failed += 1
            return []
        return [(-1 if frame.pts is None else frame.pts, frame) for frame in frames]

    def drain(self) -> list[tuple[int, VideoFrame]]:
        """Return the pictures still in the decoder. Seek or reopen afterwards."""
        try:
            with decoder_errors(self._undecodable):
                frames = self.stream.codec_context.decode(None)
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
