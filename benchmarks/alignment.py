"""Alignment in time on a simulated study: moments of the task whose time is known in each clip.

    python -m benchmarks.alignment [STUDY] [--passes 2]

Known moments are read from regions.csv, the true positions of gripper and object: the gripper is at the object, the
object starts to move, the object comes to rest. For every two clips, the moments of the first are looked up in the
second, by the alignment (``core.explanation.alignment``) and at a common pace from start to end; printed are the mean
and the median errors in seconds, and the share of pairs in which no alignment was found. A second table has each clip
against itself at another pace, where the truth is known of every frame.
"""

import argparse
import csv
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import FloatArray
from skillviewer.core.explanation.alignment import align
from skillviewer.core.paths import resources_dir
from skillviewer.engine.inference.engine import Engine
from skillviewer.nets.model_library import DEFAULT_MODEL

MOVED_PX = 12.0
MOMENTS = ("gripper at the object", "object starts to move", "object at rest")


def known_moments(rows: FloatArray, times_s: FloatArray) -> FloatArray:
    """Return (3,) times of ``MOMENTS``, from (n, 4) positions of gripper and object in pixels."""
    gripper, thing = rows[:, :2], rows[:, 2:]
    apart = np.linalg.norm(gripper - thing, axis=1)
    near = np.argmax(apart < apart.min() + 0.15 * (apart[0] - apart.min()))
    start = np.argmax(np.linalg.norm(thing - thing[0], axis=1) > MOVED_PX)
    moving = np.linalg.norm(thing - thing[-1], axis=1) > MOVED_PX
    rest = len(rows) - 1 - np.argmax(moving[::-1])
    return times_s[[near, start, rest]]


def pairs_table(engine: Engine, analyses: dict[str, Analysis], moments: dict[str, FloatArray]) -> str:
    """Return the errors of the known moments over all pairs of clips."""
    aligned, common, n_none = [], [], 0
    for own, other in itertools.permutations(analyses, 2):
        first, second = analyses[own], analyses[other]
        found = engine.align(first, second)
        n_none += found.gain == 0
        aligned.append(np.abs(found.to_other(moments[own]) - moments[other]))
        common.append(
            np.abs(
                np.interp(moments[own], [first.start_s, first.stop_s], [second.start_s, second.stop_s]) - moments[other]
            )
        )
    lines = ["| moment | aligned: mean (median) s | common pace: mean (median) s |", "|---|--:|--:|"]
    for at, name in enumerate(MOMENTS):
        cells = [np.array(errors)[:, at] for errors in (aligned, common)]
        lines.append(f"| {name} | " + " | ".join(f"{c.mean():.2f} ({np.median(c):.2f})" for c in cells) + " |")
    lines.append(f"\n{n_none} of {len(aligned)} pairs: no alignment found.")
    return "\n".join(lines)


def warp_line(engine: Engine, analyses: dict[str, Analysis]) -> str:
    """Return the error of a clip against every second of its own frames, at another pace that is known."""
    errors = []
    for analysis in analyses.values():
        places, times = engine.frame_embeddings(analysis)
        warped = times[-1] * (times / times[-1]) ** 1.6
        found = align(places[::2], places[1::2], times[::2], warped[1::2])
        errors.append(np.abs(found.other_s - np.interp(times[::2], times, warped)))
    joined = np.concatenate(errors)
    return f"A clip against its other half of frames, at a pace of t^1.6: {joined.mean():.3f} s ({joined.max():.2f} s)."


def main() -> None:
    """Assess the videos, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=resources_dir() / "sample_study")
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--videos", type=int, default=36)
    args = parser.parse_args()
    folder = args.data
    rows: dict[str, list[list[float]]] = defaultdict(list)
    with (folder / "regions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows[row["video"]].append([float(row[k]) for k in ("gripper_x", "gripper_y", "object_x", "object_y")])
    with Engine.open(DEFAULT_MODEL) as engine:
        paths = sorted((folder / "videos").glob("*.mp4"))[: args.videos]
        analyses = {path.stem: engine.assess(path, passes=args.passes) for path in paths}
        moments = {
            name: known_moments(np.array(rows[name]), np.asarray(analysis.video.times_s))
            for name, analysis in analyses.items()
        }
        print(pairs_table(engine, analyses, moments), warp_line(engine, analyses), sep="\n\n")


if __name__ == "__main__":
    main()
