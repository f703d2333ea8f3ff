"""Open readers of videos, with their caches of decoded frames and their proxies."""

from collections.abc import Callable
from pathlib import Path

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.backend import Proxy, Reader

WARM_BYTES = 200 * 2**20
"""Limit of the decoded frames of a video, in bytes: smaller videos are decoded ahead, larger ones get a proxy."""

FRAMES_PER_PREFETCH = 16  # frames decoded ahead between two checks of the token


def decoded_bytes(info: VideoInfo) -> float:
    """Return the size in bytes of all decoded frames of a video, in YUV 4:2:0."""
    return info.n_frames * info.width_px * info.height_px * 1.5


class OpenVideos:
    """The open readers of a worker thread, and their proxies. Few are open at a time, since each caches frames."""

    def __init__(
        self,
        open_reader: Callable[[Path, CancelToken], Reader],
        open_proxy: Callable[[VideoInfo], Proxy | None],
        max_open: int = 2,
    ) -> None:
        self._open_reader = open_reader
        self._open_proxy = open_proxy
        self._max_open = max_open
        self._readers: dict[Path, Reader] = {}  # in the order of their last use
        self._proxies: dict[Path, Proxy] = {}

    def reader(self, path: Path, token: CancelToken = NEVER) -> Reader:
        """Return the reader of a video, which is opened if needed. The token cancels the opening."""
        reader = self._readers.pop(path, None)
        if reader is None:
            reader = self._open_reader(path, token)
        self._readers[path] = reader
        while len(self._readers) > self._max_open:
            self._close(next(iter(self._readers)))
        return reader

    def proxy_frame(self, path: Path, index: int) -> RGBImage | None:
        """Return a frame from the proxy of an open video, or None without a proxy. A damaged proxy is closed."""
        proxy = self._proxies.get(path)
        if proxy is None:
            return None
        try:
            return proxy.frame(index)
        except SkillViewerError:
            self._proxies.pop(path).close()
            return None

    def warm(self, path: Path, token: CancelToken) -> None:
        """Decode a whole video into the cache of its reader, if that takes at most ``WARM_BYTES``.

        Frames decoded before a cancellation stay in the cache.
        """
        reader = self.reader(path, token)
        info = reader.read_info(token)
        if decoded_bytes(info) <= WARM_BYTES:
            for index in range(0, info.n_frames, FRAMES_PER_PREFETCH):
                token.check()
                reader.prefetch(min(index + FRAMES_PER_PREFETCH, info.n_frames) - 1, token)

    def look_for_proxy(self, path: Path, token: CancelToken = NEVER) -> bool:
        """Open the proxy of a video, if it exists. Return True if the proxy is open."""
        info = self.reader(path, token).read_info(token)
        if path not in self._proxies:
            proxy = self._open_proxy(info)
            if proxy is not None:
                self._proxies[path] = proxy
        return path in self._proxies

    def _close(self, path: Path) -> None:
        proxy = self._proxies.pop(path, None)
        if proxy is not None:
            proxy.close()
        self._readers.pop(path).close()

    def close(self) -> None:
        for path in tuple(self._readers):
            self._close(path)
