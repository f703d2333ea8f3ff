"""Display settings of attention maps: overlay, colour limits, and the map between sampled frames."""

from dataclasses import dataclass
from enum import StrEnum


class Overlay(StrEnum):
    """Style in which a map is laid over the picture."""

    HEAT = "heat"
    CONTOUR = "contour"
    BOTH = "heat with contours"  # shows high and low values in grey prints too
    DIMMED = "dimmed surroundings"
    OFF = "off"


class ColourLimits(StrEnum):
    """Rule for the ends of the colour bar."""

    CLIPPED = "clipped"  # a percentile over the video, which the maps of most frames reach
    FRAME = "per frame"  # the largest value of the map
    VIDEO = "per video"  # the largest value over the video
    COMMON = "common"  # ``MapStyle.common_limit``


class MapInterpolation(StrEnum):
    """Rule for the map between sampled frames."""

    HELD = "held"  # the map of the last sampled frame
    INTERPOLATED = "interpolated"  # linear interpolation between two sampled frames


@dataclass(frozen=True, slots=True)
class MapStyle:
    """Display settings of maps.

    Attributes:
        overlay: Style of the overlay.
        scale: Rule for the ends of the colour bar.
        between: Rule for the map between sampled frames.
        colours: Colour map of non-negative values, ``inferno`` or ``cividis``.
        strength: Greatest opacity, 0 to 1.
        smooth: Whether to interpolate between cells; otherwise each cell is a rectangle.
        common_limit: Upper end under ``ColourLimits.COMMON``, in display units.
    """

    overlay: Overlay = Overlay.HEAT
    scale: ColourLimits = ColourLimits.CLIPPED
    between: MapInterpolation = MapInterpolation.HELD
    colours: str = "inferno"
    strength: float = 0.65
    smooth: bool = True
    common_limit: float = 5.0
