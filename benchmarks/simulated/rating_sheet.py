"""A spreadsheet of simulated ratings of a study of two arms, as three raters might fill it in.

Three simulated raters give every clip a global rating and two items from 1 to 5, and remarks with times to some clips.
Ratings follow the true quality, trembling and clumsiness of the judged arm, with a severity and noise of each rater;
times of remarks are those of its planted faults. No person rated these clips, and the sheet says so in its first row.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from openpyxl import Workbook

from benchmarks.simulated.faults import JUDGED
from benchmarks.simulated.reasons import WORDS
from benchmarks.simulated.study import read_table, z_scores

FILE = "simulated-ratings.xlsx"
STATEMENT = "Simulated ratings of simulated clips: no person rated them"
TITLES = ("Clip", "Who?", "Rater", "Global (1-5)", "Steadiness (1-5)", "Care (1-5)", "Remarks")
RATERS = (("Rater A", 0.3), ("Rater B", 0.0), ("Rater C", -0.4))
"""Raters with their leniency, in points."""

_FPS, _NOISE, _SEED = 30.0, 0.45, 5


def _graded(values: Sequence[float]) -> NDArray[np.float64]:
    """Return ratings from 1 to 5 of some values, the greater the better, by their ranks."""
    ranks = np.argsort(np.argsort(values))
    return np.asarray(1 + 4 * ranks / (len(values) - 1), dtype=np.float64)


def _clock(frame: int) -> str:
    seconds = int(frame / _FPS)
    return f"{seconds // 60}:{seconds % 60:02}"


def _remarks(folder: Path) -> Mapping[str, list[str]]:
    """Return remarks with times on the faults of the judged arm, by video."""
    found: dict[str, list[tuple[int, str]]] = {}
    for row in read_table(folder / "faults.csv"):
        if row["arm"] == JUDGED:
            found.setdefault(row["video"], []).append((int(row["start"]), WORDS[row["kind"]]))
    return {video: [f"{_clock(frame)} {text}" for frame, text in sorted(faults)] for video, faults in found.items()}


def write_rating_sheet(folder: Path) -> Path:
    """Write the spreadsheet of a study next to its tables, and return its path."""
    truth, remarks, rng = read_table(folder / "truth.csv"), _remarks(folder), np.random.default_rng(_SEED)
    column = {name: np.array([float(row[name]) for row in truth]) for name in ("quality", "shake", "tremors")}
    clumsy = np.array([float(row["approaches"]) + float(row["slips"]) for row in truth])
    true = {
        "global": _graded(column["quality"].tolist()),
        "steadiness": _graded((-z_scores(column["shake"]) - z_scores(column["tremors"])).tolist()),
        "care": _graded((-2 * clumsy + column["quality"]).tolist()),
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
            said = remarks.get(row["video"], []) if grades[0] < 3 and rng.random() < 0.7 else []
            person = f"Subject {int(row['participant'].lstrip('P')):02}"
            sheet.append([f"{row['video']}.mp4", person, rater, *grades, "; ".join(said[:2])])
    book.save(folder / FILE)
    return folder / FILE
