"""Common colour scales of the maps of several analyses."""

from collections.abc import Sequence
from dataclasses import replace

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle, Overlay
from skillviewer.core.analysis.scene import clipped_limit, display_limit


def common_map_styles(analyses: Sequence[Analysis], map_style: MapStyle) -> tuple[MapStyle, ...]:
    """Return a map style for each analysis; all maps of the same kind get the same scale.

    A single analysis keeps ``map_style``. Maps of different kinds cannot be compared, so each kind has its own scale.
    The scale of gates ends at 1. A clipped scale ends at the smallest of the analyses' limits, so that all maps are
    visible; other scales end at the largest limit.
    """
    if len(analyses) == 1:
        return (map_style,)
    kinds = [analysis.map_kind for analysis in analyses]
    limits = {kind: _common_limit(kind, analyses, map_style) for kind in set(kinds)}
    return tuple(replace(map_style, scale=ColourLimits.COMMON, common_limit=limits[kind]) for kind in kinds)


def _common_limit(kind: MapKind, analyses: Sequence[Analysis], map_style: MapStyle) -> float:
    if kind in (MapKind.GATE, MapKind.NONE):
        return 1.0
    analyses_of_kind = [analysis for analysis in analyses if analysis.map_kind is kind]
    if map_style.scale is ColourLimits.CLIPPED:
        uneven_analyses = [analysis for analysis in analyses_of_kind if not analysis.spread_evenly]
        if uneven_analyses:
            analyses_of_kind = uneven_analyses
        limit = min(clipped_limit(analysis) for analysis in analyses_of_kind)
    else:
        limit = max(display_limit(analysis) for analysis in analyses_of_kind)
    return limit or 1.0  # a scale needs an extent even if all maps are 0


def colour_bar_indices(analyses: Sequence[Analysis], map_style: MapStyle) -> tuple[int, ...]:
    """Return the indices of the analyses whose scales have a colour bar: the first of each visible kind of map."""
    if map_style.overlay is Overlay.OFF:
        return ()
    kinds = [analysis.map_kind for analysis in analyses]
    first_indices = [kinds.index(kind) for kind in dict.fromkeys(kinds) if kind is not MapKind.NONE]
    return tuple(first_indices)
