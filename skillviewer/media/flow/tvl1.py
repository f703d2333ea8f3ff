"""TV-L1 optical flow on the CPU: Zach, Pock and Bischof (DAGM 2007), as OpenCV's ``DualTVL1OpticalFlow``."""

from dataclasses import dataclass

import cv2
import numpy as np

from skillviewer.core.arrays import Float32Array, RGBImage
from skillviewer.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class TVL1Parameters:
    """Parameters of TV-L1; the defaults are OpenCV's.

    Attributes:
        tau: Time step of the dual update.
        data_weight: Lambda: weight of the data term; smaller is smoother.
        theta: Coupling of flow and auxiliary flow.
        n_scales: Greatest number of levels of the pyramid.
        scale_step: Size of a level as a fraction of the next finer one.
        n_warps: Number of warps of the second picture on each level.
        epsilon_px: Root mean square update at which a warp has converged, in pixels.
        n_inner: Greatest number of iterations between two median filters.
        n_outer: Greatest number of rounds of median filter and iterations in a warp.
        median: Side of the median filter, 3 or 5; 1 for none.
    """

    tau: float = 0.25
    data_weight: float = 0.15
    theta: float = 0.3
    n_scales: int = 5
    scale_step: float = 0.8
    n_warps: int = 5
    epsilon_px: float = 0.01
    n_inner: int = 30
    n_outer: int = 10
    median: int = 5


PRESETS: dict[str, TVL1Parameters] = {
    "tvl1": TVL1Parameters(),
    "tvl1-fast": TVL1Parameters(scale_step=0.5, n_warps=3, epsilon_px=0.02),
}
"""Parameters by name in ``FLOW_ALGORITHMS``: OpenCV's defaults (the paper's), and a steeper pyramid for fast motion."""

MIN_LEVEL_PX = 16
"""Smallest number of rows and columns of a level of the pyramid, except the finest."""


def preset_parameters(preset: str) -> TVL1Parameters:
    """Return the parameters of a preset.

    Raises:
        SettingsError: There is no such preset.
    """
    if preset not in PRESETS:
        raise SettingsError(f"There is no TV-L1 preset “{preset}”. Choose one of: {', '.join(PRESETS)}.")
    return PRESETS[preset]


def pyramid(picture: RGBImage, parameters: TVL1Parameters) -> list[Float32Array]:
    """Return the levels of a grey picture, finest first, float32 from 0 to 255.

    Args:
        picture: (h, w) uint8.
        parameters: Number and size of the levels.
    """
    levels: list[Float32Array] = [picture.astype(np.float32)]
    step = parameters.scale_step
    while len(levels) < parameters.n_scales and round(min(levels[-1].shape) * step) >= MIN_LEVEL_PX:
        # resized by factor, not to a size, so that OpenCV samples at exactly 1 / step
        smaller = cv2.resize(levels[-1], None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
        levels.append(np.asarray(smaller, dtype=np.float32))
    return levels


def solve(first: list[Float32Array], second: list[Float32Array], parameters: TVL1Parameters) -> Float32Array:
    """Return the flow between two pictures, from the coarsest level of their pyramids to the finest.

    Args:
        first: Levels of the first picture (see ``pyramid``).
        second: Levels of the second picture, of the same sizes.
        parameters: Parameters of the algorithm.

    Returns:
        (h, w, 2) float32, x then y displacement in pixels from first to second.
    """
    flow = np.zeros((*first[-1].shape, 2), dtype=np.float32)
    for level in range(len(first) - 1, -1, -1):
        h, w = first[level].shape
        if flow.shape[:2] != (h, w):
            flow = cv2.resize(flow, (w, h), interpolation=cv2.INTER_LINEAR) * np.float32(1 / parameters.scale_step)
        flow = _refine(first[level], second[level], flow, parameters)
    return flow


def _refine(
    first: Float32Array, second: Float32Array, initial_flow: Float32Array, parameters: TVL1Parameters
) -> Float32Array:
    """Return a refined flow, (h, w, 2), on one level of the pyramid."""
    from skillviewer.media.flow import kernels as kernels_module  # late: compiles or loads the kernels

    h, w = first.shape
    n_rows = np.uint64(h)
    n_columns = np.uint64(w)
    # the kernels need a spare row and column; u and v are views without them
    flow = np.zeros((2, h + 1, w + 1), dtype=np.float32)
    flow[:, :h, :w] = initial_flow.transpose(2, 0, 1)
    u, v = flow[:, :h, :w]
    flat_u, flat_v = flow.reshape(2, -1)
    pux, puy, pvx, pvy = np.zeros((4, (h + 1) * (w + 1)), dtype=np.float32)
    xs = np.arange(w, dtype=np.float32)[None, :]
    ys = np.arange(h, dtype=np.float32)[:, None]
    x_map, y_map = np.empty((2, h, w), dtype=np.float32)
    inverse, rho = np.empty((2, h * w), dtype=np.float32)
    sources = (second, *_central_gradient(second))
    warped = np.empty((3, h, w), dtype=np.float32)  # the second picture and its x and y gradients
    warped_picture, ix, iy = warped.reshape(3, -1)
    threshold = np.float32(parameters.data_weight * parameters.theta)
    step = np.float32(parameters.tau / parameters.theta)
    theta = np.float32(parameters.theta)
    tolerance = np.float32(parameters.epsilon_px**2)
    for _ in range(parameters.n_warps):
        np.add(u, xs, out=x_map)
        np.add(v, ys, out=y_map)
        for source, target in zip(sources, warped, strict=True):
            cv2.remap(source, x_map, y_map, cv2.INTER_CUBIC, dst=target, borderMode=cv2.BORDER_CONSTANT)
        kernels_module.linearise(
            warped_picture,
            ix,
            iy,
            first=first.reshape(-1),
            u=flat_u,
            v=flat_v,
            inverse=inverse,
            rho=rho,
            h=n_rows,
            w=n_columns,
        )
        for _ in range(parameters.n_outer):
            if parameters.median > 1:
                cv2.medianBlur(u, parameters.median, dst=u)
                cv2.medianBlur(v, parameters.median, dst=v)
            _, mean_squared_update = kernels_module.iterate(
                flat_u, flat_v, pux, puy, pvx, pvy, ix, iy, inverse, rho, h=n_rows, w=n_columns,
                threshold=threshold, step=step, theta=theta, n_inner=parameters.n_inner, tolerance=tolerance,
            )  # fmt: skip
            if mean_squared_update <= tolerance:
                break
    return np.ascontiguousarray(flow[:, :h, :w].transpose(1, 2, 0))


def _central_gradient(picture: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return the x and y gradients by central differences, one-sided and halved at the border (as OpenCV)."""
    padded_picture = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    half = np.float32(0.5)
    x_gradient = (padded_picture[1:-1, 2:] - padded_picture[1:-1, :-2]) * half
    y_gradient = (padded_picture[2:, 1:-1] - padded_picture[:-2, 1:-1]) * half
    return x_gradient, y_gradient
