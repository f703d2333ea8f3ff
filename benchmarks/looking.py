"""Whether models look at the judged one of two arms, and whether their scores know when it went wrong.

    python -m benchmarks.looking STUDY EVALUATION [EVALUATION ...] [-o FILE]

STUDY is a folder of ``python -m benchmarks.simulated two-arms``, an EVALUATION the output of ``skillviewer evaluate``
on it. Printed are tables with a row per model; ``-o`` keeps their numbers as JSON. Intervals are over people.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.real_people import as_json, percent
from benchmarks.simulated.faults import JUDGED, OTHER
from benchmarks.simulated.study import read_table
from benchmarks.simulated.tasks import ARM, HAND
from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.analysis.map_comparison import entropy
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    PairFilter,
    pooled_accuracy,
    pooled_difference,
    pooled_mean,
    refit_factor,
)
from skillviewer.core.evaluation.localisation import CONTROLS, OWN, UNIFORM, Geometry, centred_gaussian, weight_near
from skillviewer.core.evaluation.score_progress import SHARES, scores_at
from skillviewer.core.video.info import sample_positions
from skillviewer.data.formats.pair_folder import load
from skillviewer.engine.training.run_folder import RUNS, RunFolder
from skillviewer.engine.training.run_result import Maps, RunResult, ScoreCurves

REACH = 5
"""Frames before and after a fault in which a stack of ten flow fields may show it."""
LENGTH_FRAMES = 3
"""Difference of length up to which two clips count as equally long."""


@dataclass(frozen=True)
class Study:
    """A study of two arms.

    Attributes:
        dataset: Videos and pairs.
        truth: Rows of truth.csv, by video.
        faults: (arm, first frame, frame after the last), by video.
        arms: Folder of the pixels of the judged arm, a file for each video.
    """

    dataset: Dataset
    truth: Mapping[str, Mapping[str, str]]
    faults: Mapping[str, Sequence[tuple[str, int, int]]]
    arms: Path

    @classmethod
    def read(cls, folder: Path) -> "Study":
        """Read a folder."""
        faults: dict[str, list[tuple[str, int, int]]] = {}
        for row in read_table(folder / "faults.csv"):
            faults.setdefault(row["video"], []).append((row["arm"], int(row["start"]), int(row["end"])))
        truth = {row["video"]: row for row in read_table(folder / "truth.csv")}
        return cls(load(folder), truth, faults, folder / "arms")

    def equal(self, pair: Pair) -> bool:
        """Return True for clips that are equally long and have the same faults on each arm: the trembling differs."""
        one, two = self.truth[pair.better], self.truth[pair.worse]
        same = (f"{prefix}{name}" for prefix in ("", "other_") for name in ("tremors", "approaches", "slips"))
        close = abs(int(one["frames"]) - int(two["frames"])) <= LENGTH_FRAMES
        return close and all(float(one[name]) == float(two[name]) for name in same)

    def ordered_by(self, column: str, sign: float = 1.0) -> dict[str, float]:
        """Return a known number of every video as a score."""
        return {video: sign * float(row[column]) for video, row in self.truth.items()}


def halves(maps: FloatArray, left: float, right: float) -> tuple[float, float]:
    """Return the shares of the weight of maps in the left and the right half of the picture.

    Args:
        maps: (N, h, w); magnitudes count.
        left: Left edge of the maps, as a share of the picture's width.
        right: Right edge.
    """
    edges = np.linspace(left, right, maps.shape[2] + 1)
    on_left = np.clip((0.5 - edges[:-1]) / np.diff(edges), 0.0, 1.0)
    weight = np.abs(maps).sum(axis=(0, 1))
    share = float(weight @ on_left / weight.sum()) if weight.sum() > 0 else float("nan")
    return share, 1.0 - share


def on_judged(study: Study, maps: Maps) -> dict[str, float]:
    """Return the share of the weight in the half of the judged arm, by video; half if a model is blind to it."""
    found = {}
    for name, values in zip(maps.videos, maps.values, strict=True):
        left, right = halves(values.astype(np.float64), maps.rect.left, maps.rect.right)
        found[name] = left if study.truth[name]["judged_left"] == "1" else right
    return found


PARTS = {"arm": ARM, "hand": HAND}
"""Smallest mark of the pixels of each part: the whole arm, and from the wrist on."""


def covered_cells(
    study: Study, name: str, part: str, frames: Sequence[int], grid: tuple[int, int], rect: MapRect
) -> FloatArray:
    """Return (N, L) the share of the pixels of every cell that shows a part of the judged arm.

    Args:
        study: The study.
        name: Of the video.
        part: Key of ``PARTS``.
        frames: N frames of the video.
        grid: Rows and columns of the cells.
        rect: Part of the picture that the cells cover.
    """
    with np.load(study.arms / f"{name}.npz") as file:
        shown, every = file["judged"] >= PARTS[part], int(file["every"])
    _, height, width = shown.shape
    across = slice(round(rect.left * width), round(rect.right * width))
    down = slice(round(rect.top * height), round(rect.bottom * height))
    rows, columns = grid
    return np.array(
        [
            cv2.resize(
                shown[frame // every, down, across].astype(np.float64), (columns, rows), interpolation=cv2.INTER_AREA
            )
            for frame in frames
        ]
    ).reshape(len(frames), -1)


def covered(study: Study, name: str, part: str, maps: Maps) -> FloatArray:
    """Return (N, L) the share of the pixels of every cell of a video's maps that shows a part of the judged arm."""
    n, rows, columns = maps.values.shape[1:]
    frames = steps_of(int(study.truth[name]["frames"]), n).astype(int).tolist()
    return covered_cells(study, name, part, frames, (rows, columns), maps.rect)


