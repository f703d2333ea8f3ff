"""Colour maps as tables of 256 colours, for the painter and for colour bars."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.arrays import FloatArray, frozen
from skillviewer.core.errors import SettingsError

ColourTable: TypeAlias = NDArray[np.uint8]
"""(256, 3) uint8 RGB, read-only; row 0 is the lower end of the bar."""

SIGNED_COLOURS = "blue-orange"
"""Colour map of signed values, which the user cannot change: its middle is white and means zero."""


def colour_map(name: str) -> ColourTable:
    """Return a colour map by name, one of ``COLOUR_MAPS``, (256, 3) uint8 RGB, read-only.

    Args:
        name: ``"inferno"`` or ``"cividis"`` (ascending, legible in greyscale and with any colour vision), or
            ``"blue-orange"`` (diverging, safe for the common colour-vision deficiencies).

    Raises:
        SettingsError: There is no such map.
    """
    if name not in _COLOUR_MAPS:
        raise SettingsError(f"There is no colour map “{name}”. Choose one of: {', '.join(COLOUR_MAPS)}.")
    return frozen(_COLOUR_MAPS[name]())


def colour_table_of_kind(kind: MapKind, map_style: MapStyle) -> ColourTable:
    """Return the colours of maps of a kind, from the lower to the upper end of the colour bar."""
    if kind is MapKind.SIGNED:
        return colour_map(SIGNED_COLOURS)
    return colour_map(map_style.colours)


def _opencv_map(opencv_constant: int) -> ColourTable:
    """Return one of OpenCV's colour maps (inferno and cividis are those of matplotlib, CC0)."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    bgr = cv2.applyColorMap(ramp, opencv_constant)[:, 0]
    return np.asarray(bgr[:, ::-1], dtype=np.uint8)


def _blue_orange() -> ColourTable:
    """Return colours from blue over white to orange, with equal lightness at equal distances from the middle.

    The colour space is OkLab (Ottosson 2020).
    """
    signed = np.linspace(-1, 1, 256)
    magnitude = np.abs(signed)
    lightness = 0.97 - 0.5 * magnitude
    chroma = 0.12 * np.sin(np.pi / 2 * np.minimum(1, 1.3 * magnitude))
    hue = np.deg2rad(np.where(signed < 0, 255.0, 55.0))
    return _srgb(lightness, chroma * np.cos(hue), chroma * np.sin(hue))


def _srgb(lightness: FloatArray, a: FloatArray, b: FloatArray) -> ColourTable:
    """Return sRGB colours, (n, 3) uint8, of n OkLab colours."""
    lms = np.stack([
        lightness + 0.3963377774 * a + 0.2158037573 * b,
        lightness - 0.1055613458 * a - 0.0638541728 * b,
        lightness - 0.0894841775 * a - 1.2914855480 * b,
    ])  # fmt: skip
    to_linear = np.array([
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ])  # fmt: skip
    linear = np.clip((to_linear @ lms**3).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), dtype=np.uint8)


_COLOUR_MAPS: dict[str, Callable[[], ColourTable]] = {
    "inferno": lambda: _opencv_map(cv2.COLORMAP_INFERNO),
    "cividis": lambda: _opencv_map(cv2.COLORMAP_CIVIDIS),
    SIGNED_COLOURS: _blue_orange,
}

COLOUR_MAPS = tuple(_COLOUR_MAPS)
"""Names of the colour maps."""
