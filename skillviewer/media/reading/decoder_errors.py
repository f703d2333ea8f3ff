"""Translation of the errors of the decoding library.

For a damaged file PyAV raises not only its own errors but also ``IndexError`` (for a stream that begins in the middle),
``ValueError`` (for an unknown pixel format), ``KeyError`` and ``AssertionError``. None of them may end the work on
other videos.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from av.error import FFmpegError

from skillviewer.core.errors import Cancelled, SkillViewerError


@contextmanager
def decoder_errors(translate: Callable[[Exception], SkillViewerError]) -> Iterator[None]:
    """Translate all errors inside the ``with`` block.

    ``translate`` returns the error to raise. Errors of the program, ``Cancelled``, and a lack of memory of this process
    pass unchanged.
    """
    try:
        yield
    except (SkillViewerError, Cancelled):
        raise
    except Exception as error:
        if isinstance(error, MemoryError) and not isinstance(error, FFmpegError):
            raise
        raise translate(error) from error
