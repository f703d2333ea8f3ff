"""Real people, redrawn motion: the tables of notebook/real-people.md, on three sides of the star of Vertex Pursuit.

    python -m benchmarks.real_people DATA -o FOLDER [--models full,none,...] [--sides Side1,Side2,Side3] [--seeds 1]

DATA has a folder for each side, with pairs.csv, participants.csv, truth.csv (rating), regions.csv (pixel of the
pointer) and comments.csv. Models are trained and tested as ``skillviewer evaluate`` does it, with the preset
``fine-detail``, 12 sampled frames, DIS flow, one candidate and the last epoch; runs that are in FOLDER are not made
again. Printed are, for each side and model:

- accuracy of pairs in which both people are new, with its interval over people, and of all test pairs; Spearman's
  correlation of scores and ratings; the mean error of scores on the scale of the ratings,
- the attention within one cell of the pointer, its peak, and the controls,
- whether the moment that lowered the score most lies in the part that the assessor's comment blames (``blame.py``), for
  contributions and for changes of the score curve, with two controls that see no video.

With several seeds, a row has the mean of all trainings, and a further row ("mean of 3 seeds") what the mean score of a
video over the seeds orders. Further rows ask what is missing: the mean of the scores of all models, and of the first
model and a reference below.

Below the models stand references that need no picture: the distance from the line, and ridge regression on numbers of
the true motion, both from the recorded pointer; and ridge regression on the words of the comment. The last table says
what noise of raters would mean (``real_sides.rater_noise``).
"""

import argparse
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.blame import blamed
from benchmarks.real_sides import SIDES, Side, rater_noise, references
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate, mean_std, pooled_accuracy, pooled_mean
from skillviewer.core.explanation.moments import NEGLIGIBLE, strongest_intervals
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.ratings.fit_calibration import checked_map
from skillviewer.core.ratings.rating_metrics import rank_correlation
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.evaluation.evaluate import evaluate
from skillviewer.engine.evaluation.evaluation_plan import EvaluationPlan
from skillviewer.engine.evaluation.results import ModelResult
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.runtime.device import choose_device, training_precision
from skillviewer.engine.training.run_folder import RUNS, RunFolder
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.presets import preset

NEAR_PX = 30.0
"""A pointer so near to a corner is in it."""

Rows = dict[str, dict[str, dict[str, Any]]]
"""Numbers by side and row."""

PRESET, SEGMENTS, N_FOLDS = "fine-detail", 12, 4
MOMENTS = ("chance", "contributions", "curve", "last segment", "constant segment")
"""Chance, and what is compared with it."""


def on_ratings(side: Side, results: Sequence[FoldScores]) -> tuple[float, float]:
    """Return Spearman's correlation with the ratings, mean over folds, and the mean error of mapped scores in points.

    The map to the scale is made from the held-out scores of other people (``checked_map``).
    """
    rho = [
        rank_correlation(
            np.array([one.scores[name] for name in one.fold.held_out_videos]),
            np.array([side.ratings[name] for name in one.fold.held_out_videos]),
        )
        for one in results
    ]
    errors = []
    for start in range(0, len(results), len(side.folds)):
        scores = {
            n: one.scores[n] for one in results[start : start + len(side.folds)] for n in one.fold.held_out_videos
        }
        names, people = list(scores), side.dataset.participants
        ratings = [side.ratings[name] for name in names]
        errors.append(checked_map(list(scores.values()), ratings, [people[n] for n in names], 0, 2)[1].mae)
    return mean_std(rho).mean, mean_std(errors).mean


def frames_of(part: str, path: FloatArray, side: str) -> FloatArray:
    """Return which frames lie in a part that a comment blames, 0 or 1.

    The first part ends where the pointer is nearest to the middle corner; beginning and end are fifths of the frames.
    """
    n, at = len(path), np.arange(len(path))
    near = [np.linalg.norm(path - np.array(corner), axis=1) for corner in SIDES[side]]
    turn = int(near[1].argmin())
    inside = {
        "first": at <= turn,
        "second": at > turn,
        "beginning": at < n / 5,
        "end": at >= n - n / 5,
        "middle": near[1] < NEAR_PX,
        "corners": np.min(near, axis=0) < NEAR_PX,
    }[part]
    return np.asarray(inside, np.float64)


