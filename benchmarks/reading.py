"""Reading of video: wrong frames over every kind of file, and the cost of a frame.

    python -m benchmarks.reading [--seeks N] [--frames N] [--video FILE]

First N seeks, spread over every kind of file in the tests: the number on each frame is read, and each picture is
compared with sequential decoding by PyAV. Then CPU seconds on a clip of 1920x1080 with a key frame every 250 frames,
where a jump costs most, with ratios to plain decoding with PyAV in one thread within this run.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from benchmarks.clips import textured_pictures
from skillviewer.media.reading.reader import VideoReader
from tests.videos import KINDS, decode_in_order, read_barcode, rgb, write_barcode_video


def count_wrong(n_seeks: int, folder: Path) -> None:
    """Print the number of wrong frames by kind of file."""
    rng = np.random.default_rng(0)
    share = -(-n_seeks // len(KINDS))
    total = wrong = different = compared = 0
    for kind, made in KINDS.items():
        video = write_barcode_video(folder / f"{kind}{made.suffix}", 90, kind=kind)
        reference = decode_in_order(video.path)
        plain = made.pixel_aspect == 1 and made.turned == (0, False)
        kind_wrong = kind_different = 0
        for cache_bytes in (0, 2**20):
            with VideoReader(video.path, cache_bytes=cache_bytes) as reader:
                if reader.n_frames != len(video.numbers):
                    print(f"{kind:20} counts {reader.n_frames} frames, not {len(video.numbers)}")
                for index in rng.integers(0, reader.n_frames, -(-share // 2)).tolist():
                    picture = reader.frame(index)
                    total += 1
                    try:
                        kind_wrong += read_barcode(picture) != video.numbers[index]
                    except ValueError:
                        kind_wrong += 1
                    if plain:
                        compared += 1
                        kind_different += not np.array_equal(picture, rgb(reference[index]))
        wrong += kind_wrong
        different += kind_different
        if kind_wrong or kind_different:
            print(f"{kind:20} {kind_wrong} wrong, {kind_different} not the same to the pixel")
    print(f"{total} seeks over {len(KINDS)} kinds of file: {wrong} wrong frames, {different} of {compared} differ")


def write_long_gop(path: Path, n_frames: int) -> Path:
    """Write a clip of 1920x1080 with a key frame every 250 frames and reordered pictures."""
    size = (1920, 1080)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "23"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = *size, "yuv420p", 250
        for i, picture in enumerate(textured_pictures(n_frames, size)):
            frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def each(items: Iterable[object]) -> None:
    """Consume items one after another and keep none."""
    for _ in items:
        pass


def plain(path: Path, convert: bool) -> None:
    """Decode all frames with PyAV only."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            if convert:
                frame.to_ndarray(format="rgb24", threads=1)


def opencv(path: Path, indices: list[int]) -> None:
    """Read frames by index with OpenCV."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    for index in indices:
        capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        capture.read()
    capture.release()


def line(what: str, cpu_s: float, n: int, against: tuple[str, float] | None = None) -> None:
    """Print a row: CPU time in total and per frame, and the ratio to another time."""
    ratio = f"{cpu_s / against[1]:6.2f} x {against[0]}" if against else ""
    print(f"{what:58} {cpu_s:8.3f} {1000 * cpu_s / n:9.2f}  {ratio}")


def costs(path: Path) -> None:
    """Print the cost of reading."""
    with VideoReader(path) as reader:
        n = reader.n_frames
        info = reader.info
    print(f"\n{info.width_px}x{info.height_px}, {n} frames, {info.codec}")
    print(f"{'':58} {'CPU s':>8} {'ms each':>9}")
    decoding, converting = timed(lambda: plain(path, False)), timed(lambda: plain(path, True))
    line("PyAV: decode in order", decoding, n)
    line("PyAV: decode in order and convert", converting, n)
    with VideoReader(path, cache_bytes=0) as reader:
        everything = range(n)
        line("stream, not converted", timed(lambda: each(reader.stream(everything))), n, ("PyAV", decoding))
        cost = timed(lambda: each(decoded.rgb() for decoded in reader.stream(everything)))
        line("stream, converted", cost, n, ("PyAV", converting))
        cost = timed(lambda: each(decoded.rgb((448, 448)) for decoded in reader.stream(everything)))
        line("stream, converted to 448x448", cost, n, ("PyAV", converting))
        spread = np.linspace(n // 50, n - 1, 25).astype(int).tolist()
        cost = timed(lambda: each(decoded.rgb() for decoded in reader.stream(spread)))
        line("stream of 25 frames, spread", cost, 25, ("all frames in order", converting))
    line("opening", timed(lambda: VideoReader(path).close()), 1)

    scattered = np.random.default_rng(1).permutation(n)[:20].tolist()
    with VideoReader(path, cache_bytes=0) as reader:
        cold = [timed(partial(reader.frame, index)) for index in scattered]
    line("20 scattered frames, no cache", sum(cold), 20, ("OpenCV", timed(lambda: opencv(path, scattered))))
    print(f"    each: median {statistics.median(cold):.3f} s, 95 % under {np.percentile(cold, 95):.3f} s")
    with VideoReader(path) as reader:
        line("the same, decoded frames kept (256 MB)", timed(lambda: each(map(reader.frame, scattered))), 20)
    with VideoReader(path) as reader:
        reader.frame(n - 1)
        steps = [timed(partial(reader.frame, index)) for index in range(n - 2, max(-1, n - 202), -1)]
        line("steps backwards from the end", sum(steps), len(steps))
        p95 = np.percentile(steps, 95)
        print(
            f"    each: median {1000 * statistics.median(steps):.1f} ms, 95 % under {1000 * p95:.1f} ms, "
            f"most {1000 * max(steps):.0f} ms"
        )
        first = max(0, n - 200)
        reader.frame(first)
        line("steps forwards", timed(lambda: each(map(reader.frame, range(first + 1, n)))), n - first)
        keys = sorted({reader.group_start(i) for i in range(n)})
    with VideoReader(path, cache_bytes=0) as reader:
        line("key frames, as previews", timed(lambda: each(map(reader.frame, keys[::-1]))), len(keys))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeks", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=600, help="length of the clip that is timed")
    parser.add_argument("--video", type=Path, help="time this file instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.seeks:
            count_wrong(arguments.seeks, Path(folder))
        costs(arguments.video or write_long_gop(Path(folder) / "long.mp4", arguments.frames))


if __name__ == "__main__":
    main()
