"""Reasons of simulated raters: to some votes, what went wrong in the worse clip, with its time."""

from pathlib import Path

import numpy as np

from benchmarks.simulated.faults import JUDGED
from benchmarks.simulated.study import read_table, write_table

WORDS = {"tremor": "trembles", "slip": "drops the peg", "approach": "goes the wrong way"}
"""What is said of a fault of each kind."""
SHARE = 0.1
"""Share of the votes against a clip with faults that have a reason."""
HEADER = "left,right,rater,verdict,criterion,reason,left_mark_s,right_mark_s"


def add_reasons(folder: Path, rate_hz: int, seed: int) -> None:
    """Add reasons and the times they are about to votes.csv of a study of two arms.

    Args:
        folder: Of the study; its faults.csv is read.
        rate_hz: Frames a second of its videos.
        seed: Of the study.
    """
    faults: dict[str, list[tuple[int, str]]] = {}
    for row in read_table(folder / "faults.csv"):
        if row["arm"] == JUDGED:
            faults.setdefault(row["video"], []).append((int(row["start"]), row["kind"]))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(8,)))
    rows = []
    for vote in read_table(folder / "votes.csv"):
        said, chosen = rng.random() < SHARE, rng.random()  # drawn for every vote, so that one does not move the others
        worse = {"1": "right", "-1": "left"}.get(vote["verdict"])
        own = sorted(faults.get(vote[worse], ())) if worse is not None else []
        reason, marks = "", {"left": "", "right": ""}
        if said and worse is not None and own:
            start, kind = own[int(chosen * len(own))]
            reason, marks[worse] = WORDS[kind], f"{start / rate_hz:.2f}"
        known = (vote["left"], vote["right"], vote["rater"], vote["verdict"])
        rows.append((*known, "", reason, marks["left"], marks["right"]))
    write_table(folder / "votes.csv", HEADER, rows)
