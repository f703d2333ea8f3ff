"""Tracks that other programs wrote, placed on videos, against readers of a few lines that share no code.

    python -m benchmarks.foreign_tracks FOLDER [-o TABLE.md]

Looks below FOLDER for texts of Kinovea and Tracker (``.txt``), CVAT (``.xml``), tables of DeepLabCut (``.csv``), and
folders of OpenPose (named ``*_json``). A file is placed on the video of its name that lies beside it (of an OpenPose
folder: ``cam01_json`` on ``cam01.mp4``), else on a made-up one that is large and long enough. Units of Kinovea and
Tracker are stated so that all positions lie in that picture. Printed is, for each program, how many positions the
other reader finds, how many the program reads, uses and rejects, and how many are the same (to 0.001).
"""

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from defusedxml.ElementTree import parse

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import NEVER
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks.placing import PIXELS, Placement, TrackImport
from skillviewer.data.tracks.raw_tracks import RawTracks
from skillviewer.data.tracks.track_formats import read_tracks, recognised_track_format
from skillviewer.media.reading.reader import VideoReader

Position = tuple[float, float, float]
"""Frame or time in seconds, x and y in the units of the file."""

SIDE_PX, RATE_HZ = 4000, 1000.0
"""Picture and frame rate of the made-up videos."""


def kinovea(path: Path) -> Iterator[Position]:
    """Yield the positions of a text of Kinovea: every line of three numbers."""
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if re.match(r"\s*[-\d]", line):
            at, x, y = (float(cell.replace(",", ".")) for cell in line.split())
            yield at, x, y


def tracker(path: Path) -> Iterator[Position]:
    """Yield the positions of a text of Tracker: t, x and y of one point."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    table = np.genfromtxt([line.replace(",", ".") for line in lines[2:]], delimiter="\t", usecols=(0, 1, 2))
    yield from (tuple(row) for row in table.tolist())


def cvat(path: Path) -> Iterator[Position]:
    """Yield the centres of boxes, and the points, of the tracks and skeletons of CVAT that are not outside."""
    root = parse(path).getroot()
    assert root is not None
    for holder in (*root.iter("track"), *root.iter("skeleton")):
        for shape in holder:
            if shape.tag in {"box", "points"} and shape.get("outside") == "0":
                for x, y in _corners(shape):
                    yield float(shape.get("frame", holder.get("frame", "nan"))), x, y


def _corners(shape: Element) -> Iterable[tuple[float, float]]:
    if shape.tag == "box":
        left, top, right, bottom = (float(shape.get(side, "nan")) for side in ("xtl", "ytl", "xbr", "ybr"))
        return [((left + right) / 2, (top + bottom) / 2)]
    pairs = [pair.split(",") for pair in shape.get("points", "").split(";")]
    return [(float(x), float(y)) for x, y in pairs]


def deeplabcut(path: Path) -> Iterator[Position]:
    """Yield the positions of a table of DeepLabCut that are not empty."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    coords = next(row for row in rows if row[0] == "coords")
    first = coords.index("x")
    for row in rows[rows.index(coords) + 1 :]:
        (frame,) = re.findall(r"(\d+)(?:\.png)?$", row[first - 1])
        for column in [column for column, title in enumerate(coords) if title == "x"]:
            if row[column] and row[column + 1]:
                yield float(frame), float(row[column]), float(row[column + 1])


def openpose(folder: Path) -> Iterator[Position]:
    """Yield the positions of the body and the hands of the first person of every file, with confidence above 0."""
    for number, path in enumerate(sorted(folder.glob("*.json"))):
        for person in json.loads(path.read_text(encoding="utf-8"))["people"][:1]:
            for part in ("pose", "hand_left", "hand_right"):
                for x, y, sure in _threes(person, part):
                    if sure > 0:
                        yield float(number), x, y


def _threes(person: dict[str, list[float]], part: str) -> list[tuple[float, float, float]]:
    values = iter(person[f"{part}_keypoints_2d"])
    return list(zip(values, values, values, strict=True))


READERS: dict[str, tuple[str, Callable[[Path], Iterator[Position]]]] = {
    "kinovea-text": ("Kinovea, text", kinovea),
    "tracker": ("Tracker, text", tracker),
    "cvat": ("CVAT, XML", cvat),
    "deeplabcut": ("DeepLabCut, CSV", deeplabcut),
    "openpose": ("OpenPose, folders", openpose),
}


