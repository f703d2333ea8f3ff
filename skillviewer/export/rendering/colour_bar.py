"""The colour bar: what a colour on the picture means, in numbers and a unit."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.scene import Overlay, Scene
from skillviewer.core.arrays import RGBImage
from skillviewer.core.text import plain
from skillviewer.media.overlay.colours import map_colours

_TITLES = {
    MapKind.DISTRIBUTION: "attention, × average",
    MapKind.GATE: "attention, gate",
    MapKind.SIGNED: "attention, signed product",
    MapKind.NONE: "",
}
_NEAR = 0.08  # numbers closer than this share of the bar would touch


@dataclass(frozen=True, slots=True)
class BarScale:
    """Numbers and title of a colour bar."""

    title: str  # quantity and unit
    low: float  # value at the lower end
    high: float  # value at the upper end
    ticks: tuple[float, ...]  # values that are written, ascending; the upper end is among them
    clipped: bool = False  # whether larger values share the colour of the upper end

    def share(self, value: float) -> float:
        """Return where a value lies on the bar, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def bar_scale(scene: Scene) -> BarScale:
    """Return the scale of a scene's map. Where the unit is times uniform, 1 is marked: all cells alike."""
    middle = 1.0 if scene.kind is MapKind.DISTRIBUTION else (scene.low + scene.high) / 2
    share = (middle - scene.low) / (scene.high - scene.low)
    if 0 < share < _NEAR:
        ticks: tuple[float, ...] = (middle, scene.high)
    elif share < 1 - 2 * _NEAR:
        ticks = (scene.low, middle, scene.high)
    else:
        ticks = (scene.low, scene.high)
    return BarScale(_TITLES[scene.kind], scene.low, scene.high, ticks, scene.clipped)


def format_ticks(scale: BarScale) -> tuple[str, ...]:
    """Return the numbers of the ticks as they are written; with both signs where the scale has both."""
    at_least = "≥ " if scale.clipped else ""
    return tuple(
        (at_least if value == scale.high else "") + ("+" if scale.low < 0 < value else "") + plain(value)
        for value in scale.ticks
    )


def bar_colours(scene: Scene) -> RGBImage:
    """Return the (256, 3) uint8 colours of a bar: those of the map, or greys where the surroundings are dimmed."""
    if scene.map_style.overlay is Overlay.DIMMED:
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return map_colours(scene.kind, scene.map_style)


def gradient(colours: RGBImage, width_px: int, height_px: int) -> RGBImage:
    """Return the colours of a bar from low to high, (height_px, width_px, 3) uint8."""
    at = np.rint(np.linspace(0, 255, width_px)).astype(np.int64)
    return np.repeat(colours[at][None], height_px, axis=0)
