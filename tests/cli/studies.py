"""A tiny study in a folder: eight short videos of four participants."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from tests.videos import write_barcode_video

NAMES = tuple(f"{who}{take}" for who in "abcd" for take in (1, 2))


def write_study(folder: Path, *, participants: bool = True, names: Sequence[str] = NAMES) -> Path:
    """Write a folder of videos and pairs in which every later video is better, but for a pair of equals.

    The videos have 12 to 26 frames, so that duration tells their order; regions are known of every frame.
    """
    (folder / "videos").mkdir(parents=True)
    lengths = {name: 12 + 2 * i for i, name in enumerate(names)}
    for name, length in lengths.items():
        write_barcode_video(folder / "videos" / f"{name}.mp4", length)
    pairs = [
        f"{worse},{better},{0 if (worse, better) == NAMES[:2] else -1}" for worse, better in combinations(names, 2)
    ]
    tables = {
        "pairs.csv": ["left,right,label", *pairs],
        "truth.csv": ["video,quality", *(f"{name},{i}" for i, name in enumerate(names))],
        "regions.csv": [
            "video,frame,hand_x,hand_y",
            *(f"{name},{frame},20,20" for name, length in lengths.items() for frame in range(length)),
        ],
    }
    if participants:
        tables["participants.csv"] = ["video,participant", *(f"{name},{name[0]}" for name in NAMES)]
    for name, rows in tables.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
