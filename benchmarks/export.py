"""What the annotation of a clip costs: the whole export against decoding and encoding the same pictures bare.

    python -m benchmarks.export VIDEO [--passes K] [--repeat R]

The maps are made up; painting costs the same. The two take turns, so that other work on the machine meets both; the
figures are medians, and the ratios are what counts.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from skillviewer.core.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.video import VideoInfo, sample_positions, segments
from skillviewer.export.clip import ClipOptions, export_clip
from skillviewer.media.reader import VideoReader
from skillviewer.media.writer import VideoWriter

N_SEGMENTS = 25


def made_up(video: VideoInfo, passes: int) -> Analysis:
    """Return an analysis of a video by nobody."""
    chance = np.random.default_rng(0)
    attention = chance.dirichlet(np.full(49, 0.3), (passes, N_SEGMENTS)).astype(np.float32)
    return Analysis(
        video=video,
        samples=sample_positions(video.n_frames, N_SEGMENTS, 10, passes),
        attention=attention.reshape(passes, N_SEGMENTS, 7, 7),
        map_kind=MapKind.DISTRIBUTION,
        map_rect=MapRect(),
        task_state=np.zeros((passes, N_SEGMENTS, 1), np.float32),
        score_curve=chance.normal(0, 0.1, (passes, N_SEGMENTS)).cumsum(axis=1),
        segment_stops=np.array([s.stop_frame for s in segments(video.n_frames, N_SEGMENTS, 10)]),
        n_segments=N_SEGMENTS,
        provenance=Provenance("benchmark", "made up", "", "none", "none", "none", "cpu", "float32"),
    )


def bare(path: Path, target: Path) -> None:
    """Decode and encode, and nothing else."""
    with VideoReader(path) as reader:
        info = reader.info
        with VideoWriter(target, info.width_px, info.height_px, rate_hz=info.rate_hz, overwrite=True) as writer:
            for decoded in reader.stream(range(info.n_frames)):
                writer.write(decoded.rgb(), float(info.times_s[decoded.index]))


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds on the clock and of the processor that some work took."""
    clock_s, processor_s = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock_s, time.process_time() - processor_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    with VideoReader(arguments.video) as reader:
        analysis = made_up(reader.info, arguments.passes)
    n = analysis.video.n_frames
    options = ClipOptions(title=arguments.video.name)
    times: dict[str, list[tuple[float, float]]] = {"bare": [], "annotated": []}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        works: dict[str, Callable[[], object]] = {
            "bare": lambda: bare(arguments.video, target),
            "annotated": lambda: export_clip(arguments.video, analysis, target, options, overwrite=True),
        }
        measured(works["annotated"])  # imports, fonts
        for _ in range(arguments.repeat):
            for name, work in works.items():
                times[name].append(measured(work))
    video = analysis.video
    print(f"{video.path.name}: {n} frames of {video.width_px} x {video.height_px}, {arguments.passes} passes")
    medians = {}
    for name, pairs in times.items():
        clock_s, processor_s = (statistics.median(values) for values in zip(*pairs, strict=True))
        medians[name] = (clock_s, processor_s)
        print(f"{name:>10}: {n / clock_s:6.1f} frames/s, {1000 * processor_s / n:5.1f} ms of the processor a frame")
    ratios = [a / b for a, b in zip(medians["annotated"], medians["bare"], strict=True)]
    print(f"{'ratio':>10}: {ratios[0]:.2f} by the clock, {ratios[1]:.2f} by the processor")


if __name__ == "__main__":
    main()
