"""A data set that is trained on in a moment: eight real videos of four participants."""

from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair
from tests.videos import write_barcode_video

NAMES = tuple(f"{who}{take}" for who in "abcd" for take in (1, 2))


def tiny_dataset(folder: Path) -> Dataset:
    """Write the videos, the later the longer; the longer the better."""
    for i, name in enumerate(NAMES):
        write_barcode_video(folder / f"{name}.mp4", 8 + i)
    return Dataset(
        name="tiny",
        form="pair-folder",
        task="test",
        videos=tuple(DatasetVideo(name, folder / f"{name}.mp4", participant=name[0]) for name in NAMES),
        pairs=tuple(Pair(NAMES[j], NAMES[i]) for i in range(8) for j in range(i + 1, 8)),
    )