def in_blamed(worth: FloatArray, inside: FloatArray) -> float:
    """Return the share of the moment that lowered the score most which lies in the blamed frames; NaN without one.

    Args:
        worth: (N,) worth of every segment.
        inside: (frames,), 1 for blamed frames.
    """
    moments = strongest_intervals(worth, NEGLIGIBLE * float(np.abs(worth).max()))
    lowered = [(worth[a : b + 1].sum(), a, b) for a, b in moments if worth[a] < 0]
    if not lowered:
        return float("nan")
    _, first, last = min(lowered)
    edges = np.linspace(0, len(inside), len(worth) + 1)
    return float(inside[int(edges[first]) : max(int(edges[last + 1]), int(edges[first]) + 1)].mean())


def moments(side: Side, runs: Sequence[RunFolder]) -> dict[str, Any]:
    """Return the share of the most lowering moments in the blamed parts minus chance, with intervals over people.

    Controls are the last segment, and the segment that lies in the blamed part of most training videos.
    """
    inside = {
        name: np.max([frames_of(part, side.paths[name], side.name) for part in parts], axis=0)
        for name in side.dataset.names
        if (parts := blamed(side.comments[name]))
    }
    segments = {n: np.array([part.mean() for part in np.array_split(v, SEGMENTS)]) for n, v in inside.items()}
    found: dict[str, list[dict[str, float]]] = {}
    for run in runs:
        result = run.result
        if result is None or result.curves is None:
            return {}
        rows: dict[str, dict[str, float]] = {what: {} for what in MOMENTS}
        held_out = set(result.configuration.held_out)
        usual = int(np.sum([v for n, v in segments.items() if n not in held_out], axis=0).argmax())
        for name, curve, contributions in zip(
            result.curves.videos, result.curves.curves, result.curves.contributions, strict=True
        ):
            if name not in inside or not np.isfinite(contributions).all():
                continue
            rows["chance"][name] = chance = float(inside[name].mean())
            rows["contributions"][name] = in_blamed(contributions, inside[name]) - chance
            rows["curve"][name] = in_blamed(np.diff(curve, prepend=curve[:1]), inside[name]) - chance
            rows["last segment"][name] = segments[name][-1] - chance
            rows["constant segment"][name] = segments[name][usual] - chance
        for what, values in rows.items():
            found.setdefault(what, []).append(values)
    return {what: as_json(pooled_mean(values, side.dataset)) for what, values in found.items()}


def as_json(pooled: PooledEstimate) -> dict[str, Any]:
    """Return a mean and its interval as plain values; None for what is not known."""
    found = {"value": pooled.value, "low": pooled.low, "high": pooled.high, "n": pooled.n_pairs}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}


def row_of_scores(side: Side, results: Sequence[FoldScores]) -> dict[str, Any]:
    """Return the numbers of scores alone."""
    rho, mae = on_ratings(side, results)
    return {
        "both_new": as_json(pooled_accuracy(results, side.dataset, both_held_out=True)),
        "all": as_json(pooled_accuracy(results, side.dataset)),
        "spearman": rho,
        "mae": mae,
    }


def averaged(results: Sequence[FoldScores]) -> list[FoldScores]:
    """Return, for every fold, the mean of scores with mean 0 and deviation 1 within their training or reference."""
    found: dict[str, list[FoldScores]] = {}
    for one in results:
        found.setdefault(one.fold.name, []).append(one)
    means = []
    for several in found.values():
        names = [name for name in several[0].scores if all(name in one.scores for one in several)]
        values = np.array([[one.scores[name] for name in names] for one in several])
        mean = ((values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)).mean(axis=0)
        means.append(FoldScores(several[0].fold, dict(zip(names, mean.tolist(), strict=True))))
    return means


