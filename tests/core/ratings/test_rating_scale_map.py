"""Scores on the raters' scale: monotone curves, intervals that hold for people not seen, and refusals."""

import msgspec
import numpy as np
import pytest

from benchmarks.coverage import PANELS, TASKS, oracle_width, simulate
from skillviewer.core.analysis.calibration import CalibrationMap
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.fit_calibration import (
    checked_map,
    isotonic_curve,
    min_participants,
    scale_map,
    straight_line,
)

PEOPLE = [f"p{i % 12}" for i in range(60)]


def linear(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1, 60)
    return scores, np.clip(np.round(18 + 5 * scores + rng.normal(0, 1, 60)), 6, 30)


def test_an_isotonic_curve_pools_what_is_out_of_order() -> None:
    curve = isotonic_curve(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 5]))
    assert curve.values == (1.0, 2.5, 5.0)
    assert curve.scores == (1.0, 2.5, 4.0)
    assert curve.at(np.array([-9.0, 1.75, 9])).tolist() == [1.0, 1.75, 5.0]
    falling = isotonic_curve(np.array([1.0, 2, 3]), np.array([5.0, 3, 4]), increasing=False)
    assert falling.values == (5.0, 3.5)
    tied = isotonic_curve(np.array([1.0, 1, 2]), np.array([1.0, 3, 5]))
    assert tied.values == (2.0, 5.0)


def test_a_line_never_falls() -> None:
    line = straight_line(np.array([0.0, 1, 2]), np.array([1.0, 2, 3]))
    assert line.at(np.array([-1.0, 0.5, 5])) == pytest.approx([1.0, 1.5, 3.0])
    flat = straight_line(np.array([0.0, 1, 2]), np.array([3.0, 2, 1]))
    assert flat.at(np.array([0.0, 2])).tolist() == [2.0, 2.0]


def test_the_form_that_errs_less_is_chosen() -> None:
    scores, ratings = linear()
    assert scale_map(scores, ratings, PEOPLE, 6, 30).curve.form == "line"
    steps = np.where(scores > 0.2, 29.0, 7.0)
    assert scale_map(scores, steps, PEOPLE, 6, 30).curve.form == "isotonic"


def test_ratings_are_monotone_and_intervals_within_the_scale() -> None:
    scores, ratings = linear()
    made = scale_map(scores, ratings, PEOPLE, 6, 30)
    grid = np.linspace(-6, 6, 101)
    found = made.ratings(grid)
    low, high = made.intervals(grid)
    assert (np.diff(found) >= 0).all()
    assert ((low >= 6) & (high <= 30) & (low <= high)).all()
    assert ((low <= found) & (found <= high)).mean() > 0.95
    at = int(np.argmin(np.abs(grid)))
    assert 18 - 4 < low[at] < 18 < high[at] < 18 + 4


def test_errors_of_one_score_are_in_its_interval() -> None:
    scores, ratings = linear()
    down = scale_map(scores, 36 - ratings, PEOPLE, 6, 30, increasing=False)
    up = scale_map(scores, ratings, PEOPLE, 6, 30)
    low, high = up.intervals(np.array([0.3]))
    low_down, high_down = down.intervals(np.array([0.3]))
    assert (36 - high_down[0], 36 - low_down[0]) == (pytest.approx(low[0]), pytest.approx(high[0]))


def test_it_is_kept_as_json() -> None:
    scores, ratings = linear()
    made = scale_map(scores, ratings, PEOPLE, 6, 30)
    assert msgspec.json.decode(msgspec.json.encode(made), type=CalibrationMap) == made


def test_too_few_people_are_refused() -> None:
    scores, ratings = linear()
    assert [min_participants(level) for level in (0.8, 0.9, 0.95)] == [10, 10, 19]
    few = [f"p{i % 9}" for i in range(60)]
    with pytest.raises(DatasetError, match=r"9 people.*90 %.*10"):
        scale_map(scores, ratings, few, 6, 30)
    with pytest.raises(DatasetError, match="no number"):
        scale_map(np.append(scores[1:], np.nan), ratings, PEOPLE, 6, 30)
    with pytest.raises(DatasetError, match="choose from 50 to below 100"):
        scale_map(scores, ratings, PEOPLE, 6, 30, 1.0)


def test_a_higher_level_is_wider() -> None:
    scores, ratings = linear()
    people = [f"p{i}" for i in range(60)]
    widths = [
        float(np.subtract(*scale_map(scores, ratings, people, 6, 30, level).intervals(np.zeros(1))[::-1])[0])
        for level in (0.5, 0.8, 0.95)
    ]
    assert widths[0] < widths[1] < widths[2]


def test_what_is_told_of_people_not_seen_is_near_the_truth() -> None:
    rng = np.random.default_rng(4)
    people = [f"p{i % 40}" for i in range(240)]
    scores = rng.normal(0, 1, 240)
    ratings = 18 + 4 * scores + rng.normal(0, 1, 240) * (0.3 + 1.5 * (scores < 0))
    made, check = checked_map(scores, ratings, people, 0, 40)
    assert made.n_people == check.n_people == 40
    assert 0.85 <= check.coverage <= 0.95
    assert check.tau is not None
    assert check.tau > 0.2  # low scores are rated less surely, and the intervals know it
    assert check.mae < 1.2


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_intervals_cover_what_they_promise(task: object) -> None:
    """Ninety per cent, in the mean over 12 studies of 40 people, each tested on 360 others."""
    runs = [run for p in PANELS for run in simulate(task, p, 400, 40, 4, 0.9, seed=11)]  # type: ignore[arg-type]
    assert 0.86 <= np.mean([run.coverage for run in runs]) <= 0.945


def test_intervals_are_not_much_wider_than_an_oracles() -> None:
    best = oracle_width(TASKS[0], PANELS[0], 0.9, np.random.default_rng(1))
    runs = simulate(TASKS[0], PANELS[0], 300, 40, 4, 0.9, seed=3)
    assert best < np.mean([run.width for run in runs]) < 1.35 * best
