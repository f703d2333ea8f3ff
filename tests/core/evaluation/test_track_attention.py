"""Attention on tracks: shares by hand, controls from other videos, and regions around points."""

from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.errors import VideoError
from skillviewer.core.evaluation.localisation import CENTRE, CONSTANT, OTHER_VIDEO, UNIFORM
from skillviewer.core.evaluation.track_attention import track_attention, track_regions
from skillviewer.core.tracks.tracks import FrameState, Track, TrackKind, TrackSet
from tests.core.analyses import make_analysis

SAMPLES = [2, 6, 10, 14]
WIDTH, HEIGHT, N = 640, 480, 20


def hand(centre: tuple[float, float], size: float, frames: list[int], name: str = "left hand") -> Track:
    """Return a square hand that stays at one place in some frames."""
    corners = np.array([[-1, -1], [1, 1]]) * size / 2 + centre
    xy_px = np.full((N, 2, 2), np.nan, np.float32)
    presence, states = np.zeros((N, 2), np.float32), np.full(N, FrameState.ABSENT, np.uint8)
    xy_px[frames], presence[frames], states[frames] = corners, 1, FrameState.FOUND
    return Track(name, ("a", "b"), xy_px, presence, states, TrackKind.HAND)


def of(analysis: Analysis, *tracks: Track) -> TrackSet:
    """Return tracks of the video of an analysis."""
    return TrackSet.of_video(analysis.video, tracks=tracks)


def with_maps(maps: np.ndarray, digest: str) -> Analysis:
    """Return an analysis with given maps, (4, h, w), of a video of its own."""
    one = make_analysis([SAMPLES], grid=maps.shape[1:], n_frames=N)
    return replace(one, attention=maps[None].astype(np.float32), video=replace(one.video, digest=digest * 64))


def at(row: int, column: int, weight: float = 1.0) -> np.ndarray:
    """Return 4 maps of 6 × 8 cells with a share of the weight in one cell, the rest spread evenly."""
    maps = np.full((4, 6, 8), (1 - weight) / 47)
    maps[:, row, column] = weight
    return maps


def test_a_region_is_the_box_of_the_points_with_a_margin() -> None:
    analysis = make_analysis([SAMPLES], n_frames=N)
    tracks = of(analysis, hand((100, 200), 80, [2, 6]), hand((400, 300), 0, [6], name="tip"))
    found = track_regions(tracks, SAMPLES)
    assert set(found) == {2, 6}
    (box,) = found[2]
    assert (box.left_px, box.top_px) == (100.5 - 40 - 12, 200.5 - 40 - 12)
    tip = found[6][1]
    assert (tip.right_px - tip.left_px, tip.bottom_px - tip.top_px) == pytest.approx((28.8, 28.8))
    assert [region.name for region in track_regions(tracks, [6], ["tip"])[6]] == ["tip"]
    assert track_regions(tracks.within(range(5, 9)), [2, 6]).keys() == {6}


def test_shares_are_those_of_the_covered_cells() -> None:
    # a hand of 80 pixels with its margin covers 104 pixels: the cell of 80 × 80 at (2, 3) and 12 pixels around it
    tracks_at = hand((279.5, 199.5), 80, SAMPLES[:3])
    analysis = with_maps(at(2, 3, 0.4), "1")
    (found,) = track_attention({"one": (analysis, of(analysis, tracks_at))}).values()
    area = (104 / 80) ** 2
    assert (found.n_frames, found.n_seen) == (4, 3)
    assert found.controls[UNIFORM] == pytest.approx(area / 48)
    assert found.share == pytest.approx(0.4 + (area - 1) * 0.6 / 47)
    assert found.times_uniform == pytest.approx(found.share / (area / 48))
    assert np.isnan(found.controls[CONSTANT])
    assert np.isnan(found.controls[OTHER_VIDEO])


def test_hands_that_never_move_are_met_by_a_constant_cell_and_by_another_videos_maps() -> None:
    still = hand((279.5, 199.5), 80, SAMPLES)
    videos = {}
    for digest in "123":
        analysis = with_maps(at(2, 3, 0.5), digest)
        videos[digest] = (analysis, of(analysis, still))
    found = track_attention(videos, ["2"])["2"]
    assert found.controls[CONSTANT] == 1
    assert found.controls[OTHER_VIDEO] == pytest.approx(found.share)
    assert "no sign" in found.sentence()
    assert found.controls[CENTRE] < found.controls[CONSTANT]


def test_maps_that_follow_hands_exceed_all_controls() -> None:
    videos = {}
    for digest, (row, column) in zip("1234", ((1, 1), (4, 6), (1, 6), (4, 1)), strict=True):
        analysis = with_maps(at(row, column, 0.9), digest)
        track = hand((80 * column + 39.5, 80 * row + 39.5), 60, SAMPLES)
        videos[digest] = (analysis, of(analysis, track))
    for found in track_attention(videos).values():
        assert found.share > 0.8
        assert all(value < 0.2 for value in found.controls.values())
        assert "no sign" not in found.sentence()
        assert "4 of 4 sampled frames" in found.sentence()


def test_without_a_hand_there_is_no_number() -> None:
    analysis = with_maps(at(2, 3), "1")
    (found,) = track_attention({"one": (analysis, of(analysis, hand((100, 100), 50, [3])))}).values()
    assert found.n_seen == 0
    assert np.isnan(found.share)
    assert np.isnan(found.times_uniform)
    assert found.sentence() == ""


def test_tracks_of_another_video_and_models_without_maps_are_refused() -> None:
    analysis, other = with_maps(at(2, 3), "1"), with_maps(at(2, 3), "2")
    with pytest.raises(VideoError, match="another video"):
        track_attention({"one": (analysis, of(other))})
    with pytest.raises(ValueError, match="no maps"):
        track_attention({"one": (replace(analysis, map_kind=MapKind.NONE), of(analysis))})
