"""Numbers of a shipped checkpoint on the sample study, each with its controls.

    python -m benchmarks.shipped [DATA] [MODEL ...] [--cards]

DATA has pairs, regions and truth.csv, as resources/sample_study; every video is assessed with one pass. Printed are:

- the accuracy on all pairs, and on the pairs that agree or differ in success, for the model and for orderings by the
  ability that was set, by success, by success then ability, and by duration; a tie counts as half,
- the accuracy after 20 to 100 % of the video, and the share of the contributions in each fifth,
- the share of the attention within one cell of a region, and that of every control (each control cell is chosen on the
  other videos),
- the entropy of the attention, 1 being uniform.

With --cards, the accuracies of the orderings, the check by success and the share of the last fifth are kept in the card
of each model, as a training writes them.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.pairs import Dataset, Fold, Pair
from skillviewer.core.evaluation.ceilings import ceilings
from skillviewer.core.evaluation.localisation import (
    CONTROLS,
    OWN,
    Geometry,
    cells_near,
    centred_gaussian,
    entropy,
    weight_near,
)
from skillviewer.core.evaluation.outcome import outcome_check
from skillviewer.core.evaluation.score_progress import SHARES, contribution_shares, scores_at
from skillviewer.core.hashing import CARD
from skillviewer.core.paths import models_dir, resources_dir
from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.tables.regions import read_regions
from skillviewer.engine.inference.engine import Engine
from skillviewer.nets.model_card import load_card


def right(pairs: Sequence[Pair], values: Mapping[str, float]) -> str:
    """Return the percentage of pairs that values order rightly, ties as half; a dash without pairs."""
    won = [(np.sign(values[pair.better] - values[pair.worse]) + 1) / 2 for pair in pairs]
    return f"{100 * np.mean(won):.1f}" if won else "–"


def keep(folder: Path, dataset: Dataset, scores: Mapping[str, float], contributions: FloatArray) -> None:
    """Write into the card of a model what was measured on a data set of which it has seen nothing."""
    fold = Fold("all", (), tuple(scores), (), dataset.pairs)
    last_fifth = float(contribution_shares(contributions)[-1]) if len(contributions) else None
    card = msgspec.structs.replace(
        load_card(folder),
        ceilings=tuple((row.name, row.pooled.value) for row in ceilings(dataset, [fold])),
        outcome=outcome_check(dataset, dataset.pairs, scores),
        last_fifth=last_fifth,
    )
    (folder / CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def main() -> None:
    """Assess and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=resources_dir() / "sample_study")
    parser.add_argument("models", nargs="*", default=["sample-follow", "sample-full"])
    parser.add_argument("--cards", action="store_true", help="Keep the numbers in the cards of the models.")
    args = parser.parse_args()
    dataset = open_dataset(args.data)
    if dataset.regions_path is None:
        parser.error(f"{args.data} has no regions.csv")
    regions = read_regions(dataset.regions_path)
    with (args.data / "truth.csv").open(encoding="utf-8") as file:
        truth = {row["video"]: row for row in csv.DictReader(file)}
    success = {name: float(row["success"]) for name, row in truth.items()}
    ability = {name: float(row["skill"]) for name, row in truth.items()}
    orders = {
        "ability": ability,
        "success": success,
        "success, then ability": {name: 10 * success[name] + ability[name] for name in truth},
        "duration, short first": {name: -float(row["frames"]) for name, row in truth.items()},
    }
    equal = [pair for pair in dataset.pairs if success[pair.better] == success[pair.worse]]
    unequal = [pair for pair in dataset.pairs if success[pair.better] != success[pair.worse]]
    print(f"pairs: {len(dataset.pairs)}, equal success: {len(equal)}, different success: {len(unequal)}")
    for model in args.models:
        with Engine.open(model) as engine:
            analyses = {video.name: engine.assess(video.path, 1) for video in dataset.videos if video.path is not None}
            contributions = np.array([engine.explain(a).contributions for a in analyses.values()])
        orders = {model: {name: a.score for name, a in analyses.items()}, **orders}
        if args.cards:
            keep(models_dir() / model, dataset, orders[model], contributions)
        curves = np.array([a.score_curve[0] for a in analyses.values()])
        along = [dict(zip(analyses, scores_at(curves, share).tolist(), strict=True)) for share in SHARES]
        print(f"{model} after {[round(100 * s) for s in SHARES]} %: {[right(dataset.pairs, v) for v in along]}")
        print(f"{model} contributions by fifths, %: {[f'{100 * x:.0f}' for x in contribution_shares(contributions)]}")
        first = next(iter(analyses.values()))
        if first.attention.size == 0:
            continue
        rows, columns = first.attention.shape[2:]
        at = {
            name: Geometry(rows, columns, a.map_rect, a.video.width_px, a.video.height_px)
            for name, a in analyses.items()
        }
        near = {name: cells_near(a.samples[0].tolist(), regions.of(name), at[name]) for name, a in analyses.items()}
        maps = {name: a.attention[0].astype(np.float64) for name, a in analyses.items()}
        found: dict[str, list[float]] = {source: [] for source in (OWN, *CONTROLS)}
        for name in maps:
            others = [other for other in maps if other != name]
            shares = weight_near(maps, near, others, centred_gaussian(at[name]))
            for source, values in found.items():
                values.append(shares[source][name])
        weights = {source: f"{100 * np.mean(values):.1f}" for source, values in found.items()}
        print(
            f"{model} weight within one cell, %: {weights}; entropy {entropy(np.concatenate(list(maps.values()))):.3f}"
        )
    print("ordering | all pairs | equal success | different success")
    for title, order in orders.items():
        print(f"{title} | {right(dataset.pairs, order)} | {right(equal, order)} | {right(unequal, order)}")


if __name__ == "__main__":
    main()
