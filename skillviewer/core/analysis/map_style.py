"""Display settings of attention maps: overlay, colour limits, and the map between sampled frames."""

from dataclasses import dataclass
from enum import StrEnum


class Overlay(StrEnum):
    """Style in which a map is laid over the picture."""

    HEAT = "heat"
    CONTOUR = "contour"
    BOTH = "heat with contours"  # shows high and low in grey prints, too
    DIMMED = "dimmed surroundings"
    OFF = "off"


class ColourLimits(StrEnum):
    """Range that defines the ends of the colour bar."""

    CLIPPED = "clipped"  # a percentile over the video, so that the maps of most frames reach the upper end
    FRAME = "per frame"
    VIDEO = "per video"  # the largest value over the video
    COMMON = "common"


class MapInterpolation(StrEnum):
    """Choice of the map between sampled frames."""

    HELD = "held"
    INTERPOLATED = "interpolated"


@dataclass(frozen=True, slots=True)
class MapStyle:
    """Display settings of maps.

    Attributes:
        overlay: Style of the overlay.
        scale: Range that defines the colour limits.
        between: Choice of the map between sampled frames.
        colours: Colour map of non-negative values: ``inferno`` or ``cividis``.
        strength: Greatest opacity, 0 to 1.
        smooth: Whether to interpolate between cells; else each cell is a rectangle.
        common_limit: Upper end under ``ColourLimits.COMMON``, in display units.
    """

    overlay: Overlay = Overlay.HEAT
    scale: ColourLimits = ColourLimits.CLIPPED
    between: MapInterpolation = MapInterpolation.HELD
    colours: str = "inferno"
    strength: float = 0.65
    smooth: bool = True
    common_limit: float = 5.0
