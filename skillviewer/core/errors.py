"""Hierarchy of errors. Every message is meant for the user and names the failure, the value and the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SkillViewerError(Exception):
    """Base of all errors that the user can act on."""


class VideoError(SkillViewerError):
    """A video cannot be read or written."""


class DatasetError(SkillViewerError):
    """A data set is missing parts or contradicts itself."""


class StudyError(SkillViewerError):
    """A study file cannot be opened or changed."""


class CheckpointError(SkillViewerError):
    """A checkpoint folder is missing, damaged, from another program, or incompatible."""


class DeviceError(SkillViewerError):
    """The computing device is missing, is out of memory, or has failed."""


class ExportError(SkillViewerError):
    """A file could not be exported."""


class NameTakenError(ExportError):
    """The file exists already and may not be replaced."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} is there already: choose another name, or ask to overwrite it."


class SettingsError(SkillViewerError):
    """A setting has an invalid value."""


class PluginError(SkillViewerError):
    """A plug-in is left out, or has failed."""


class Cancelled(Exception):  # noqa: N818 - a request of the user, not an error
    """The user asked to stop. Not a SkillViewerError, since nothing went wrong."""


def escaped_text(error: UnicodeEncodeError) -> str:
    """Return the text of an error of encoding, with escapes for the characters at fault."""
    return error.object.encode(errors="backslashreplace").decode()


def os_reason(error: OSError) -> str:
    """Return the reason that the system gives for an error, or else the whole text of the error."""
    return error.strerror or str(error)


@contextmanager
def os_error_as(error_type: type[SkillViewerError], failure: str) -> Iterator[None]:
    """Convert an OSError to another error, whose message is the failure and then the system's reason."""
    try:
        yield
    except OSError as error:
        raise error_type(f"{failure}: {os_reason(error)}.") from error


def first_line(error: BaseException) -> str:
    """Return the first line of a library's error message, at most 300 characters, without its full stop."""
    lines = str(error).splitlines()
    first = lines[0] if lines else type(error).__name__
    return first[:300].rstrip(".")