def row_of_model(side: Side, model: ModelResult, folder: Path) -> tuple[dict[str, Any], list[FoldScores]]:
    """Return the numbers of a model, and the scores of its runs."""
    runs = [RunFolder(folder / RUNS / one.folder) for one in model.runs]
    folds = {fold.name: fold for fold in side.folds}
    results = []
    for run, one in zip(runs, model.runs, strict=True):
        result = run.result
        assert result is not None
        results.append(FoldScores(folds[one.fold], result.scores))
    row = row_of_scores(side, results)
    row["seconds"] = model.seconds / len(runs)
    row["folds"] = [one.metrics["honest_accuracy"] for one in model.runs]
    if model.weight is not None:
        row["weight"] = msgspec.to_builtins(model.weight)
    if model.attention is not None:
        row["peak"] = msgspec.to_builtins(model.attention)
    if model.curve is not None:
        row["fifths"] = list(model.curve.fifths)
    row["moments"] = moments(side, runs)
    return row, results


def training(name: str = PRESET) -> TrainingPlan:
    """Return the plan of every training with a preset."""
    own = preset(name)
    return TrainingPlan(
        preset=name,
        backbone=own.backbone,
        preprocessing=Preprocessing(SEGMENTS, own.input_px, flow=FlowSettings("dis"), sampling=own.sampling),
        candidates=1,
        select=EpochSelection.LAST,
        training_precision=training_precision("auto", choose_device("auto")),
    )


def together(sides: Sequence[Side], models: Sequence[str], folder: Path, cache: FeatureCache) -> Iterator[Rows]:
    """Train models on the videos of all sides at once, with the pairs within each, and yield rows by side.

    The folds hold out the same people as those of each side.
    """
    first = sides[0].dataset
    whole = Dataset(
        name="all sides",
        form=first.form,
        task=first.task,
        videos=tuple(video for side in sides for video in side.dataset.videos),
        pairs=tuple(pair for side in sides for pair in side.dataset.pairs),
    )
    plan = EvaluationPlan(models=tuple(models), training=training())
    for model in evaluate(plan, whole, folder, CancelToken(), told, cache=cache).models:
        found = [RunFolder(folder / RUNS / one.folder).result for one in model.runs]
        for side in sides:
            results = []
            for fold, run in itertools.product(side.folds, found):
                if run is not None and set(fold.held_out_videos) <= set(run.configuration.held_out):
                    results.append(FoldScores(fold, {n: s for n, s in run.scores.items() if n in side.ratings}))
            if len(results) != len(side.folds):
                raise SystemExit(f"{side.name} is not divided like all sides together.")
            yield {side.name: {f"{model.model}, trained on all sides": row_of_scores(side, results)}}


def told(progress: Progress) -> None:
    """Print a finished run."""
    if isinstance(progress.value, str):
        print(progress.value, flush=True)


def percent(value: Mapping[str, Any] | None, *, signed: bool = False) -> str:
    """Return a fraction with its interval in percent, or a dash."""
    if not value or value["value"] is None:
        return "–"
    form: Callable[[float], str] = lambda x: f"{100 * x:+.1f}" if signed else f"{100 * x:.1f}"  # noqa: E731
    low, high = value.get("low"), value.get("high")
    return form(value["value"]) + (f" ({form(low)} to {form(high)})" if low is not None and high is not None else "")


SHORT: tuple[Callable[[Mapping[str, Any]], str], ...] = (
    lambda row: f"{len(row['folds']) // N_FOLDS}" if "folds" in row else "–",
    lambda row: f"{100 * row['all']['value']:.1f}",
    lambda row: f"{row['spearman']:.2f}",
    lambda row: f"{row['mae']:.2f}",
)
"""Cells with a number for each side."""


