"""Videos that are open during an export."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from skillviewer.core.progress import CancelToken
from skillviewer.media.reading.reader import VideoReader


class SourceReaders(ExitStack):
    """Readers by path: each video is opened, and hashed, once. Use it as a context manager."""

    def __init__(self) -> None:
        super().__init__()
        self._readers: dict[Path, VideoReader] = {}

    def open(self, path: Path, token: CancelToken) -> VideoReader:
        """Return the reader of a video, which is closed with the others, or raise a VideoError."""
        if path not in self._readers:
            reader = self.enter_context(VideoReader(path, token))
            reader.describe(token)
            self._readers[path] = reader
        return self._readers[path]

    def digests(self, token: CancelToken) -> Callable[[Path], str]:
        """Return a function from a video's path to its SHA-256."""
        return lambda path: self.open(path, token).info.digest
