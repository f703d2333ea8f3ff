"""Choice of the study that opened videos join, while one is open."""

from enum import Enum, auto


class VideoDestination(Enum):
    """Study that opened videos join."""

    OPEN_STUDY = auto()
    NEW_STUDY = auto()
