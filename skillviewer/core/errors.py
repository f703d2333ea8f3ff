"""The one tree of errors. Every message is fit to be shown: what happened, with which value, what to do."""


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


class SettingsError(SkillViewerError):
    """A setting has a value that cannot be used."""


class Cancelled(Exception):  # noqa: N818 - a wish of the person, not an error
    """The person asked to stop. Stands outside the tree: nothing went wrong."""
