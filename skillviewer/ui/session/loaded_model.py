"""The model that is loaded, as the window knows it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """The model that is loaded."""

    name: str  # name of the checkpoint
    folder: Path  # where it lies
    device: str  # the device, as it is shown
    memory: str = ""  # used and total memory of a GPU, or ""
    digest: str = ""  # digest of its checkpoint
    warning: str = ""  # warning of its card, or ""
