"""Attention of models on the hands of real clips, with the controls: one line a model and clip, and a table.

    skillviewer tracks hands CLIPS...
    python -m benchmarks.hands_attention CLIPS... [--models full none ...] [-o hands_attention.csv]

The clips need tracks. Controls of a clip come from the others: the constant cell is the one most often on their hands.
"""

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.evaluation.localisation import CENTRE, CONSTANT, OTHER_VIDEO
from skillviewer.core.evaluation.track_attention import track_attention
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.inference.engine import Engine
from skillviewer.nets.library import find_models

if TYPE_CHECKING:
    from skillviewer.core.tracks.tracks import TrackSet


def rows_of(model: Path, name: str, clips: list[Path]) -> list[list[object]]:
    """Return clip, frames with hands, share, and times uniform of maps and controls, for every clip with hands."""
    videos: dict[str, tuple[Analysis, TrackSet]] = {}
    with Engine.open(model, "cpu") as engine:
        for clip in clips:
            analysis = engine.assess(clip)
            tracks = TrackStore().get(analysis.video.digest)
            if tracks is None:
                raise SystemExit(f"{clip} has no tracks: skillviewer tracks hands {clip}")
            if analysis.map_kind is MapKind.NONE:
                return []
            videos[clip.stem] = (analysis, tracks)
    return [
        [name, clip, f"{one.n_seen}/{one.n_frames}", one.share, one.times_uniform]
        + [one.times(control) for control in (CENTRE, CONSTANT, OTHER_VIDEO)]
        for clip, one in track_attention(videos).items()
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Attention on the hands of real clips.")
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--models", nargs="*", help="names; all that ship without them")
    parser.add_argument("-o", "--output", type=Path, default=Path("hands_attention.csv"))
    given = parser.parse_args()
    with given.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "clip", "frames", "share", "own", "centre", "constant", "other"])
        for entry in find_models():
            if given.models and entry.name not in given.models:
                continue
            rows = rows_of(entry.folder, entry.name, given.clips)
            writer.writerows(rows)
            file.flush()
            means = [np.nanmean([float(str(row[column])) for row in rows]) for column in range(4, 8)] if rows else []
            print(entry.name, " ".join(f"{mean:.2f}" for mean in means) or "no maps", flush=True)