def weight_on(study: Study, results: Sequence[RunResult], part: str) -> dict[str, Any]:
    """Return the share of the weight of a model's maps on the pixels of a part of the judged arm, and controls.

    Within a cell the weight is even, so the share of uniform maps is that of the part in the picture. The constant
    cells are those with most of the part in the training videos.
    """
    found, folds = [], folds_of(study, results)
    maps = [r.maps for r in results if r.maps is not None]
    cells = {name: covered(study, name, part, maps[0]) for name in study.dataset.names}
    for one, fold in zip(maps, folds, strict=True):
        rows, columns = one.values.shape[2:]
        middle = centred_gaussian(Geometry(rows, columns, one.rect, 1, 1))
        own = {name: one.of(name, one.values.shape[1]) for name in one.videos}
        found.append(weight_near(own, cells, sorted(fold.fold.train_videos), middle))
    factor = refit_factor(fold.fold for fold in folds)
    above = {}
    for control in CONTROLS:
        less = [{name: run[OWN][name] - run[control][name] for name in run[OWN]} for run in found]
        above[control] = as_json(pooled_mean(less, study.dataset, factor))
    even = pooled_mean([run[UNIFORM] for run in found], study.dataset).value
    times = [{name: value / even for name, value in run[OWN].items()} for run in found]
    return {
        "weight": as_json(pooled_mean([run[OWN] for run in found], study.dataset, factor)),
        "times_uniform": as_json(pooled_mean(times, study.dataset, factor)),
        "uniform": even,
        "above": above,
    }


def steps_of(frames: int, n_steps: int) -> FloatArray:
    """Return (n_steps,) the frame of every step, by the sampling ``even``."""
    return np.asarray(sample_positions(frames, n_steps, 10, sampling="even")[0], dtype=np.float64)


def at(curve: FloatArray, steps: FloatArray, frame: float) -> float:
    """Return the score after the last step up to a frame; of the first step where there is none."""
    return float(curve[max(0, int(np.searchsorted(steps, frame, side="right")) - 1)])


