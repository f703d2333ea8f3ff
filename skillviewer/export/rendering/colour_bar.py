"""Colour bar of a map: its colours, title and ticks."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.arrays import RGBImage
from skillviewer.core.text import format_number
from skillviewer.media.overlay.colours import colour_table_of_kind

_TITLES = {
    MapKind.DISTRIBUTION: "attention, × average",
    MapKind.GATE: "attention, gate",
    MapKind.SIGNED: "attention, signed product",
    MapKind.NONE: "",
}
_MIN_TICK_DISTANCE = 0.08  # share of the bar; the numbers of closer ticks would touch


@dataclass(frozen=True, slots=True)
class BarScale:
    """Range, ticks and title of a colour bar."""

    title: str  # quantity and unit
    low: float  # value at the lower end
    high: float  # value at the upper end
    ticks: tuple[float, ...]  # labelled values, ascending; the last is the upper end
    clipped: bool = False  # whether larger values share the colour of the upper end

    def position(self, value: float) -> float:
        """Return the position of a value on the bar, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def bar_scale(scene: Scene) -> BarScale:
    """Return the scale of the colour bar of a scene.

    The bar of a distribution, in multiples of a uniform map, has a tick at 1. Bars of other maps have one in the
    middle.
    """
    middle = 1.0 if scene.kind is MapKind.DISTRIBUTION else (scene.low + scene.high) / 2
    share = (middle - scene.low) / (scene.high - scene.low)
    if 0 < share < _MIN_TICK_DISTANCE:
        ticks: tuple[float, ...] = (middle, scene.high)
    elif share < 1 - 2 * _MIN_TICK_DISTANCE:
        ticks = (scene.low, middle, scene.high)
    else:
        ticks = (scene.low, scene.high)
    return BarScale(_TITLES[scene.kind], scene.low, scene.high, ticks, scene.clipped)


def format_ticks(scale: BarScale) -> tuple[str, ...]:
    """Return the labels of the ticks. Positive numbers have a sign if the scale also includes negative ones."""
    return tuple(_format_tick(scale, value) for value in scale.ticks)


def _format_tick(scale: BarScale, value: float) -> str:
    is_clipped_end = scale.clipped and value == scale.high
    at_least = "≥ " if is_clipped_end else ""
    sign = "+" if scale.low < 0 < value else ""
    return f"{at_least}{sign}{format_number(value)}"


def bar_colours(scene: Scene) -> RGBImage:
    """Return (256, 3) uint8 colours of a bar: those of the map, or greys if the overlay dims the picture."""
    if scene.map_style.overlay is Overlay.DIMMED:
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return colour_table_of_kind(scene.kind, scene.map_style)


def gradient(colours: RGBImage, width_px: int, height_px: int) -> RGBImage:
    """Return a picture of the colours of a bar, from low to high, (height_px, width_px, 3) uint8."""
    indices = np.rint(np.linspace(0, 255, width_px)).astype(np.int64)
    return np.repeat(colours[indices][None], height_px, axis=0)
