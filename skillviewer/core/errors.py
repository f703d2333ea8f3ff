"""The one tree of errors. Every message is fit to be shown: what happened, with which value, what to do."""

from pathlib import Path


class SkillViewerError(Exception):
    """Base of everything that went wrong in a way a person can act on."""


class VideoError(SkillViewerError):
    """A video cannot be read or written."""


class DatasetError(SkillViewerError):
    """A data set is missing parts or contradicts itself."""


class StudyError(SkillViewerError):
    """A study file cannot be opened or changed."""


class CheckpointError(SkillViewerError):
    """A checkpoint folder is missing, foreign, damaged or does not fit."""


class DeviceError(SkillViewerError):
    """The computing device is missing, out of memory or failed."""


class ExportError(SkillViewerError):
    """Something could not be written out."""


class NameTakenError(ExportError):
    """A file of that name is there already, and nobody said that it may be replaced.

    Args:
        path: The file.

    Attributes:
        path: The same.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} is there already: choose another name, or ask to overwrite it."


class SettingsError(SkillViewerError):
    """A setting has a value that cannot be used."""


class Cancelled(Exception):  # noqa: N818 - a wish of the person, not an error
    """The person asked to stop. Stands outside the tree: nothing went wrong."""


def escaped(error: UnicodeEncodeError) -> str:
    """Return a text that cannot be written, with numbers in the place of what is no letter."""
    return error.object.encode(errors="backslashreplace").decode()