def along_faults(
    study: Study, curves: ScoreCurves, held_out: Sequence[str], arm: str, reach: int = REACH
) -> dict[str, dict[str, float]]:
    """Return what the score does around the faults of an arm, by kind of number and video, means over a video's faults.

    ``during``: change of S_t from ``reach`` frames before a fault to ``reach`` after it, less the mean change of the
    other held-out videos at the same frames, in standard deviations of their final scores. ``before``: the same over
    as many frames before that. ``contributions``: share of the absolute contributions in the steps within a fault.
    ``chance``: share of those steps.
    """
    out = [name for name in curves.videos if name in set(held_out)]
    at_row = {name: i for i, name in enumerate(curves.videos)}
    n_steps = curves.curves.shape[1]
    unit = float(np.std([curves.curves[at_row[name], -1] for name in out])) or float("nan")
    steps = {name: steps_of(int(study.truth[name]["frames"]), n_steps) for name in out}
    found: dict[str, dict[str, float]] = {what: {} for what in ("during", "before", "contributions", "chance")}

    def change(name: str, first: float, last: float) -> float:
        def of(video: str) -> float:
            curve = curves.curves[at_row[video]]
            return at(curve, steps[video], last) - at(curve, steps[video], first)

        return (of(name) - float(np.mean([of(other) for other in out if other != name]))) / unit

    for name in out:
        own = [(first, after) for whose, first, after in study.faults.get(name, ()) if whose == arm]
        if not own:
            continue
        spans = [(first - reach, after + reach) for first, after in own]
        found["during"][name] = float(np.mean([change(name, low, high) for low, high in spans]))
        room = [(max(0, 2 * low - high), low) for low, high in spans if low > reach]
        found["before"][name] = float(np.mean([change(name, *span) for span in room])) if room else float("nan")
        within = np.any([(steps[name] >= low) & (steps[name] < high) for low, high in spans], axis=0)
        sizes = np.abs(curves.contributions[at_row[name]])
        found["chance"][name] = float(within.mean())
        found["contributions"][name] = float(sizes[within].sum() / sizes.sum()) if sizes.sum() > 0 else float("nan")
    return found


def folds_of(study: Study, results: Iterable[RunResult]) -> list[FoldScores]:
    """Return the scores of runs with their folds."""
    names = study.dataset.names
    return [
        FoldScores(fold_of(r.configuration.fold, names, r.configuration.held_out, study.dataset.pairs), r.scores)
        for r in results
    ]


def model_row(study: Study, results: Sequence[RunResult], first: Sequence[FoldScores] | None) -> dict[str, Any]:
    """Return the numbers of a model."""
    scored = folds_of(study, results)
    factor = refit_factor(one.fold for one in scored)
    row: dict[str, Any] = {
        "runs": len(results),
        "seconds": float(np.mean([r.provenance.seconds for r in results])),
        "parameters": results[0].provenance.parameters,
        "folds": [float(as_json(pooled_accuracy([one], study.dataset, both_held_out=True))["value"]) for one in scored],
        **accuracies(study, scored),
    }
    if first is not None:
        row["to_first"] = as_json(pooled_difference(scored, first, study.dataset, both_held_out=True))
    curves = [r.curves for r in results if r.curves is not None]
    row["along"] = [
        as_json(
            pooled_accuracy(
                [
                    FoldScores(one.fold, dict(zip(c.videos, scores_at(c.curves, share).tolist(), strict=True)))
                    for one, c in zip(scored, curves, strict=True)
                ],
                study.dataset,
                both_held_out=True,
            )
        )
        for share in SHARES
    ]
    for arm in (JUDGED, OTHER):
        found = [along_faults(study, c, r.configuration.held_out, arm) for c, r in zip(curves, results, strict=True)]
        row[arm] = {what: as_json(pooled_mean([f[what] for f in found], study.dataset, factor)) for what in found[0]}
    maps = [r.maps for r in results if r.maps is not None]
    if maps:
        row["on_judged"] = as_json(pooled_mean([on_judged(study, one) for one in maps], study.dataset, factor))
        row["entropy"] = float(np.mean([entropy(one.values.astype(np.float64)).mean() for one in maps]))
        row["on"] = {part: weight_on(study, results, part) for part in PARTS}
    return row