@dataclass
class Total:
    """Sums over the files of one program."""

    files: int = 0
    there: int = 0  # positions that the other reader finds
    same: int = 0
    read: int = 0  # positions that the program reads, empty ones too
    used: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unequal: list[str] = field(default_factory=list)  # files whose counts do not add up, or that are refused


def positions(raw: RawTracks) -> list[Position]:
    """Return the positions of a file as the program reads them, without empty ones and those of confidence 0."""
    return [
        (round(float(at), 3), round(float(x), 3), round(float(y), 3))
        for track in raw.tracks
        for at, points, sure in zip(track.index, track.xy, track.confidence, strict=True)
        for (x, y), c in zip(points, sure, strict=True)
        if np.isfinite([x, y]).all() and not c <= 0
    ]


def video_for(path: Path, raw: RawTracks) -> tuple[VideoInfo, Placement]:
    """Return the video of a file, and what is stated about its units."""
    stem = path.name.removesuffix("_json") if path.is_dir() else path.stem.partition("DeepCut")[0]
    beside = [one for one in path.parent.glob(f"{stem}.*") if one.suffix in {".mp4", ".avi"}]
    if beside:
        with VideoReader(beside[0]) as reader:
            return reader.read_info(NEVER), PIXELS
    last = max((float(track.index.max()) for track in raw.tracks), default=0.0)
    if not raw.by_time:
        n, rate = int(last) + 1, 25.0
        side = raw.size_px or (SIDE_PX, SIDE_PX)
        return VideoInfo(Path("made-up.mp4"), "0" * 64, np.arange(n) / rate, *side, n / rate, rate), PIXELS
    n = int(last * RATE_HZ) + 2
    info = VideoInfo(Path("made-up.mp4"), "0" * 64, np.arange(n) / RATE_HZ, SIDE_PX, SIDE_PX, n / RATE_HZ, RATE_HZ)
    xy = np.concatenate([track.xy.reshape(-1, 2) for track in raw.tracks])
    scale = SIDE_PX / 4 / max(float(np.nanmax(np.abs(xy))), 1e-9)
    return info, Placement(scale=scale, origin_px=(SIDE_PX / 2, SIDE_PX / 2), up=True)


def compare(folder: Path) -> dict[str, Total]:
    """Return the sums over the files below a folder, by program."""
    totals: dict[str, Total] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".txt", ".xml", ".csv"} and not path.name.endswith("_json"):
            continue
        try:
            entry = recognised_track_format(path)
        except SkillViewerError:
            continue
        if entry.name not in READERS:
            continue
        title, oracle = READERS[entry.name]
        total = totals.setdefault(title, Total())
        total.files += 1
        theirs = [(round(at, 3), round(x, 3), round(y, 3)) for at, x, y in oracle(path)]
        total.there += len(theirs)
        try:
            raw = entry.read(path)
            placed: TrackImport = read_tracks(path, *video_for(path, raw))
        except (SkillViewerError, ValueError) as error:
            total.unequal.append(f"{path.relative_to(folder)}: refused: {error}")
            continue
        ours = positions(raw)
        total.same += (Counter(ours) & Counter(theirs)).total()
        total.read += placed.n_read
        total.used += placed.n_used
        total.rejected.update(dict(placed.rejected_positions))
        if placed.n_read != placed.n_used + sum(dict(placed.rejected_positions).values()) or Counter(theirs) - Counter(
            ours
        ):
            total.unequal.append(f"{path.relative_to(folder)}: {len(ours)} of {len(theirs)}; {placed.summary}")
    return totals


def table(totals: dict[str, Total]) -> str:
    """Return the table, and a line for each file that differs."""
    lines = [
        "| program | files | positions, other reader | the same | read | used | rejected |",
        "|--|--:|--:|--:|--:|--:|--|",
    ]
    for title, one in sorted(totals.items()):
        rejected = ", ".join(f"{n:,} {reason}" for reason, n in one.rejected.items()) or "0"
        lines.append(
            f"| {title} | {one.files} | {one.there:,} | {one.same:,} | {one.read:,} | {one.used:,} | {rejected} |"
        )
    return "\n".join([*lines, "", *(f"- {line}" for one in totals.values() for line in one.unequal)]) + "\n"


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    text = table(compare(given.folder))
    print(text, end="")
    if given.output is not None:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
