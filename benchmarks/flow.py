"""CPU time and end-point error of optical flow: this program, OpenCV's TV-L1 and DIS, on pairs with known flow.

Run: ``python -m benchmarks.flow [--quick]``. Every line compares within one run; OpenCV works in one thread.
"""

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.known_flow import KnownPair, known_pairs
from skillviewer.core.arrays import Float32Array, RGBImage
from skillviewer.core.video.preprocessing import FlowSettings
from skillviewer.media.flow.flow import FlowStacks, dis, quantise, tvl1, warm_up

FlowLayout = Callable[[RGBImage, RGBImage], Float32Array]


def opencv_tvl1(first: RGBImage, second: RGBImage) -> Float32Array:
    """Return OpenCV's TV-L1 flow with its defaults."""
    oracle = cv2.optflow.DualTVL1OpticalFlow_create()  # type: ignore[attr-defined]
    return np.asarray(oracle.calc(first, second, None), dtype=np.float32)


def measured(algorithm: FlowLayout, pair: KnownPair, repeats: int) -> tuple[float, Float32Array]:
    """Return the least CPU time of a field in seconds, and the field."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        found = algorithm(pair.first, pair.second)
        best = min(best, time.process_time() - start)
    return best, found


def fields(quick: bool) -> None:
    """Print a line for each size, motion and algorithm."""
    algorithms: tuple[tuple[str, FlowLayout], ...] = (
        ("TV-L1", tvl1),
        ("TV-L1 fast", lambda a, b: tvl1(a, b, "tvl1-fast")),
        ("DIS medium", dis),
    )
    print(
        f"{'size':>8}  {'motion':<20} {'algorithm':<13} {'CPU s':>7} {'of OpenCV':>10} {'error px':>9} {'±1 level':>9}"
    )
    for h, w in ((256, 340), (448, 448)):
        for pair in known_pairs(h, w)[: 2 if quick else 3]:
            reference_s, reference = measured(opencv_tvl1, pair, repeats=1)
            row = f"{w}x{h:<4}  {pair.name:<20}"
            print(f"{row} {'OpenCV TV-L1':<13} {reference_s:7.3f} {'1':>10} {pair.error_px(reference):9.3f}")
            for name, algorithm in algorithms:
                cpu_s, found = measured(algorithm, pair, repeats=3)
                apart = np.abs(quantise(found, 20).astype(np.int64) - quantise(reference, 20))
                less = f"{reference_s / cpu_s:.1f}x less"
                numbers = f"{cpu_s:7.4f} {less:>10} {pair.error_px(found):9.3f} {np.mean(apart <= 1):9.1%}"
                print(f"{row} {name:<13} {numbers}")


def stacks() -> None:
    """Print the cost of a stack of ten fields with one and two threads."""
    pictures = [pair.first for seed in range(11) for pair in known_pairs(256, 340, seed)[:1]]
    for i in range(1, 11):  # one drifting texture
        pictures[i] = np.roll(pictures[0], i, axis=1)
    for algorithm in ("tvl1", "tvl1-fast", "dis"):
        row = f"stack of 10 fields 340x256, {algorithm:<10}"
        for threads in (1, 2):
            best_wall, best_cpu = float("inf"), float("inf")
            for _ in range(3):
                stack = FlowStacks(FlowSettings(algorithm=algorithm), 11, threads)
                wall, cpu = time.perf_counter(), time.process_time()
                stack.stack(5, pictures.__getitem__)
                best_wall = min(best_wall, time.perf_counter() - wall)
                best_cpu = min(best_cpu, time.process_time() - cpu)
            row += f"  {threads} thread{'s' if threads > 1 else ''}: {best_wall:.3f} s wall, {best_cpu:.3f} s CPU"
        print(row)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the large shift, which takes OpenCV long")
    quick = parser.parse_args().quick
    warm_up(print)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    fields(quick)
    cv2.setNumThreads(threads)
    stacks()


if __name__ == "__main__":
    main()
