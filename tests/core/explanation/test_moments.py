"""Moments: intervals of known curves, their frames and times, and what is said of them."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import (
    MAX_MOMENTS,
    MIN_MOMENTS,
    PLACES,
    Basis,
    Moment,
    attended_region,
    clear_moments,
    curve_changes,
    default_basis,
    find_moments,
    intervals,
    no_clear_moment_text,
    strongest_intervals,
)
from tests.core.analyses import make_analysis
from tests.facts import missing


def with_curve(*changes: float, kind: MapKind = MapKind.DISTRIBUTION, passes: int = 1) -> Analysis:
    """Return an analysis whose segments of 4 frames each move the curve by known numbers; it begins at 0.5."""
    n = len(changes)
    samples = [[4 * i + 3 - k for i in range(n)] for k in range(passes)]
    analysis = make_analysis(samples, kind, n_frames=4 * n)
    curve = np.tile(0.5 + np.cumsum(changes), (passes, 1))
    curve += 0.1 * (np.arange(passes)[:, None] - (passes - 1) / 2)  # passes apart, their mean as it was
    return replace(analysis, score_curve=curve)


def evidence_for(analysis: Analysis, *contributions: float) -> Evidence:
    return Evidence(
        video_digest=analysis.video.digest,
        model_digest=analysis.provenance.model_digest,
        map_kind=analysis.map_kind,
        score=analysis.score,
        baseline=0.0,
        segments=np.tile(np.array(contributions), (analysis.n_passes, 1)),
        cells=None,
        cell_steps=None,
        faithfulness=None,
        n_random=20,
        seed=0,
    )


def spans(moments: tuple[Moment, ...]) -> list[tuple[int, int]]:
    return [(m.first_segment, m.last_segment) for m in moments]


def test_curve_changes_are_of_the_mean_curve_and_begin_with_nothing() -> None:
    np.testing.assert_allclose(curve_changes(with_curve(9.0, 1.0, -2.0, passes=3)), [0, 1, -2], atol=1e-12)


def test_moments_of_a_curve_by_hand() -> None:
    #             0    1     2     3     4    5    6     7    8     9
    analysis = with_curve(0.0, -0.1, -0.9, -1.0, -0.6, 0.2, 0.0, 0.5, 0.02, -0.3)
    moments = find_moments(analysis)
    # segments 2 to 4 are above half of the strongest; 1 is what is left of their slope
    assert spans(moments) == [(2, 4), (7, 7), (9, 9)]
    np.testing.assert_allclose([m.amount for m in moments], [-2.5, 0.5, -0.3])
    fall = moments[0]
    assert (fall.start_frame, fall.stop_frame) == (8, 20)
    assert (fall.start_s, fall.stop_s) == pytest.approx((0.8, 2.0))
    assert fall.key_frame == 15
    assert fall.basis is Basis.CURVE
    last = moments[-1]
    assert (last.stop_frame, last.stop_s) == (40, analysis.video.duration_s)


def test_contributions_go_before_the_curve() -> None:
    analysis = with_curve(0.0, -1.0, 0.0, 0.0, 0.0, 0.0, passes=2)
    moments = find_moments(analysis, evidence_for(analysis, 0.3, 0.2, 0.0, 0.0, -0.4, 0.001))
    assert spans(moments) == [(0, 1), (4, 4)]
    np.testing.assert_allclose([m.amount for m in moments], [0.5, -0.4])
    np.testing.assert_allclose([m.change for m in moments], [-1.0, 0.0], atol=1e-12)
    assert {m.basis for m in moments} == {Basis.CONTRIBUTION}
    assert not missing(moments[0].sentence(), "0.50")
    assert moments[1].sentence(3).startswith("This part lowered the score by 0.400. ")


def test_contributions_that_only_grow_with_time_give_way_to_the_curve() -> None:
    analysis = with_curve(0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    growing = evidence_for(analysis, *(-0.1 * i for i in range(10)))
    (fall,) = find_moments(analysis, growing)
    assert (fall.first_segment, fall.basis) == (2, Basis.CURVE)
    assert fall.contribution == pytest.approx(-0.2)
    shrinking = evidence_for(analysis, *(-0.1 * i for i in reversed(range(10))))
    assert default_basis(shrinking) is Basis.CONTRIBUTION
    assert default_basis(evidence_for(analysis, *(10 * [0.1]))) is Basis.CONTRIBUTION
    assert default_basis(evidence_for(with_curve(*(7 * [0.0])), *(0.1 * i for i in range(7)))) is Basis.CONTRIBUTION
    assert default_basis(evidence_for(analysis, *(9 * [0.0]), 1.0)) is Basis.CONTRIBUTION, "one late part alone"
    assert default_basis(None) is Basis.CURVE


def test_the_curve_can_be_asked_for_and_what_is_forgotten_is_said() -> None:
    analysis = with_curve(0.0, -1.0, 0.0, 0.0, -0.4, 0.0, kind=MapKind.NONE)
    evidence = evidence_for(analysis, 0.0, -0.001, 0.0, 0.0, -0.3, 0.5)
    early, late = find_moments(analysis, evidence, Basis.CURVE)
    assert (early.amount, early.change, early.contribution) == pytest.approx((-1.0, -1.0, -0.001))
    assert (late.amount, late.contribution) == pytest.approx((-0.4, -0.3))
    assert not missing(early.sentence(), "1.00")
    assert late.sentence(1) == "The score fell by 0.4 in this part."
    assert [m.contribution for m in find_moments(analysis)] == [None, None]
    with pytest.raises(ValueError, match="from evidence alone"):
        find_moments(analysis, basis=Basis.CONTRIBUTION)


def test_evidence_of_another_analysis_is_refused() -> None:
    analysis = with_curve(0.0, -1.0)
    foreign = replace(evidence_for(analysis, 0.1, 0.2), model_digest="1" * 64)
    with pytest.raises(ValueError, match="of another analysis"):
        find_moments(analysis, foreign)


@settings(max_examples=80)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=30))
def test_stretches_never_overlap_and_alike_ones_never_touch(worth: list[int]) -> None:
    values = np.array(worth, dtype=np.float64)
    found = sorted(intervals(values, 0.0))
    for first, last in found:
        inside = values[first : last + 1]
        assert len(set(np.sign(inside))) == 1
        assert np.abs(inside).min() >= 0.5 * np.abs(inside).max()
    for (_, last), (first, _) in pairwise(found):
        assert last < first
        if values[last] * values[first] > 0:
            assert first > last + 1
    # the strongest segment is always in one
    if values.any():
        strongest = int(np.argmax(np.abs(values)))
        assert any(first <= strongest <= last for first, last in found)


@settings(max_examples=80)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=30))
def test_the_strongest_are_chosen_and_the_best_of_the_other_sign(worth: list[int]) -> None:
    values = np.array(worth, dtype=np.float64)
    every = intervals(values, 0.0)
    chosen = strongest_intervals(values, 0.0)
    assert min(MIN_MOMENTS, len(every)) <= len(chosen) <= MAX_MOMENTS
    assert len(set(chosen)) == len(chosen)
    amounts = {s: values[s[0] : s[1] + 1].sum() for s in every}
    if every:
        strongest = max(amounts, key=lambda s: abs(amounts[s]))
        assert abs(amounts[chosen[0]]) == abs(amounts[strongest])
        signs = {np.sign(amount) for amount in amounts.values()}
        assert {np.sign(amounts[s]) for s in chosen} == signs


def test_three_to_five_are_told() -> None:
    many = [1.0, 0.0] * 12
    assert len(strongest_intervals(np.array(many), 0.0)) == MAX_MOMENTS
    some = [1.0, 0.0, 0.2, 0.0, 0.2, 0.0, 0.2]
    assert strongest_intervals(np.array(some), 0.0) == [(0, 0), (2, 2), (4, 4)]
    good = [*many, -0.1]
    assert strongest_intervals(np.array(good), 0.0)[-1] == (24, 24)
    assert len(strongest_intervals(np.array(good), 0.0)) == MAX_MOMENTS


def test_a_flat_curve_has_no_moments() -> None:
    assert find_moments(with_curve(0.0, 0.0, 0.0)) == ()
    assert find_moments(with_curve(0.0)) == ()


def test_moments_within_the_interval_of_the_score_do_not_stand_out() -> None:
    analysis = with_curve(0.0, -1.5, 0.0, 0.4, 0.0, passes=2)
    half = stats.t.ppf(0.975, 1) * np.std([-0.05, 0.05], ddof=1) * np.sqrt(1 + 1 / 2)
    assert 0.4 < half < 1.5
    moments = find_moments(analysis)
    assert [m.amount for m in clear_moments(moments, analysis)] == pytest.approx([-1.5])
    one_pass = with_curve(0.0, -1.5, 0.0, 0.4, 0.0)
    assert len(clear_moments(find_moments(one_pass), one_pass)) == 2, "without an interval nothing can be left out"
    assert not missing(no_clear_moment_text(analysis, 2), "single part", f"±{half:.2f}")
    assert missing(no_clear_moment_text(one_pass, 0), "single part")


def test_what_hardly_moves_the_score_is_no_moment() -> None:
    assert spans(find_moments(with_curve(0.0, -1.0, 0.0, 0.019, 0.0, 0.021))) == [(1, 1), (5, 5)]


def test_video_of_fewer_frames_than_segments() -> None:
    analysis = make_analysis([[0, 0, 1, 2, 2]], n_frames=3)
    analysis = replace(
        analysis, segment_stops=np.array([1, 1, 2, 3, 3]), score_curve=np.array([[0.0, -1.0, -1.0, 1.0, 2.0]])
    )
    moments = find_moments(analysis)
    assert [(m.start_frame, m.stop_frame) for m in moments] == [(0, 1), (2, 3)]
    np.testing.assert_allclose([m.amount for m in moments], [-1, 3])
    assert [m.key_frame for m in moments] == [0, 2]


def looking(row: float, column: float, kind: MapKind = MapKind.DISTRIBUTION, rect: MapRect | None = None) -> Analysis:
    """Return an analysis that looks at one place, given as a fraction of the picture."""
    analysis = with_curve(0.0, -1.0, kind=kind)
    rect = rect if rect is not None else MapRect()
    y, x = (
        (rect.top + (np.arange(6) + 0.5) / 6 * (rect.bottom - rect.top)),
        (rect.left + (np.arange(6) + 0.5) / 6 * (rect.right - rect.left)),
    )
    maps = np.exp(-((y[:, None] - row) ** 2 + (x[None] - column) ** 2) / 0.005)
    maps = (maps / maps.sum() * (-1 if kind is MapKind.SIGNED else 1)).astype(np.float32)
    return replace(analysis, attention=np.broadcast_to(maps, (1, 2, 6, 6)), map_rect=rect)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
@pytest.mark.parametrize("kind", [MapKind.DISTRIBUTION, MapKind.SIGNED])
def test_where_the_model_looked_is_said_of_the_picture(row: int, column: int, kind: MapKind) -> None:
    analysis = looking((row + 0.5) / 3, (column + 0.5) / 3, kind)
    assert attended_region(analysis, 0, 1) == PLACES[row][column]


def test_places_are_of_the_picture_also_where_the_map_covers_a_part() -> None:
    left_half = MapRect(0, 0, 0.5, 1)
    assert attended_region(looking(0.5, 0.45, rect=left_half), 0, 1) == "the middle"
    assert attended_region(looking(0.5, 0.1, rect=left_half), 0, 1) == "the left"


def test_places_of_a_cropped_map_are_those_of_the_part_that_the_model_sees() -> None:
    hands = MapRect(0.3, 0.35, 0.7, 0.75)  # nearly all of it in the middle of the picture
    for row, column in product(range(3), range(3)):
        centre = 0.35 + 0.4 * (row + 0.5) / 3, 0.3 + 0.4 * (column + 0.5) / 3
        assert attended_region(looking(*centre, rect=hands), 0, 1) == PLACES[row][column]
    (moment,) = find_moments(looking(0.4, 0.4, rect=hands))
    assert not missing(moment.sentence(), "upper left", "model sees")
    even = replace(looking(0, 0, rect=hands), attention=np.full((1, 2, 6, 6), 1 / 36, np.float32))
    assert attended_region(even, 0, 1) == ""
    assert not missing(find_moments(even)[0].sentence(), "spread", "model sees")
    assert "model sees" not in find_moments(looking(0.1, 0.1))[0].sentence()


def test_words() -> None:
    fall = find_moments(looking(0.1, 0.1))[0]
    assert not missing(fall.sentence(), "upper left")
    even = replace(looking(0, 0), attention=np.full((1, 2, 6, 6), 1 / 36, np.float32))
    assert not missing(find_moments(even)[0].sentence(), "Attention")
    assert find_moments(with_curve(0.0, 1.0, kind=MapKind.NONE))[0].sentence() == "The score rose by 1.00 in this part."
    assert find_moments(with_curve(0.0, 1.0, kind=MapKind.NONE))[0].place is None


def test_only_the_stretch_itself_says_where_the_model_looked() -> None:
    corner, other = looking(0.1, 0.1).attention[0, 0], looking(0.9, 0.9).attention[0, 0]
    maps = np.stack([other, other, corner, other, other])[None]
    analysis = replace(with_curve(0.0, 0.0, -1.0, 0.0, 0.0), attention=maps)
    assert attended_region(analysis, 2, 2) == "the upper left"
    assert attended_region(analysis, 0, 4) == "the lower right"
    assert [m.place for m in find_moments(analysis)] == ["the upper left"]
