"""A contact sheet of a study, with the recorded regions marked: to see with one's own eyes that they are right."""

from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.simulated.study import read_table
from skillviewer.core.errors import DatasetError

_MARKS = {"gripper": (255, 235, 0), "object": (255, 0, 255), "distractor": (0, 0, 0)}


def draw_sheet(folder: Path, picture: Path, n_videos: int, n_frames: int, dots: bool) -> None:
    """Write frames of some clips, best first, as one picture.

    Args:
        folder: Of the study.
        picture: File to write; its suffix says the kind.
        n_videos: Rows.
        n_frames: Columns.
        dots: Whether the regions are marked.

    Raises:
        DatasetError: The folder is not a study's, or the picture cannot be written.
    """
    truth = sorted(read_table(folder / "truth.csv"), key=lambda row: -float(row["quality"]))
    places: dict[tuple[str, int], dict[str, str]] = {}
    for name in ("regions.csv", "distractor.csv"):
        for row in read_table(folder / name):
            places.setdefault((row["video"], int(row["frame"])), {}).update(row)
    rows = []
    for i in np.linspace(0, len(truth) - 1, min(n_videos, len(truth))).astype(int):
        video = truth[i]["video"]
        chosen = np.linspace(0, int(truth[i]["frames"]) - 1, n_frames).astype(int)
        with av.open(str(folder / "videos" / f"{video}.mp4")) as container:
            decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        row_pictures = []
        for frame in chosen:
            shown = np.ascontiguousarray(decoded[frame])
            for thing, colour in _MARKS.items():
                place = places[video, int(frame)]
                centre = (round(float(place[f"{thing}_x"])), round(float(place[f"{thing}_y"])))
                if dots:
                    cv2.circle(shown, centre, 4, colour, 2, cv2.LINE_AA)
            label = f"{video} {frame}"
            cv2.putText(shown, label, (8, 350), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
            row_pictures.append(shown)
        rows.append(np.concatenate(row_pictures, axis=1))
    small = cv2.resize(np.concatenate(rows), None, fx=0.55, fy=0.55, interpolation=cv2.INTER_AREA)
    if not cv2.imwrite(str(picture), cv2.cvtColor(small, cv2.COLOR_RGB2BGR)):
        raise DatasetError(f"{picture} could not be written. Name a file in a folder that exists, ending in .png.")