def tables(found: Rows) -> str:
    """Return the tables in Markdown."""
    heads: tuple[str, ...] = tuple(f"{side}: both new (95 %)" for side in found)
    heads += ("seeds", "all test pairs", "Spearman", "MAE")
    lines = [f"| model | {' | '.join(heads)} |", "|---|" + len(heads) * "--:|"]
    for name in dict.fromkeys(name for rows in found.values() for name in rows):
        each = [rows.get(name) for rows in found.values()]
        cells = ["–" if row is None else percent(row["both_new"]) for row in each]
        cells += [" / ".join("–" if row is None else form(row) for row in each) for form in SHORT]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    heads = ("weight (95 %; × uniform)", "minus centre", "minus other videos' maps", "minus constant cell",
             "minus constant cell per step", "peak (× chance)")  # fmt: skip
    lines += ["", f"| side | model | {' | '.join(heads)} |", "|---|---|" + len(heads) * "--:|"]
    for side, rows in found.items():
        for name, row in rows.items():
            if "weight" in row:
                above = row["weight"]["above"]
                controls = ("centre", "another video's maps", "constant cell", "constant cell per step")
                times = row["weight"]["weight"]["value"] / row["weight"]["controls"]["uniform"]
                cells = [f"{percent(row['weight']['weight'])}; {times:.1f}"]
                cells += [percent(above[control], signed=True) for control in controls]
                cells.append(f"{100 * row['peak']['hits']:.1f} ({row['peak']['times_chance']:.1f})")
                lines.append(f"| {side} | {name} | {' | '.join(cells)} |")
    heads = ("videos", "chance", *(f"{what} minus chance" for what in MOMENTS[1:]))
    lines += ["", f"| side | model | {' | '.join(heads)} |", "|---|---|" + len(heads) * "--:|"]
    for side, rows in found.items():
        for name, row in rows.items():
            if m := row.get("moments"):
                cells = [str(m["chance"]["n"]), percent({"value": m["chance"]["value"]})]
                cells += [percent(m[what], signed=True) for what in MOMENTS[1:]]
                lines.append(f"| {side} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def rater_table(shares: Sequence[float]) -> str:
    """Return the table of rater noise in Markdown, for the shares of the levels."""
    lines = ["| two raters agree | kappa | true quality orders | one rater orders |", "|--:|--:|--:|--:|"]
    for same, kappa, quality, rater in rater_noise(shares):
        lines.append(f"| {100 * same:.0f} | {kappa:.2f} | {100 * quality:.1f} | {100 * rater:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Train, test and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--models", default="full,none,htask,follow,average,pooled,duration")
    parser.add_argument("--sides", default=",".join(SIDES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--preset", default=PRESET, help="Rows of another than the usual one carry its name.")
    parser.add_argument("--together", default="", help="Models to train on all sides at once too.")
    args = parser.parse_args()
    kept = args.output / "real-people.json"
    found: Rows = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    levels: list[int] = []
    cache = FeatureCache(cache_dir() / "features", 60 * 2**30)
    folder = args.output if args.preset == PRESET else args.output / args.preset
    for name in args.sides.split(","):
        side = Side.open(args.data / name)
        levels += [int(rating) for rating in side.ratings.values()]
        rows = found.setdefault(name, {})
        known = dict(references(side))
        trained: list[FoldScores] = []
        for title, results in known.items():
            rows[title] = row_of_scores(side, results)
        args.output.mkdir(parents=True, exist_ok=True)
        if args.models:
            plan = EvaluationPlan(
                models=tuple(args.models.split(",")), training=training(args.preset), n_seeds=args.seeds
            )
            result = evaluate(plan, side.dataset, folder / name, CancelToken(), told, cache=cache)
            for one in result.models:
                title = one.model if args.preset == PRESET else f"{one.model}, {args.preset}"
                rows[title], scores = row_of_model(side, one, folder / name)
                mean = averaged(scores)
                if args.seeds > 1:
                    rows[f"{title}, mean of {args.seeds} seeds"] = row_of_scores(side, mean)
                for reference, results in known.items() if not trained else ():
                    rows[f"{title} and {reference}"] = row_of_scores(side, averaged([*mean, *results]))
                trained += scores
                print(name, title, percent(rows[title]["both_new"]), flush=True)
            if len(result.models) > 1:
                rows[f"mean of {len(trained) // len(side.folds)} trainings"] = row_of_scores(side, averaged(trained))
        kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    if args.together:
        sides = [Side.open(args.data / name) for name in SIDES]
        for rows_of_side in together(sides, args.together.split(","), args.output / "together", cache):
            for name, more in rows_of_side.items():
                found.setdefault(name, {}).update(more)
        kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(tables(found), rater_table((np.bincount(levels) / len(levels)).tolist()), sep="\n\n")


if __name__ == "__main__":
    main()
