from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.difference import UNIT, difference, uniform_baseline
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import MapSource
from tests.core.analyses import make_analysis, video_info


def test_on_one_grid_it_is_what_the_first_has_more_in_multiples_of_a_uniform_map() -> None:
    first, second = (make_analysis([[4, 9, 14]], seed=seed) for seed in (1, 2))
    apart = difference(first, second)
    assert apart.frames.tolist() == [4, 9, 14]
    assert np.allclose(apart.values, (first.attention[0] - second.attention[0]) * 6, atol=1e-6)
    assert np.allclose(apart.values.mean(axis=(1, 2)), 0, atol=1e-6)
    assert apart.limit == pytest.approx(float(np.abs(apart.values).max()))


def test_the_other_way_round_it_is_the_negative() -> None:
    first, second = make_analysis([[4, 9]], seed=1), make_analysis([[2, 11]], seed=2, grid=(4, 6))
    assert np.allclose(difference(first, second).values, -difference(second, first).values, atol=1e-6)


def test_it_lies_on_the_finer_grid_and_begins_when_both_have_looked() -> None:
    first, second = make_analysis([[4, 9]], seed=1), make_analysis([[2, 11]], seed=2, grid=(4, 6))
    apart = difference(first, second)
    assert apart.values.shape == (3, 4, 6)
    assert apart.frames.tolist() == [4, 9, 11]


def test_a_model_differs_nowhere_from_itself_and_the_scale_stays_defined() -> None:
    analysis = make_analysis([[4, 9]])
    apart = difference(analysis, analysis)
    assert not apart.values.any()
    assert apart.limit == 1.0


def test_rounding_is_no_difference() -> None:
    analysis = make_analysis([[4, 9]])
    nearly = replace(analysis, attention=analysis.attention * np.float32(1 + 1e-6) + np.float32(1e-9))
    apart = difference(analysis, nearly)
    assert 0 < np.abs(apart.values).max() < 1e-4
    assert apart.limit == 1.0
    assert apart.scene(9, MapStyle(scale=ColourLimits.FRAME)).high == 1.0


def test_a_scene_holds_the_last_map_on_a_symmetric_scale_of_the_video_or_the_frame() -> None:
    apart = difference(make_analysis([[4, 9, 14]], seed=1), make_analysis([[4, 9, 14]], seed=2))
    before = apart.scene(3, MapStyle())
    assert (before.source, before.values) == (MapSource.NOTHING, None)
    own, held = apart.scene(9, MapStyle()), apart.scene(12, MapStyle())
    assert (own.source, held.source) == (MapSource.OWN, MapSource.HELD)
    assert own.values is not None
    assert held.values is not None
    assert np.array_equal(own.values, held.values)
    assert held.age_s == pytest.approx(0.3)
    assert (own.low, own.high) == (-apart.limit, apart.limit)
    frame = apart.scene(9, MapStyle(scale=ColourLimits.FRAME))
    assert frame.high == pytest.approx(float(np.abs(own.values).max()))
    assert frame.low == -frame.high
    assert (own.kind, own.unit) == (MapKind.SIGNED, UNIT)


def test_a_model_without_a_map_has_no_difference() -> None:
    with pytest.raises(ValueError, match="without a map"):
        difference(make_analysis([[4, 9]]), make_analysis([[4, 9]], MapKind.NONE))


def test_two_videos_have_no_difference() -> None:
    first = make_analysis([[4, 9]])
    second = replace(first, video=replace(video_info(np.arange(20) / 10), digest="1" * 64))
    with pytest.raises(ValueError, match="video"):
        difference(first, second)


def test_the_baseline_looks_everywhere_alike_on_the_same_frames_and_gives_no_score() -> None:
    like = make_analysis([[4, 9], [5, 10]])
    flat = uniform_baseline(like, "Uniform")
    assert np.array_equal(flat.samples, like.samples)
    assert flat.map_kind is MapKind.DISTRIBUTION
    assert np.isnan(flat.score)
    assert flat.provenance.model == "Uniform"
    assert flat.provenance.model_digest == ""
    apart = difference(like, flat)
    at = int(np.searchsorted(apart.frames, 9))
    assert np.allclose(apart.values[at], like.attention[0, 1] * 6 - 1, atol=1e-5)
