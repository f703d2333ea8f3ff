"""Errors of the decoding library as errors of a video, in one place.

For a damaged file PyAV raises more than its own kinds: ``IndexError`` for a stream that begins in the middle,
``ValueError`` for an unknown pixel format, ``KeyError``, ``AssertionError``. None of them may end the work on other
videos.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from av.error import FFmpegError

from skillviewer.core.errors import Cancelled, SkillViewerError


@contextmanager
def decoder_errors(failure: Callable[[Exception], SkillViewerError]) -> Iterator[None]:
    """Raise whatever a block raises as the error that ``failure`` makes of it.

    The program's own errors, the user's wish to stop, and a lack of memory of this process pass unchanged.
    """
    try:
        yield
    except (SkillViewerError, Cancelled):
        raise
    except Exception as error:
        if isinstance(error, MemoryError) and not isinstance(error, FFmpegError):
            raise
        raise failure(error) from error
