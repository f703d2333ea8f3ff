"""A recording of two hours in 1080p with 40 attempts: opening, seeking, splitting, assessing, timelines, memory.

    python -m benchmarks.large [--minutes 120] [--attempts 40] [--folder FOLDER]

A block of two minutes (25 Hz, H.264, a key frame every 250 frames) is encoded, and its packets are repeated until the
recording is long enough. Every frame carries its number within the block as black and white squares, which is read
back after every seek. Times are CPU seconds, with wall seconds behind. A study of 10,000 videos and 100,000 votes is
measured by ``python -m benchmarks.opening --videos 10000 --votes 100000 --tiny --no-sample``.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

import av
import numpy as np

from benchmarks.clips import textured_pictures
from skillviewer.core.arrays import RGBImage
from skillviewer.core.paths import HOME_VARIABLE

SIZE = (1920, 1080)
RATE_HZ = 25
BLOCK = 120 * RATE_HZ
BITS, SQUARE_PX = 12, 64
VIDEO = "recording"
ValueT = TypeVar("ValueT")


def _pictures() -> Iterator[RGBImage]:
    """Yield the (1.5 h, w) planes of a block: a texture at rest, a moving square, and the number of the frame."""
    width, height = SIZE
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = next(iter(textured_pictures(1, SIZE))).mean(axis=2)
    still = planes[500:564].copy()
    for number in range(BLOCK):
        bits = [number >> bit & 1 for bit in range(BITS)]
        planes[:SQUARE_PX, : BITS * SQUARE_PX] = np.repeat(np.array(bits, np.uint8) * 180 + 30, SQUARE_PX)
        planes[500:564] = still
        left = 3 * number % (width - 64)
        planes[500:564, left : left + 64] = 230
        yield planes


def number_of(picture: RGBImage) -> int:
    """Return the number that a frame (h, w, 3) carries."""
    middles = picture[SQUARE_PX // 2, SQUARE_PX // 2 :: SQUARE_PX, 1][:BITS]
    return sum(1 << bit for bit, value in enumerate(middles) if value > 120)


def write_recording(path: Path, n_blocks: int) -> None:
    """Write the recording, with a block encoded once."""
    made = path.with_suffix(".block.mp4")
    with av.open(str(made), "w") as box:
        stream = box.add_stream("libx264", rate=RATE_HZ, options={"preset": "ultrafast", "g": "250", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number, planes in enumerate(_pictures()):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
            box.mux(stream.encode(frame))
        box.mux(stream.encode())
    with av.open(str(path), "w") as box:
        for block in range(n_blocks):
            with av.open(str(made)) as source:
                stream = box.streams.video[0] if block else box.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.pts is not None and packet.dts is not None:
                        shift = round(block * BLOCK / RATE_HZ / packet.time_base)
                        packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                        box.mux(packet)
    made.unlink()


def timed(what: str, work: Callable[[], ValueT]) -> ValueT:
    """Run, and print the time: the CPU time of this process and its children, and the wall time."""
    used = [sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    wall = time.perf_counter()
    value = work()
    cpu = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) - sum(used)
    print(f"  {what:<58} {cpu:8.2f} s CPU {time.perf_counter() - wall:8.2f} s", flush=True)
    return value


def command(*words: str | Path) -> str:
    """Run ``skillviewer`` in a process of its own, and return what it wrote."""
    ran = [sys.executable, "-m", "skillviewer", *map(str, words)]
    return subprocess.run(ran, check=True, capture_output=True, text=True).stdout


def use(path: Path, n_attempts: int) -> None:
    """Open the recording, seek to its attempts and check the frames."""
    from skillviewer.media.reading.reader import VideoReader

    with timed("opened, with its index", lambda: VideoReader(path)) as reader:
        info = reader.info
        print(f"  {info.n_frames} frames, {info.duration_s / 60:.0f} min, {path.stat().st_size / 1e6:.0f} MB")
        timed("first frame", lambda: reader.frame(0))
        starts = [info.n_frames * k // n_attempts + 7 for k in range(n_attempts)]
        frames = timed(f"the first frame of {n_attempts} attempts", lambda: [reader.frame(k) for k in starts])
        wrong = sum(number_of(frame) != k % BLOCK for k, frame in zip(starts, frames, strict=True))
        timed("a step on, and 25 frames of the last attempt", lambda: [reader.frame(starts[-1] + k) for k in range(25)])
        timed("its digest", lambda: reader.read_info().digest)
    print(f"  {wrong} of {n_attempts} frames are others than asked for")


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--attempts", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="Keep the recording here.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, kept = Path(name), given.folder or Path(name)
        os.environ[HOME_VARIABLE] = str(folder / "home")
        kept.mkdir(parents=True, exist_ok=True)
        path, study, marks = kept / f"{VIDEO}.mp4", folder / "large.skillstudy", folder / "attempts.csv"
        if not path.exists():
            timed("written", lambda: write_recording(path, max(1, given.minutes // 2)))
        use(path, given.attempts)
        timed("study with the recording", lambda: command("study", "create", study, path))
        length_s = 60 * given.minutes / given.attempts
        rows = [f"{length_s * k + 0.28},{length_s * (k + 0.3)},attempts,{k + 1}" for k in range(given.attempts)]
        marks.write_text("\n".join(["start,stop,tier,text", *rows]) + "\n", encoding="utf-8")
        split = ("study", "import-timeline", study, marks, "--video", VIDEO, "--as", "attempts")
        print(" ", timed(f"split into {given.attempts} attempts", lambda: command(*split)).strip())
        last = f"{VIDEO} {given.attempts}"
        scored = ("export", "table", "scores", study, "--video", last, "--passes", "1", "-o", folder / "scores.csv")
        timed("the last attempt assessed, from the file", lambda: command(*scored))
        timed("the same again", lambda: command(*scored, "--overwrite"))
        for suffix in (".eaf", ".csv"):
            out = ("-o", folder / f"timeline{suffix}", "--no-score", "--no-evidence", "--no-found")
            timed(f"timeline of all, {suffix}", partial(command, "export", "timeline", study, "--video", VIDEO, *out))
        n = (folder / "timeline.csv").read_text(encoding="utf-8").count("attempts")
        print(f"  {n} attempts in the timeline")
    for what, who in (("this process", resource.RUSAGE_SELF), ("a command", resource.RUSAGE_CHILDREN)):
        print(f"  peak of the memory, {what}: {resource.getrusage(who).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
