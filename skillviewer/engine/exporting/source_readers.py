"""Readers of the videos of an export, each opened once."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from skillviewer.core.progress import CancelToken
from skillviewer.media.reading.reader import VideoReader


class SourceReaders(ExitStack):
    """Video readers by path: each file is opened and hashed once. Use it as a context manager."""

    def __init__(self) -> None:
        super().__init__()
        self._readers: dict[Path, VideoReader] = {}

    def open(self, path: Path, token: CancelToken) -> VideoReader:
        """Return the reader of a video, or raise a VideoError. It is closed with the context manager."""
        if path not in self._readers:
            reader = self.enter_context(VideoReader(path, token))
            reader.read_info(token)
            self._readers[path] = reader
        return self._readers[path]

    def digest_function(self, token: CancelToken) -> Callable[[Path], str]:
        """Return a function that returns the SHA-256 of the video at a path."""
        return lambda path: self.open(path, token).info.digest
