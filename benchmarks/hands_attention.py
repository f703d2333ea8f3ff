"""Attention of models on the hands of real clips, with the controls: one line a model and clip, and a table.

    skillviewer tracks hands CLIPS...
    python -m benchmarks.hands_attention CLIPS... [--models full none ...] [-o hands_attention.csv]

The clips need tracks. Controls of a clip come from the others: the constant cell is the one most often on their hands.
The last rows, "change of the picture", are of no model: each map is the difference of a sampled frame and the next, on
the grid of the first model. A model that only looks where something moves gets as much.
"""

import argparse
import csv
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.evaluation.localisation import CENTRE, CONSTANT, OTHER_VIDEO
from skillviewer.core.evaluation.track_attention import track_attention
from skillviewer.core.progress import NEVER
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.inference.engine import Engine
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.model_library import find_models

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
    return table(name, videos)


def table(name: str, videos: "dict[str, tuple[Analysis, TrackSet]]") -> list[list[object]]:
    """Return the rows of a model."""
    return [
        [name, clip, f"{one.n_seen}/{one.n_frames}", one.share, one.times_uniform]
        + [one.control_times_uniform(control) for control in (CENTRE, CONSTANT, OTHER_VIDEO)]
        for clip, one in track_attention(videos).items()
    ]


def change_maps(analysis: Analysis) -> Analysis:
    """Return an analysis whose maps are the differences of the sampled frames and the next ones."""
    rows, columns = analysis.attention.shape[2:]
    rect, video = analysis.map_rect, analysis.video
    left, right = (round(x * video.width_px) for x in (rect.left, rect.right))
    top, bottom = (round(y * video.height_px) for y in (rect.top, rect.bottom))
    maps = np.full((1, analysis.attention.shape[1], rows, columns), 1 / (rows * columns), np.float32)
    with VideoReader(video.path) as reader:
        for place, frame in enumerate(analysis.samples[0].tolist()):
            last = min(frame, video.n_frames - 2)
            pair = [reader.frame(one, NEVER).astype(np.float32) for one in (last, last + 1)]
            change = np.abs(pair[1] - pair[0]).sum(axis=2)[top:bottom, left:right]
            small = cv2.resize(change, (columns, rows), interpolation=cv2.INTER_AREA)
            if small.sum() > 0:
                maps[0, place] = small / small.sum()
    return replace(analysis, attention=maps)


def change_rows(model: Path, clips: list[Path]) -> list[list[object]]:
    """Return the rows of the change of the picture, at the frames and on the grid of a model."""
    videos = {}
    with Engine.open(model, "cpu") as engine:
        for clip in clips:
            analysis = engine.assess(clip, passes=1)
            tracks = TrackStore().get(analysis.video.digest)
            assert tracks is not None
            videos[clip.stem] = (change_maps(analysis), tracks)
    return table("change of the picture", videos)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Attention on the hands of real clips.")
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--models", nargs="*", help="names; all that ship without them")
    parser.add_argument("-o", "--output", type=Path, default=Path("hands_attention.csv"))
    given = parser.parse_args()
    with given.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "clip", "frames", "share", "own", "centre", "constant", "other"])
        first: Path | None = None
        for entry in find_models():
            if given.models and entry.name not in given.models:
                continue
            rows = rows_of(entry.folder, entry.name, given.clips)
            writer.writerows(rows)
            file.flush()
            means = [np.nanmean([float(str(row[column])) for row in rows]) for column in range(4, 8)] if rows else []
            first = first or (entry.folder if rows else None)
            print(entry.name, " ".join(f"{mean:.2f}" for mean in means) or "no maps", flush=True)
        if first is not None:
            rows = change_rows(first, given.clips)
            writer.writerows(rows)
            print("change of the picture", f"{np.nanmean([float(str(row[4])) for row in rows]):.2f}")
