"""Cost of a frame while scrubbing: from the proxy, from cached decoded frames, and from the file.

    python -m benchmarks.scrubbing [--frames N] [--video FILE]

On a clip of 1920x1080 with a key frame every 250 frames, or on a file. Each gets the same requests, a drag to and fro;
times are wall milliseconds, and CPU time for making the proxy.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.reading import write_long_gop
from skillviewer.core.arrays import RGBImage
from skillviewer.core.paths import HOME_VARIABLE, cache_dir
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.proxy import build_proxy


def dragged(n: int, n_requests: int) -> list[int]:
    """Return the frames requested by a drag over the whole video and back, with jumps."""
    rng = np.random.default_rng(0)
    sweep = (np.sin(np.linspace(0, 5 * np.pi, n_requests)) + 1) / 2 * (n - 1)
    jumps = rng.random(n_requests) < 0.05
    return [int(i) for i in np.clip(np.where(jumps, rng.integers(0, n, n_requests), sweep), 0, n - 1)]


def waits_ms(frame: Callable[[int], RGBImage], asked: list[int]) -> list[float]:
    """Return the wait of each request, in milliseconds."""
    out = []
    for index in asked:
        start = time.perf_counter()
        frame(index)
        out.append(1000 * (time.perf_counter() - start))
    return out


def row(what: str, waits: list[float]) -> None:
    """Print a row."""
    p50, p95, p99 = np.percentile(waits, [50, 95, 99])
    print(f"{what:44} {len(waits):6d} {p50:9.2f} {p95:9.2f} {p99:9.2f} {max(waits):9.2f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=600, help="length of the clip")
    parser.add_argument("--video", type=Path, help="use this file instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[HOME_VARIABLE] = folder
        path = arguments.video or write_long_gop(Path(folder) / "long.mp4", arguments.frames)
        with VideoReader(path) as reader:
            n = reader.n_frames
            print(f"{reader.info.width_px}x{reader.info.height_px}, {n} frames")
            asked = dragged(n, 1000)
            cpu_s, clock_s = time.process_time(), time.perf_counter()
            with build_proxy(path) as proxy:
                cpu_s, clock_s = time.process_time() - cpu_s, time.perf_counter() - clock_s
                size = sum(file.stat().st_size for file in (cache_dir() / "proxies").iterdir())
                print(
                    f"proxy {proxy.size[0]}x{proxy.size[1]}: {size / 2**20:.0f} MB, {size / n / 1000:.0f} kB a frame, "
                    f"made in {cpu_s:.1f} CPU s ({1000 * cpu_s / n:.1f} ms per frame), {clock_s:.1f} s wall\n"
                )
                print(f"{'ms from request to picture':44} {'n':>6} {'median':>9} {'95 %':>9} {'99 %':>9} {'most':>9}")
                row("proxy", waits_ms(proxy.frame, asked))
            row("file, decoded frames cached (256 MB)", waits_ms(reader.frame, asked[:200]))
        with VideoReader(path, cache_bytes=0) as reader:
            row("file, no cache", waits_ms(reader.frame, asked[:200:10]))


if __name__ == "__main__":
    main()
