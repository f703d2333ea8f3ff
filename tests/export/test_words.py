"""What stands beside pictures."""

import math

import pytest

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import MapInterpolation, MapStyle, Overlay
from skillviewer.core.analysis.scene import resolve
from skillviewer.core.analysis.score_text import (
    format_sampled,
    format_score,
    format_source,
    score_decimals,
    score_so_far,
)
from skillviewer.core.text import clock, format_number, printable, signed
from tests.export.analyses import analysis, even_maps, info


@pytest.mark.parametrize(
    ("time_s", "words"),
    [(0.0, "00:00.000"), (13.7333, "00:13.733"), (59.9996, "01:00.000"), (3725.5, "62:05.500"), (-0.25, "−00:00.250")],
)
def test_clock(time_s: float, words: str) -> None:
    assert clock(time_s) == words


def test_numbers_have_a_true_minus() -> None:
    assert signed(-0.414, 2) == "−0.41"
    assert signed(0.5, 3) == "+0.500"
    assert signed(math.nan, 2) == "–"
    assert format_number(-26.44) == "−26.4"
    assert format_number(5.0) == "5"


def test_frames_are_told_from_one_and_maps_are_never_held_silently() -> None:
    one = analysis(info())
    first, second = (int(f) for f in one.samples[0][:2])
    look = MapStyle()
    assert format_source(resolve(one, 0, look)) == "no map yet"
    assert format_sampled(resolve(one, 0, look)) == "sampled 0/5"
    assert format_source(resolve(one, first, look)) == "map: this frame"
    assert format_sampled(resolve(one, second - 1, look)) == "sampled 1/5"
    assert format_source(resolve(one, first + 3, look)) == "map: 0.10 s old"
    assert format_source(resolve(one, first + 3, MapStyle(between=MapInterpolation.INTERPOLATED))) == "map interpolated"
    assert format_source(resolve(one, first, MapStyle(overlay=Overlay.OFF))) == "map hidden"
    even = even_maps(one)
    assert format_source(resolve(even, first, look)) == "map: this frame, spread evenly", (
        "clip, still and Compare caption it so"
    )
    assert format_source(resolve(analysis(info(), kind=MapKind.NONE), first, look)) == "no map"


def test_score_so_far_waits_for_all_passes() -> None:
    one = analysis(info(), passes=3)
    frames = one.samples[0]
    assert math.isnan(score_so_far(one, int(frames[0]) - 1)[1])
    assert score_so_far(one, int(frames[0])) == (0, -0.5 + 1 / 8)
    assert score_so_far(one, int(frames[1]) - 1) == (0, -0.5 + 1 / 8)
    assert score_so_far(one, 59) == (4, one.score)


def test_flat_curves_get_more_decimals() -> None:
    steep = analysis(info())
    assert score_decimals([steep]) == 2
    flat = analysis(info())
    object.__setattr__(flat, "score_curve", steep.score_curve / 100)
    assert score_decimals([flat]) == 4
    assert score_decimals([flat, steep]) == 2


def test_score_has_its_interval_where_there_is_one() -> None:
    assert format_score(analysis(info()), 2) == "+0.50"
    assert format_score(analysis(info(), passes=2), 2).startswith("+0.56 (−")


def test_unprintable_characters_do_not_reach_fonts() -> None:
    assert printable("a\nb\x07\udcffé") == "a b��é"
