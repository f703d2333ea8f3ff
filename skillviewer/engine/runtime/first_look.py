"""First look at unknown video files, in a helper process with limits: a decoder that dies takes no window along.

The helper stays for the next file. A file counts as known by path, size and time of its last change, as in a study;
known files are opened at once. Free of PyAV in this process.
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

from skillviewer.core.atomic_write import TEMPORARY
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import Cancelled, SkillViewerError, VideoError
from skillviewer.core.paths import data_dir
from skillviewer.core.progress import NEVER, CancelToken

MEMORY_BYTES = 4 * 2**30
"""Address space of the helper; more ends the look. Where the system has no such limit (Windows), none is set."""

SILENT_S = 20.0
"""A helper that says nothing for so long hangs; while it reads a large file it says that it goes on."""

START_S = 120.0
"""Longest start of a helper, on a computer that is busy."""

LOOK_S = 0.5
N_FRAMES = 25
"""After the first frame, up to so many frames over the whole file are decoded for so long."""

SOUND_S = 60.0
"""Longest part of the sound that is decoded, for ``LOOK_S`` at most."""

FileCheck = Callable[[Path, CancelToken], None]


def look_at(path: Path, token: CancelToken) -> None:
    """Open a video and decode frames over its whole length, as a model would, and the sound at its start."""
    from skillviewer.media.reading.reader import VideoReader
    from skillviewer.media.reading.sound_reader import SoundReader, has_sound

    with VideoReader(path, token, cache_bytes=0) as reader:
        until = time.monotonic() + LOOK_S
        for index in range(N_FRAMES):
            if time.monotonic() < until:
                with suppress(VideoError):  # it is reported when this frame is wanted
                    reader.frame((2 * index + 1) * reader.n_frames // (2 * N_FRAMES), token)
    if has_sound(path):
        until = time.monotonic() + LOOK_S
        with suppress(VideoError):
            for _ in SoundReader(path).blocks(0.0, SOUND_S, token=token):
                if time.monotonic() > until:
                    break


class FirstLook(Closeable):
    """Looks at files before they are opened. Threads may share it. Use it as a context manager.

    Args:
        look: Looks at one file, in the helper; it can be pickled.
        silent_s: Longest silence of the helper.
        memory_bytes: Its memory.
    """

    def __init__(
        self, check: FileCheck = look_at, silent_s: float = SILENT_S, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._check = check
        self._silent_s = silent_s
        self._memory = memory_bytes
        self._helper: tuple[BaseProcess, Connection] | None = None
        self._one_at_a_time = threading.Lock()
        self._known_in = data_dir() / "looked-at.txt"
        self._checked: set[str] | None = None

    def check(self, path: Path, token: CancelToken = NEVER) -> None:
        """Look at a file in the helper, unless it is known.

        Raises:
            VideoError: It cannot be read, or the helper died, hung or ran out of memory over it.
        """
        key = "" if TEMPORARY in path.name else _key(path)  # the program's own, or not there: reported on opening
        if not key or self._is_known(key):
            return
        while not self._one_at_a_time.acquire(timeout=0.1):
            token.check()
        try:
            if not self._is_known(key):
                self._ask(path, token)
                self._keep(key)
        finally:
            self._one_at_a_time.release()

    def warm(self) -> None:
        """Start the helper before it is needed, unless a look is under way."""
        if self._one_at_a_time.acquire(blocking=False):
            try:
                if self._helper is None:
                    self._start()
            finally:
                self._one_at_a_time.release()

    def _ask(self, path: Path, token: CancelToken) -> None:
        process, connection = self._helper or self._start()
        answer: str | None = None
        try:
            self._hear(connection, path, token, START_S)  # it is ready for a file
            connection.send(path)
            while answer is None:
                answer = self._hear(connection, path, token, self._silent_s)
        except (EOFError, OSError) as error:
            process.join(1.0)
            code = process.exitcode or 0
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
    def _hear(connection: Connection, path: Path, token: CancelToken, silent_s: float) -> str | None:
        """Return the helper's next message; None if it only reports that it is alive."""
        until = time.monotonic() + silent_s
        while not connection.poll(0.1):
            token.check()
            if time.monotonic() > until:
                raise VideoError(
                    f"{path} is not opened: a decoder hung over it for {silent_s:g} s. It is damaged, or made to do so."
                )
        token.check()
        message: str | None = connection.recv()
        return message

    def _start(self) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        parent_end, child_end = context.Pipe()
        process = context.Process(target=_serve, args=(self._check, self._memory, child_end), daemon=True)
        process.start()
        child_end.close()
        self._helper = process, parent_end
        return self._helper

    def _is_known(self, key: str) -> bool:
        if self._checked is None:
            self._checked = set()
            with suppress(OSError):
                self._checked.update(self._known_in.read_text(encoding="ascii", errors="replace").split())
        return key in self._checked

    def _keep(self, key: str) -> None:
        assert self._checked is not None
        self._checked.add(key)
        with suppress(OSError):  # it is looked at again next time
            self._known_in.parent.mkdir(parents=True, exist_ok=True)
            with self._known_in.open("a", encoding="ascii") as file:
                file.write(f"{key}\n")

    def close(self) -> None:
        """End the helper; the next look starts another."""
        helper = self._helper
        self._helper = None
        if helper is not None:
            helper[0].kill()
            helper[0].join()
            helper[1].close()


def _key(path: Path) -> str:
    """Return a hash of path, size and time, from which no name can be read; "" if there is no such file."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return ""
    text = f"{os.fspath(path.absolute())}\0{stat.st_size}\0{stat.st_mtime_ns}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]


class _Beating(CancelToken):
    """A token that tells the parent at every check, but not too often, that work goes on."""

    __slots__ = ("_connection", "_last_beat_s")

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._last_beat_s = time.monotonic()

    def check(self) -> None:
        """Tell the parent; end if it has gone."""
        if time.monotonic() - self._last_beat_s > 0.5:
            self._last_beat_s = time.monotonic()
            self._connection.send(None)


def _serve(check: FileCheck, memory_bytes: int, connection: Connection) -> None:
    """Look at the files that come through the pipe; answer with a sentence, "" if all is well, None meanwhile."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        import resource

        for limit, maximum in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # macOS refuses the first
                resource.setrlimit(limit, (maximum, maximum))
    with suppress(EOFError, OSError):
        while True:
            connection.send(None)
            path: Path = connection.recv()
            answer = ""
            try:
                check(path, _Beating(connection))
            except (SkillViewerError, Cancelled) as error:
                answer = str(error)
            except MemoryError:
                answer = f"{path} is not opened: a look at it takes more than {memory_bytes / 2**30:.0f} GB of memory."
            connection.send(answer)