def accuracies(study: Study, scored: Sequence[FoldScores]) -> dict[str, Any]:
    """Return accuracies over pairs of new people: all, of equal everything, and over all test pairs."""
    pair_filter: PairFilter = study.equal
    return {
        "both_new": as_json(pooled_accuracy(scored, study.dataset, both_held_out=True)),
        "equal": as_json(pooled_accuracy(scored, study.dataset, both_held_out=False, pair_filter=pair_filter)),
        "all": as_json(pooled_accuracy(scored, study.dataset)),
    }


ORDERINGS = (
    ("true quality", "quality", 1.0),
    ("the other arm's", "other_quality", 1.0),
    ("sum of both arms", "both_qualities", 1.0),
    ("its trembling", "shake", -1.0),
    ("length", "frames", -1.0),
)


def read(study: Study, folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Return the rows of all models, the first one's first, and of orderings by known numbers."""
    by_model: dict[str, list[RunResult]] = {}
    for folder in folders:
        record = json.loads((folder / "evaluation.json").read_text("utf-8"))
        for model in record["models"]:
            found = [RunFolder(folder / RUNS / run["folder"]).result for run in model["runs"]]
            if model["model"] not in by_model:
                by_model[model["model"]] = [r for r in found if r is not None]
    rows: dict[str, dict[str, Any]] = {}
    first: list[FoldScores] | None = None
    for name, results in by_model.items():
        rows[name] = model_row(study, results, first)
        first = first or folds_of(study, results)
    for what, column, sign in ORDERINGS:
        known = [FoldScores(one.fold, study.ordered_by(column, sign)) for one in first or ()]
        rows[f"ordered by {what}"] = accuracies(study, known)
    return rows


def change_text(value: Mapping[str, Any]) -> str:
    """Return a change in standard deviations with its interval."""
    if value["value"] is None:
        return "–"
    low = "" if value["low"] is None else f" ({value['low']:+.2f} to {value['high']:+.2f})"
    return f"{value['value']:+.2f}{low}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def tables(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables of benchmarks/notebook/two-arms.md."""
    lines = [
        _row(
            *("model", "**both new** (95 %)", "to the first (95 %)", "equal everything", "all test pairs"),
            *("weight on the judged arm (95 %)", "entropy", "s per training"),
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, row in rows.items():
        cells = [name, percent(row["both_new"]), percent(row.get("to_first"), signed=True), percent(row["equal"])]
        cells += [percent(row["all"]), percent(row.get("on_judged"))]
        cells += [f"{row['entropy']:.2f}" if "entropy" in row else "–"]
        cells += [f"{row['seconds']:.0f}" if "seconds" in row else "–"]
        lines.append(_row(*cells))
    lines += [
        "",
        _row(
            *("model", "both new after 20 %", "40 %", "60 %", "80 %", "all", "judged arm's fault: before", "during"),
            *("other arm's: during", "contributions within a fault", "its share of time"),
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, row in rows.items():
        if "along" in row:
            cells = [name, *(f"{100 * one['value']:.1f}" for one in row["along"])]
            own, other = row[JUDGED], row[OTHER]
            cells += [change_text(own["before"]), change_text(own["during"]), change_text(other["during"])]
            cells += [percent(own["contributions"]), percent({"value": own["chance"]["value"]})]
            lines.append(_row(*cells))
    heads = ["model", "part", "weight (95 %)", "× uniform (95 %)", *(f"minus {control}" for control in CONTROLS)]
    lines += ["", _row(*heads), "|---|---|" + (len(heads) - 2) * "--:|"]
    for name, row in rows.items():
        for part, on in row.get("on", {}).items():
            times = on["times_uniform"]
            cells = [name, part, percent(on["weight"])]
            cells += [f"{times['value']:.1f} ({times['low']:.1f} to {times['high']:.1f})"]
            cells += [percent(on["above"][control], signed=True) for control in CONTROLS]
            lines.append(_row(*cells))
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("evaluations", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    study = Study.read(given.study)
    if not study.arms.is_dir():
        raise SystemExit(f"{given.study} does not say where the judged arm is: make the study anew, with its videos.")
    rows = read(study, given.evaluations)
    if given.output:
        given.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(tables(rows))


if __name__ == "__main__":
    main()
