"""Attention of checkpoints on videos with known regions of skill: the pointing game.

    python -m benchmarks.pointing DATA MODEL [MODEL ...]

DATA has regions (docs/data.md); a MODEL is a checkpoint's name or folder. Every video is assessed with one pass.
Printed are the percentage of sampled frames whose strongest cell lies within one cell of a region, and its ratio to
chance; the same at the cell itself; and the result of a Gaussian at the centre of the picture on that grid.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.evaluation.localisation import Localisation, Region, localise, merge_localisations
from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.tables.regions import read_regions
from skillviewer.engine.inference.engine import Engine

TOLERANCES = (1, 0)


def localise_analysis(analysis: Analysis, regions: Mapping[int, Sequence[Region]], tolerance: int = 1) -> Localisation:
    """Play the pointing game with all sampled frames of an analysis; a model without a map gets a uniform one.

    Regions go by frame index; a hit may miss by ``tolerance`` cells.
    """
    maps = analysis.attention.reshape(-1, *analysis.attention.shape[2:])
    if analysis.map_kind is MapKind.NONE:
        maps = np.ones_like(maps)
    video = analysis.video
    return localise(
        maps.astype(np.float64),
        analysis.samples.reshape(-1).tolist(),
        regions,
        analysis.map_rect,
        (video.width_px, video.height_px),
        tolerance,
    )


def cells(found: Localisation) -> str:
    """Return the percentage of hits of the maps with its ratio to chance, and that of the Gaussian."""
    hits, centre = 100 * found.hits.mean(), 100 * found.hits_centre.mean()
    return f"{hits:.1f} ({found.times_chance:.1f}) | {centre:.1f}"


def main() -> None:
    """Assess and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    dataset = open_dataset(args.data)
    if dataset.regions_path is None:
        parser.error(f"{args.data} has no regions.csv, the file of the regions of skill")
    regions = read_regions(dataset.regions_path)
    print("| model | cells | 1 cell (× chance) | a Gaussian | at the cell itself (× chance) | a Gaussian |")
    print("|---|--:|--:|--:|--:|--:|")
    for name in args.models:
        with Engine.open(name) as engine:
            analyses = {video.name: engine.assess(video.path, 1) for video in dataset.videos if video.path is not None}
        first = next(iter(analyses.values()))
        if first.map_kind is MapKind.NONE:
            print(f"| {name} | no map | | | | |")
            continue
        rows, columns = first.attention.shape[2:]
        each = [
            merge_localisations([localise_analysis(a, regions.of(v), tolerance) for v, a in analyses.items()])
            for tolerance in TOLERANCES
        ]
        print(f"| {name} | {rows} × {columns} | {' | '.join(map(cells, each))} |", flush=True)


if __name__ == "__main__":
    main()
