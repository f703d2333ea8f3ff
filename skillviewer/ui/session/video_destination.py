"""Choice between the open study and a new one for opened videos."""

from enum import Enum, auto


class VideoDestination(Enum):
    """The study that opened videos join."""

    OPEN_STUDY = auto()
    NEW_STUDY = auto()
