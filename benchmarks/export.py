"""Cost of annotating a clip: the whole export compared with decoding and encoding of the same pictures alone.

    python -m benchmarks.export VIDEO [--passes K] [--repeat R] [--report]

The map is artificial, a wandering spot. "bare" decodes and encodes the video; "again" does so with the annotated clip,
whose pictures are larger and change where the map jumps. They take turns, so that other load affects all of them; the
figures are medians, and the ratios matter. With --report the report of the analysed video is timed instead: as PDF and
as a web page, written and read back, the first time including imports and fonts.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.video.info import VideoInfo, sample_positions, segments
from skillviewer.export.pictures.clip import export_clip
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.writer import VideoWriter

N_SEGMENTS = 25


def made_up(video: VideoInfo, passes: int) -> Analysis:
    """Return an artificial analysis of a video."""
    chance = np.random.default_rng(0)
    y, x = np.mgrid[:7, :7]
    turn = np.linspace(0, 5, N_SEGMENTS)[None] - 0.05 * np.arange(passes)[:, None]
    off = (y - 3 - 2 * np.sin(turn)[..., None, None]) ** 2 + (x - 3 - 2 * np.cos(turn)[..., None, None]) ** 2
    attention = np.exp(-off / 2).astype(np.float32)
    attention /= attention.sum(axis=(2, 3), keepdims=True)
    return Analysis(
        video=video,
        samples=sample_positions(video.n_frames, N_SEGMENTS, 10, passes),
        attention=attention,
        map_kind=MapKind.DISTRIBUTION,
        map_rect=MapRect(),
        task_state=np.zeros((passes, N_SEGMENTS, 1), np.float32),
        score_curve=chance.normal(0, 0.1, (passes, N_SEGMENTS)).cumsum(axis=1),
        segment_stops=np.array([s.stop_frame for s in segments(video.n_frames, N_SEGMENTS, 10)]),
        n_segments=N_SEGMENTS,
        provenance=Provenance("benchmark", "made up", "", "none", "none", "none", "cpu", "float32"),
    )


def bare(path: Path, target: Path) -> None:
    """Decode and encode only."""
    with VideoReader(path) as reader:
        info = reader.info
        with VideoWriter(target, info.width_px, info.height_px, rate_hz=info.rate_hz, overwrite=True) as writer:
            for decoded in reader.stream(range(info.n_frames)):
                writer.write(decoded.rgb(), float(info.times_s[decoded.index]))


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Return the wall and CPU seconds of a function."""
    clock_s, processor_s = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock_s, time.process_time() - processor_s


def reports(analysis: Analysis, repeat: int) -> None:
    """Print the cost of the report of one analysed video."""
    from skillviewer.export.analysed_video import AnalysedVideo
    from skillviewer.export.reports.report import export_report

    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".pdf", ".html"):
            path = Path(folder) / f"report{suffix}"
            times = [
                measured(lambda: export_report(AnalysedVideo(analysis), path, overwrite=True))  # noqa: B023 - called at once
                for _ in range(repeat + 1)
            ]
            clock_s, processor_s = (statistics.median(values) for values in zip(*times[1:], strict=True))
            print(
                f"report{suffix}: {clock_s:.2f} s wall, {processor_s:.2f} s CPU; the first time "
                f"{times[0][0]:.2f} s and {times[0][1]:.2f} s; {path.stat().st_size / 2**20:.1f} MiB"
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    with VideoReader(arguments.video) as reader:
        analysis = made_up(reader.info, arguments.passes)
    if arguments.report:
        reports(analysis, arguments.repeat)
        return
    n = analysis.video.n_frames
    options = ClipOptions(title=arguments.video.name)
    times: dict[str, list[tuple[float, float]]] = {"bare": [], "again": [], "annotated": []}
    with tempfile.TemporaryDirectory() as folder:
        target, made = Path(folder) / "clip.mp4", Path(folder) / "annotated.mp4"
        works: dict[str, Callable[[], object]] = {
            "bare": lambda: bare(arguments.video, target),
            "again": lambda: bare(made, target),
            "annotated": lambda: export_clip(arguments.video, analysis, made, options, overwrite=True),
        }
        works["annotated"]()  # imports and fonts, and a clip for "again"
        for _ in range(arguments.repeat):
            for name, work in works.items():
                times[name].append(measured(work))
    video = analysis.video
    print(f"{video.path.name}: {n} frames of {video.width_px} x {video.height_px}, {arguments.passes} passes")
    medians = {}
    for name, pairs in times.items():
        clock_s, processor_s = (statistics.median(values) for values in zip(*pairs, strict=True))
        medians[name] = (clock_s, processor_s)
        print(f"{name:>10}: {n / clock_s:6.1f} frames/s, {1000 * processor_s / n:5.1f} ms CPU per frame")
    for name in ("bare", "again"):
        clock, processor = (a / b for a, b in zip(medians["annotated"], medians[name], strict=True))
        print(f"annotated / {name}: {clock:.2f} wall, {processor:.2f} CPU")


if __name__ == "__main__":
    main()
