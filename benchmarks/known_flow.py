"""Pairs of pictures with known optical flow, for tests and benchmarks."""

from dataclasses import dataclass

import cv2
import numpy as np

from skillviewer.core.arrays import Float32Array, RGBImage

MARGIN_PX = 40
"""Texture beyond the picture's border, which moves into the picture."""


@dataclass(frozen=True, slots=True)
class KnownPair:
    """Two pictures and the true flow between them.

    Attributes:
        name: Name of the motion.
        first: (h, w) uint8.
        second: (h, w) uint8.
        truth: (h, w, 2) float32, x then y displacement of every pixel of ``first``, in pixels.
    """

    name: str
    first: RGBImage
    second: RGBImage
    truth: Float32Array

    def error_px(self, flow: Float32Array, border_px: int = 8) -> float:
        """Return the mean end-point error in pixels, without a border."""
        inner = slice(border_px, -border_px)
        return float(np.linalg.norm(flow - self.truth, axis=-1)[inner, inner].mean())


def texture(h: int, w: int, seed: int) -> Float32Array:
    """Return a random texture with detail at every scale, mean 128, deviation 40, float32."""
    rng = np.random.default_rng(seed)
    total: Float32Array = np.zeros((h, w), dtype=np.float32)
    for cell in (1, 2, 4, 8, 16, 32):
        coarse = rng.standard_normal((max(2, h // cell), max(2, w // cell))).astype(np.float32)
        total += cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC) * np.float32(cell**0.7)
    smoothed = cv2.GaussianBlur(total, (0, 0), 0.8)
    return np.asarray((smoothed - smoothed.mean()) * (40 / smoothed.std()) + 128, dtype=np.float32)


def known_pairs(h: int, w: int, seed: int = 0, noise: float = 1.5) -> tuple[KnownPair, KnownPair, KnownPair]:
    """Return pairs with small smooth motion, a disc that moves over a moving ground, and a shift by 14 px.

    Args:
        h: Rows.
        w: Columns.
        seed: Seed of texture and noise.
        noise: Standard deviation of the camera noise, in grey levels.
    """
    rng = np.random.default_rng(seed + 1000)
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    ground = texture(h + 2 * MARGIN_PX, w + 2 * MARGIN_PX, seed)
    patch = texture(h + 2 * MARGIN_PX, w + 2 * MARGIN_PX, seed + 1)

    def sampled(source: Float32Array, dx: Float32Array | float, dy: Float32Array | float) -> Float32Array:
        x_map, y_map = (xs + MARGIN_PX + dx).astype(np.float32), (ys + MARGIN_PX + dy).astype(np.float32)
        return np.asarray(cv2.remap(source, x_map, y_map, cv2.INTER_CUBIC), dtype=np.float32)

    def seen(picture: Float32Array) -> RGBImage:
        levels = np.rint(picture + noise * rng.standard_normal((h, w)))
        grey: RGBImage = np.clip(levels, 0, 255).astype(np.uint8)
        return grey

    def pair(name: str, first: Float32Array, second: Float32Array, dx: object, dy: object) -> KnownPair:
        truth = np.stack([np.broadcast_to(np.asarray(d, dtype=np.float32), (h, w)) for d in (dx, dy)], axis=-1)
        return KnownPair(name, seen(first), seen(second), truth)

    def disc(dx: float, dy: float) -> RGBImage:
        inside: RGBImage = ((xs - dx - w / 2) ** 2 + (ys - dy - h / 2) ** 2 < (min(h, w) / 4) ** 2).astype(np.uint8)
        return inside

    # first(x) = second(x + truth(x)) in all three
    dx, dy = 2 * np.sin(ys / 40) + 0.5, 1.5 * np.cos(xs / 50)
    smooth = pair("small smooth motion", sampled(ground, dx, dy), sampled(ground, 0, 0), dx, dy)
    here, there = disc(0, 0) > 0, disc(4.3, -2.6) > 0
    layered = pair(
        "layered motion",
        np.where(here, sampled(patch, 0, 0), sampled(ground, 0, 0)),
        np.where(there, sampled(patch, -4.3, 2.6), sampled(ground, 1.4, -0.8)),
        np.where(here, 4.3, -1.4),
        np.where(here, -2.6, 0.8),
    )
    shift = pair("shift by 14 px", sampled(ground, 14, -3), sampled(ground, 0, 0), 14, -3)
    return smooth, layered, shift
