"""Round trips of 10,000 moments of each of fifteen kinds of videos through every form of timelines.

Run ``python -m benchmarks.timelines``. A moment moves if its first frame, or the frame at its end, is another after
writing and reading. It prints one line for each form.
"""

import tempfile
import time
from pathlib import Path

from skillviewer.data.timelines.timeline_formats import read_timeline
from skillviewer.media.reading.reader import VideoReader
from tests.data.timelines.test_timelines import SUFFIXES, VIDEOS, frames, moments, written
from tests.videos import write_barcode_video

N = 10_000


def main() -> None:
    """Write, read and compare."""
    with tempfile.TemporaryDirectory() as name:
        folder, videos = Path(name), []
        for kind in VIDEOS:
            with VideoReader(write_barcode_video(folder / kind, 240, kind=kind).path, cache_bytes=0) as reader:
                videos.append(reader.info)
        for suffix in SUFFIXES:
            moved = n = size = 0
            start_s = time.perf_counter()
            for at, video in enumerate(videos):
                given = moments(video, N, at)
                path = written(folder / f"{at}{suffix}", video, given)
                read = read_timeline(path, video.path.name).annotations
                moved += (frames(video, given) - frames(video, read)).total()
                n, size = n + len(read), size + path.stat().st_size
                path.unlink()
            took_s = time.perf_counter() - start_s
            print(f"{suffix:7} {n} moments, {moved} moved, {size / len(videos) / 1e6:.1f} MB a video, {took_s:.0f} s")


if __name__ == "__main__":
    main()
