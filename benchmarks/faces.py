"""Faces in real frames that the detector misses, and blurring where no face is.

    python -m benchmarks.faces FOLDER [--rate HZ]

FOLDER holds the videos that faces.csv names (the demonstration clips of mmaction2 and SAM 2) and any others.
faces.csv was made by hand: the centre of every recognisable face in the foreground of 43 frames, as fractions of the
picture. Small faces in the background (under 15 pixels) and damaged frames are left out. "found": a detection in the
single frame contains the centre. "covered": a box of the blurred tracks contains it, including boxes carried over from
other frames. Videos without labels show hands and no face: all blurring there is a false alarm.
"""

import argparse
import csv
import time
from collections import defaultdict
from pathlib import Path

from skillviewer.core.faces.face_tracks import SURE
from skillviewer.core.faces.faces import FaceBox, Faces, doubtful_frames
from skillviewer.media.faces import SEARCH_HZ, FaceFinder, find_faces
from skillviewer.media.reading.reader import VideoReader

LABELS = Path(__file__).with_name("faces.csv")


def holds(box: FaceBox, x: float, y: float) -> bool:
    """Return whether a box contains a point."""
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def measured(path: Path, points: dict[int, list[tuple[float, float]]], rate_hz: float) -> tuple[int, int, int, Faces]:
    """Return the numbers of faces found surely, found at all, covered and labelled, and all faces of the video."""
    finder = FaceFinder()
    sure = found = covered = 0
    with VideoReader(path) as reader:
        started_s = time.perf_counter()
        faces = find_faces(reader, rate_hz)
        taken_s = time.perf_counter() - started_s
        for decoded in reader.stream(sorted(points)):
            finds = finder.find(decoded.rgb())
            boxes = faces.boxes_at(decoded.index)
            for x, y in points[decoded.index]:
                sure += any(holds(box, x, y) for box, certainty in finds if certainty >= SURE)
                found += any(holds(box, x, y) for box, _ in finds)
                covered += any(holds(box, x, y) for box in boxes)
                if not any(holds(box, x, y) for box in boxes):
                    print(f"  missed: frame {decoded.index} at {x:.2f} {y:.2f}")
        info = reader.info
    print(
        f"{path.name}: {info.width_px} x {info.height_px}, {info.n_frames} frames searched in {taken_s:.1f} s; "
        f"{len(faces.tracks)} faces, blurred in {faces.n_frames_with_faces} frames, "
        f"{doubtful_frames(faces.doubts)} frames doubtful ({len(faces.doubts)} intervals)"
    )
    return sure, found, covered, faces


def main() -> None:
    """Print the missed faces."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rate", type=float, default=SEARCH_HZ)
    arguments = parser.parse_args()
    labels: dict[str, dict[int, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    with LABELS.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            labels[row["video"]][int(row["frame"])].append((float(row["x"]), float(row["y"])))
    totals = [0, 0, 0, 0]
    for name, points in labels.items():
        path = arguments.folder / name
        if not path.is_file():
            print(f"{name} is missing")
            continue
        n = sum(len(points_of) for points_of in points.values())
        sure, found, covered, _ = measured(path, points, arguments.rate)
        print(f"  {n} labelled faces: {sure} found surely, {found} found, {covered} covered")
        totals = [a + b for a, b in zip(totals, (n, sure, found, covered), strict=True)]
    n, sure, found, covered = totals
    if n:
        print(
            f"all: {n} labelled faces; missed in the single frame: {100 * (1 - sure / n):.0f} % (surely found), "
            f"{100 * (1 - found / n):.0f} % (found at all); not covered after linking: {100 * (1 - covered / n):.0f} %"
        )
    for path in sorted(arguments.folder.iterdir()):
        if path.suffix in {".mp4", ".avi", ".gif"} and path.name not in labels:
            measured(path, {}, arguments.rate)


if __name__ == "__main__":
    main()
