"""Numbers on colour bars."""

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle, Overlay
from skillviewer.core.analysis.scene import clipped_limit, resolve
from skillviewer.export.rendering.colour_bar import bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.common_scales import colour_bar_indices, common_map_styles
from skillviewer.media.overlay.colours import colour_map
from tests.export.analyses import analysis, info


def scale_texts(kind: MapKind, map_style: MapStyle) -> tuple[str, tuple[str, ...]]:
    one = analysis(info(), kind=kind)
    scale = bar_scale(resolve(one, 59, map_style))
    return scale.title, format_ticks(scale)


def test_one_is_marked_where_values_are_times_uniform() -> None:
    # 6 of 17 over 12 cells: 4.24
    assert scale_texts(MapKind.DISTRIBUTION, MapStyle()) == ("attention, × average", ("0", "1", "≥ 4.24"))
    common = MapStyle(scale=ColourLimits.COMMON, common_limit=20.0)
    assert scale_texts(MapKind.DISTRIBUTION, common)[1] == ("1", "≥ 20")  # 0 and 1 would touch
    low = MapStyle(scale=ColourLimits.COMMON, common_limit=1.05)
    assert scale_texts(MapKind.DISTRIBUTION, low)[1] == ("0", "≥ 1.05")
    assert scale_texts(MapKind.GATE, MapStyle())[1] == ("0", "0.5", "1")
    assert scale_texts(MapKind.SIGNED, MapStyle())[1] == ("−4", "0", "≥ +4")


def test_gradient_runs_from_low_to_high() -> None:
    colours = colour_map("inferno")
    bar = gradient(colours, 200, 7)
    assert bar.shape == (7, 200, 3)
    np.testing.assert_array_equal(bar[3, [0, -1]], colours[[0, 255]])


def test_dimmed_surroundings_have_a_bar_of_greys() -> None:
    one = analysis(info())
    colours = bar_colours(resolve(one, 59, MapStyle(overlay=Overlay.DIMMED)))
    np.testing.assert_array_equal(colours[128], [128, 128, 128])
    np.testing.assert_array_equal(bar_colours(resolve(one, 59, MapStyle(colours="cividis"))), colour_map("cividis"))


def test_clipped_maps_of_one_kind_share_the_limit_on_which_all_can_be_seen() -> None:
    small, large = analysis(info(), grid=(3, 4)), analysis(info(), grid=(4, 5))
    limits = [
        resolve(a, 59, k).high
        for a, k in zip([small, large], common_map_styles([small, large], MapStyle()), strict=True)
    ]
    assert limits == pytest.approx([min(clipped_limit(small), clipped_limit(large))] * 2)


def test_maps_of_one_kind_share_the_largest_limit() -> None:
    small, large = analysis(info(), grid=(3, 4)), analysis(info(), grid=(4, 5))
    signed, gate = analysis(info(), kind=MapKind.SIGNED), analysis(info(), kind=MapKind.GATE)
    map_styles = common_map_styles([small, large, signed, gate], MapStyle(scale=ColourLimits.VIDEO))
    limits = [resolve(a, 59, k).high for a, k in zip([small, large, signed, gate], map_styles, strict=True)]
    assert limits == pytest.approx([6 / 25 * 20, 6 / 25 * 20, 4.0, 1.0])
    assert common_map_styles([small], MapStyle(scale=ColourLimits.FRAME)) == (MapStyle(scale=ColourLimits.FRAME),)


def test_each_kind_of_map_has_one_bar() -> None:
    kinds = [MapKind.NONE, MapKind.GATE, MapKind.DISTRIBUTION, MapKind.GATE]
    several = [analysis(info(), kind=kind) for kind in kinds]
    assert colour_bar_indices(several, MapStyle()) == (1, 2)
    assert colour_bar_indices(several, MapStyle(overlay=Overlay.OFF)) == ()
