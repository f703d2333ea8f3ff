"""A spreadsheet of simulated ratings of a simulated study, as three raters might fill it in.

Three simulated raters give every clip a global rating and two items from 1 to 5, and remarks with times to some clips.
Ratings follow the true quality, shake and drops, with a severity and noise of each rater; times of remarks are those of
the recorded places of gripper and object. No person rated these clips, and the sheet says so in its first row.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from openpyxl import Workbook

FILE = "simulated-ratings.xlsx"
STATEMENT = "Simulated ratings of simulated clips: no person rated them"
TITLES = ("Clip", "Who?", "Rater", "Global (1-5)", "Steadiness (1-5)", "Care (1-5)", "Remarks")
RATERS = (("Rater A", 0.3), ("Rater B", 0.0), ("Rater C", -0.4))
"""Raters with their leniency, in points."""

_FPS, _NOISE, _SEED = 40.0, 0.45, 5
_STILL_PX, _MIN_PAUSE_S = 0.4, 0.3


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _graded(values: Sequence[float]) -> NDArray[np.float64]:
    """Return ratings from 1 to 5 of some values, the greater the better, by their ranks."""
    ranks = np.argsort(np.argsort(values))
    return np.asarray(1 + 4 * ranks / (len(values) - 1), dtype=np.float64)


def _clock(frame: int) -> str:
    seconds = int(frame / _FPS)
    return f"{seconds // 60}:{seconds % 60:02}"


def _events(places: NDArray[np.float64], n_drops: int) -> list[str]:
    """Return what can be seen in a clip, with times: places are (frames, 4), of gripper and object, in pixels."""
    gripper, obj = places[:, :2], places[:, 2:]
    found = []
    if n_drops:
        found.append((int(np.argmax(np.diff(obj[:, 1]))), "drops the peg"))
    jerk = np.abs(np.diff(gripper, 2, axis=0)).sum(axis=1)
    smooth = np.convolve(jerk, np.ones(12) / 12, "valid")
    found.append((int(np.argmax(smooth)), "trembles"))
    still = np.hypot(*np.diff(gripper, axis=0).T) < _STILL_PX
    begun = 0
    for at, rest in enumerate([*still, False]):
        if not rest:
            if at - begun >= _MIN_PAUSE_S * _FPS:
                found.append((begun, "hesitates"))
            begun = at + 1
    return [f"{_clock(frame)} {text}" for frame, text in sorted(found)]


def _places(folder: Path) -> Mapping[str, NDArray[np.float64]]:
    found: dict[str, list[list[float]]] = {}
    for row in _table(folder / "regions.csv"):
        place = [float(row[name]) for name in ("gripper_x", "gripper_y", "object_x", "object_y")]
        found.setdefault(row["video"], []).append(place)
    return {video: np.array(rows) for video, rows in found.items()}


def write_rating_sheet(folder: Path) -> Path:
    """Write the spreadsheet of a simulated study next to its tables, and return its path."""
    truth, places, rng = _table(folder / "truth.csv"), _places(folder), np.random.default_rng(_SEED)
    true = {
        "global": _graded([float(row["quality"]) for row in truth]),
        "steadiness": _graded([-float(row["shake"]) for row in truth]),
        "care": _graded([float(row["quality"]) - 2 * int(row["drops"]) for row in truth]),
    }
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Ratings"
    sheet.append([STATEMENT])
    sheet.append([])
    sheet.append(list(TITLES))
    for rater, lenient in RATERS:
        for at in rng.permutation(len(truth)):
            row = truth[at]
            grades = [int(np.clip(round(true[item][at] + lenient + rng.normal(0, _NOISE)), 1, 5)) for item in true]
            events = _events(places[row["video"]], int(row["drops"]))
            remark = "; ".join(events[:2]) if grades[0] < 3 and events and rng.random() < 0.7 else ""
            person = f"Subject {int(row['participant'].lstrip('P')):02}"
            sheet.append([f"{row['video']}.mp4", person, rater, *grades, remark])
    book.save(folder / FILE)
    return folder / FILE
