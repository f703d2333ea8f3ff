"""Study to which opened videos are added: the open study, or a new study."""

from enum import Enum, auto


class VideoDestination(Enum):
    """The study that opened videos join."""

    OPEN_STUDY = auto()
    NEW_STUDY = auto()
