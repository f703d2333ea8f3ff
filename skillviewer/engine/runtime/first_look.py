"""Check of unknown video files in a helper process with limits, so that a decoder that crashes does not end the window.

The helper process stays for the next file. Known files are not checked: those with the path, size and time of last
change of a file that was checked before. This process does not import PyAV.
"""

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from skillviewer.core.atomic_write import TEMPORARY_SUFFIX
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import Cancelled, SkillViewerError, VideoError
from skillviewer.core.paths import data_dir
from skillviewer.core.progress import NEVER, CancelToken

MEMORY_BYTES = 4 * 2**30
"""Limit of the helper's address space; without effect on Windows, which has no such limit."""

SILENT_S = 20.0
"""Seconds without a message after which the helper counts as hanging; it sends messages while it reads a file."""

START_S = 120.0
"""Longest time that a helper may take to start, on a busy computer."""

LOOK_S = 0.5
"""Longest time for decoding frames, and for decoding sound."""

N_FRAMES = 25
"""Greatest number of frames that are decoded, over the whole file."""

SOUND_S = 60.0
"""Length of the sound at the start of a file that is decoded, at most for ``LOOK_S``."""

FileCheck = Callable[[Path, CancelToken], None]


def look_at(path: Path, token: CancelToken) -> None:
    """Open a video, and decode frames over its whole length and the sound at its start.

    Raises:
        VideoError: The video cannot be opened. Frames and sound that cannot be decoded are reported when they are used.
    """
    from skillviewer.media.reading.reader import VideoReader
    from skillviewer.media.reading.sound_reader import SoundReader, has_sound

    with VideoReader(path, token, cache_bytes=0) as reader:
        deadline_s = time.monotonic() + LOOK_S
        for index in range(N_FRAMES):
            if time.monotonic() < deadline_s:
                with suppress(VideoError):
                    reader.frame((2 * index + 1) * reader.n_frames // (2 * N_FRAMES), token)
    if has_sound(path):
        deadline_s = time.monotonic() + LOOK_S
        with suppress(VideoError):
            for _ in SoundReader(path).blocks(0.0, SOUND_S, token=token):
                if time.monotonic() > deadline_s:
                    break


class FirstLook(Closeable):
    """Checks files before they are opened. Threads may share it. Use it as a context manager.

    Args:
        check: Checks one file in the helper; it can be pickled.
        silent_s: Seconds without a message after which the helper counts as hanging.
        memory_bytes: Limit of the helper's address space.
    """

    def __init__(
        self, check: FileCheck = look_at, silent_s: float = SILENT_S, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._check = check
        self._silent_s = silent_s
        self._memory_bytes = memory_bytes
        self._helper: tuple[BaseProcess, Connection] | None = None
        self._lock = threading.Lock()  # held while the helper checks a file
        self._known_keys_path = data_dir() / "looked-at.txt"
        self._known_keys: set[str] | None = None  # None before the file is read

    def check(self, path: Path, token: CancelToken = NEVER) -> None:
        """Check a file in the helper unless it is known, missing, or a temporary file of the program.

        Raises:
            VideoError: The file cannot be read, or the helper crashed, hung or ran out of memory.
        """
        key = "" if TEMPORARY_SUFFIX in path.name else _file_key(path)
        if not key or self._is_known(key):
            return
        while not self._lock.acquire(timeout=0.1):
            token.check()
        try:
            if not self._is_known(key):
                self._check_in_helper(path, token)
                self._save_key(key)
        finally:
            self._lock.release()

    def warm(self) -> None:
        """Start the helper before it is needed, unless it is checking a file."""
        if self._lock.acquire(blocking=False):
            try:
                if self._helper is None:
                    self._start()
            finally:
                self._lock.release()

    def _check_in_helper(self, path: Path, token: CancelToken) -> None:
        helper = self._start() if self._helper is None else self._helper
        process, connection = helper
        answer: str | None = None
        try:
            self._receive(connection, path, token, START_S)  # the helper is ready
            connection.send(path)
            while answer is None:
                answer = self._receive(connection, path, token, self._silent_s)
        except (EOFError, OSError) as error:
            process.join(1.0)
            code = 0 if process.exitcode is None else process.exitcode
            reason = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise VideoError(
                f"{path} is not opened: a decoder died over it ({reason}). It is damaged, or made to do so."
            ) from error
        finally:
            if answer is None:
                self.close()
        if answer:
            raise VideoError(answer)

    @staticmethod
    def _receive(connection: Connection, path: Path, token: CancelToken, silent_s: float) -> str | None:
        """Return the next message of the helper: the answer, or None while it is working."""
        deadline_s = time.monotonic() + silent_s
        while not connection.poll(0.1):
            token.check()
            if time.monotonic() > deadline_s:
                raise VideoError(
                    f"{path} is not opened: a decoder hung over it for {silent_s:g} s. It is damaged, or made to do so."
                )
        token.check()
        message: str | None = connection.recv()
        return message

    def _start(self) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        parent_end, child_end = context.Pipe()
        process = context.Process(target=_serve, args=(self._check, self._memory_bytes, child_end), daemon=True)
        process.start()
        child_end.close()
        self._helper = process, parent_end
        return self._helper

    def _is_known(self, key: str) -> bool:
        if self._known_keys is None:
            self._known_keys = set()
            with suppress(OSError):
                self._known_keys.update(self._known_keys_path.read_text(encoding="ascii", errors="replace").split())
        return key in self._known_keys

    def _save_key(self, key: str) -> None:
        assert self._known_keys is not None
        self._known_keys.add(key)
        with suppress(OSError):  # without the file, the video is checked again next time
            self._known_keys_path.parent.mkdir(parents=True, exist_ok=True)
            with self._known_keys_path.open("a", encoding="ascii") as file:
                file.write(f"{key}\n")

    def close(self) -> None:
        """End the helper; the next check starts another."""
        helper = self._helper
        self._helper = None
        if helper is not None:
            process, connection = helper
            process.kill()
            process.join()
            connection.close()


def _file_key(path: Path) -> str:
    """Return a hash of path, size and time of last change, which reveals no name; "" if there is no such file."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return ""
    text = f"{os.fspath(path.absolute())}\0{stat.st_size}\0{stat.st_mtime_ns}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]


class _HeartbeatToken(CancelToken):
    """A token that sends a message to the parent process at its checks, at most every half second."""

    __slots__ = ("_connection", "_last_beat_s")

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._last_beat_s = time.monotonic()

    def check(self) -> None:
        """Send a message if the last one is old; raise an OSError if the parent process has ended."""
        if time.monotonic() - self._last_beat_s > 0.5:
            self._last_beat_s = time.monotonic()
            self._connection.send(None)


def _serve(check: FileCheck, memory_bytes: int, connection: Connection) -> None:
    """Check the files that come through the pipe.

    An answer is the sentence of an error, or "". None means that the helper is ready or still working.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        import resource

        for limit, maximum in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # macOS refuses the limit of the address space
                resource.setrlimit(limit, (maximum, maximum))
    with suppress(EOFError, OSError):
        while True:
            connection.send(None)
            path: Path = connection.recv()
            answer = ""
            try:
                check(path, _HeartbeatToken(connection))
            except (SkillViewerError, Cancelled) as error:
                answer = str(error)
            except MemoryError:
                answer = f"{path} is not opened: a look at it takes more than {memory_bytes / 2**30:.0f} GB of memory."
            connection.send(answer)
