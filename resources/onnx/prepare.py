"""Make the inputs of run.py from a video: python prepare.py FOLDER VIDEO INPUTS.npz (rgb, flow).

Needs numpy, av, and opencv-contrib-python 4.12 or later. README.md defines every step.
"""

import json
import math
import sys
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation

TVL1 = {  # tau, lambda, theta, scales, warps, epsilon, inner and outer iterations, scale step, gamma, median
    "tvl1": (0.25, 0.15, 0.3, 5, 5, 0.01, 30, 10, 0.8, 0.0, 5),
    "tvl1-fast": (0.25, 0.15, 0.3, 5, 3, 0.02, 30, 10, 0.5, 0.0, 5),
}


def frames(video):
    """Yield the frames of a video in the order in which they are shown."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        yield from container.decode(stream)


def frame_times(video):
    """Return the presentation time of every frame in seconds from the first, (n,), and the end of the last frame."""
    times_s = np.array([float(frame.pts * frame.time_base) for frame in frames(video)])
    if not len(times_s):
        sys.exit(f"{video} has no frame.")
    times_s -= times_s[0]
    last_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    return times_s, float(times_s[-1]) + last_s


def shown_as(frame, size, pixels):
    """Return a frame as it is displayed, (h, w, 3) or (h, w) uint8; ``size`` gives width and height for its own."""
    turns = round(frame.rotation / 90) % 4  # counter-clockwise
    own = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
    width, height = size(*own)
    stored = (height, width) if turns % 2 else (width, height)
    scaled = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
    kernel = Interpolation.BILINEAR if stored == (frame.width, frame.height) else scaled
    return np.rot90(frame.reformat(*stored, pixels, interpolation=kernel, threads=1).to_ndarray(), turns)


def clock(times_s, rate_hz):
    """Return the frames on which the model works: all, or those on screen at the ticks of a slower clock."""
    if rate_hz is None or len(times_s) < 2:
        return np.arange(len(times_s))
    since_s = np.append(times_s - 1e-6, times_s[-1] + 1e-6) - times_s[0]
    return np.flatnonzero(np.diff(np.ceil(since_s * rate_hz)) > 0)


def sampled(n, n_segments, length, rule):
    """Return the position on the clock that is taken of every segment, (N,): the last one of each."""
    if rule == "even":
        return -(-n * np.arange(1, n_segments + 1) // n_segments) - 1
    first, stop = (0, n) if n < length + 1 else (length // 2, n - (length - length // 2))
    step = (stop - first) // n_segments
    if step == 0:
        return first + np.round(np.linspace(0, stop - first - 1, n_segments)).astype(int)
    return stop - 1 - step * np.arange(n_segments - 1, -1, -1)


def flow_of(first, second, algorithm):
    """Return the flow between two grey pictures, (h, w, 2), in pixels."""
    if algorithm == "dis":
        still = np.zeros((*first.shape, 2), np.float32)
        return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(first, second, still)
    return cv2.optflow.DualTVL1OpticalFlow_create(*TVL1[algorithm], False).calc(first, second, None)


def centre(pictures, side):
    """Return the central square of pictures, (..., h, w)."""
    top, left = ((length - side) // 2 for length in pictures.shape[-2:])
    return pictures[..., top : top + side, left : left + side]


def chosen(how, clip, times_s, end_s):
    """Return the frames of the clock, and by sampled frame the positions that are shown and the fields of its flow."""
    settings, line = how["flow"], clock(times_s, how["rate_hz"])
    n, n_segments = len(line), how["n_segments"]
    if how["segment_s"] is not None:
        n_segments = max(n_segments, math.ceil(round(min(end_s / how["segment_s"], how["most_segments"]), 6)))
    positions = sampled(n, n_segments, settings["length"], how["sampling"])[:, None]
    if clip is None:
        half = settings["length"] // 2
        return line, positions, np.clip(positions + np.arange(-half, half), 0, max(n - 2, 0))
    rate_hz = (n - 1) / max(float(times_s[line[-1]] - times_s[line[0]]), 1e-9)
    around = (np.arange(clip["n_frames"]) - clip["n_frames"] // 2) * max(1, round(rate_hz / clip["rate_hz"]))
    return line, np.clip(positions + around, 0, n - 1), np.zeros((n_segments, 0), int)


def pictures(video, line, shown, fields, size, short_side_px):
    """Return the colour pictures that are shown, and the grey ones of the fields, by position on the clock."""
    for_flow = {*fields.ravel().tolist(), *(fields.ravel() + 1).tolist()}
    place, colours, greys = {frame: at for at, frame in enumerate(line.tolist())}, {}, {}

    def smaller(width, height):
        scale = min(1, short_side_px / min(width, height))
        return round(width * scale), round(height * scale)

    for index, frame in enumerate(frames(video)):
        at = place.get(index)
        if at in shown:
            colours[at] = shown_as(frame, lambda *_: (size["width"], size["height"]), "rgb24")
        if at in for_flow:
            greys[at] = np.ascontiguousarray(shown_as(frame, smaller, "gray"))
    return colours, greys


def stacks(greys, fields, settings):
    """Return the flow stack of every sampled frame, quantised, (N, 2L, h, w): channels x1, y1, x2, y2, ..."""
    bound, found = settings["bound_px"], {}
    for field in np.unique(fields).tolist():
        flow = flow_of(greys[field], greys[min(field + 1, max(greys))], settings["algorithm"]).transpose(2, 0, 1)
        found[field] = np.clip(np.rint((flow.astype(float) + bound) * 255 / (2 * bound)), 0, 255).astype(np.uint8)
    return np.stack([np.concatenate([found[field] for field in row]) for row in fields.tolist()])


def prepare(folder, video):
    """Return the inputs of one pass over a video: rgb (N, 3, S, S) or (N, 3, T, S, S), and flow (N, 2L, h, w)."""
    about = json.loads((Path(folder) / "model.json").read_text())
    how, size = about["preprocessing"], about["frame"]
    line, shown, fields = chosen(how, about["clip"], *frame_times(video))
    colours, greys = pictures(video, line, shown, fields, size, how["flow"]["short_side_px"])
    rgb = np.stack([np.stack([colours[at] for at in row]) for row in shown.tolist()]).transpose(0, 4, 1, 2, 3)
    if about["clip"] is not None:
        return rgb, np.empty((len(rgb), 0), np.uint8)
    rgb, flow = rgb[:, :, 0], stacks(greys, fields, how["flow"])
    if size["crop"] is None:
        return rgb, flow
    flow, whole = flow[:, : 2 * size["n_fields"]], (size["width"], size["height"])
    sized = [[cv2.resize(channel, whole, interpolation=cv2.INTER_LINEAR) for channel in stack] for stack in flow]
    return centre(rgb, size["crop"]), centre(np.array(sized), size["crop"])


if __name__ == "__main__":
    rgb, flow = prepare(sys.argv[1], sys.argv[2])
    np.savez_compressed(sys.argv[3], rgb=rgb, flow=flow)
