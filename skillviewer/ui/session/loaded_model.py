"""Facts of the loaded model."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """Facts of the loaded model."""

    name: str  # name of the checkpoint
    folder: Path  # folder of the checkpoint
    device: str  # name of the device, as the window shows it
    memory: str = ""  # used and total memory of a GPU, or ""
    digest: str = ""  # digest of the checkpoint
    warning: str = ""  # warning of the model's card, or ""
