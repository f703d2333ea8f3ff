"""Order of occasions, and intervals of changes, against independent computations."""

import math
from datetime import date, timedelta
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.change import (
    change,
    change_between,
    courses,
    mean_change,
    mean_estimate,
    occasion_positions,
    raters_estimates,
    significant_sign,
)
from skillviewer.core.ratings.reliability import Estimate


@pytest.mark.parametrize(
    "ordered",
    [
        ("pre", "post"),
        ("Baseline", "week 4", "week 12", "Post-test", "follow-up"),
        ("Vorher 1", "Vorher 2", "Vorher 10"),
        ("2023-12-31 23:00", "01.02.2024", "3 March 2024", "2024-05-31"),
        ("01/03/2024", "14/03/2024", "02/04/2024"),
        ("3/1/2024", "3/14/2024", "4/2/2024"),
        ("31.12.99", "1.1.2100"),
        ("1", "2", "10"),
    ],
)
def test_occasions_are_in_the_order_of_time(ordered: tuple[str, ...]) -> None:
    for given in list(permutations(ordered))[:24]:
        assert occasion_positions(given) == {text: at for at, text in enumerate(ordered)}


def test_dates_of_every_day_are_in_the_order_of_the_calendar() -> None:
    days = [date(2023, 12, 25) + timedelta(days=3 * at) for at in range(80)]
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d"):
        assert list(occasion_positions([day.strftime(form) for day in days]).values()) == list(range(80))


def test_spellings_of_one_occasion_share_a_place() -> None:
    assert occasion_positions(["Pre", "pre ", "POST", "2024-05-31", "31.05.2024 10:15"]) == {
        "Pre": 0, "pre ": 0, "POST": 2, "2024-05-31": 1, "31.05.2024 10:15": 1,
    }  # fmt: skip


def test_dates_that_can_be_read_in_two_orders_are_refused() -> None:
    with pytest.raises(DatasetError, match="01/02/2024, 02/01/2024 may be day/month or month/day"):
        occasion_positions(["02/01/2024", "01/02/2024"])
    assert occasion_positions(["01/02/2024", "01/03/2024"]) == {"01/02/2024": 0, "01/03/2024": 1}, (
        "the same in both readings"
    )


def test_the_interval_of_a_change_is_that_of_two_normal_errors() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        means, errors = rng.normal(20, 5, 2), rng.uniform(0.5, 3, 2)
        ends = [stats.norm.interval(0.9, loc=m, scale=e) for m, e in zip(means, errors, strict=True)]
        before, after = (Estimate(m, end[0], end[1], 0.9) for m, end in zip(means.tolist(), ends, strict=True))
        expected = stats.norm.interval(0.9, loc=means[1] - means[0], scale=math.hypot(*errors))
        found = change(before, after)
        assert (found.low, found.high) == pytest.approx(expected)
        assert significant_sign(found) == (1 if expected[0] > 0 else -1 if expected[1] < 0 else 0)


def test_each_end_holds_the_distances_on_its_side() -> None:
    found = change(Estimate(10, 6, 11, 0.9), Estimate(13, 9, 25, 0.9))
    assert (found.value, found.low, found.high) == (3, 3 - math.hypot(4, 1), 3 + math.hypot(12, 4))
    unknown = change(Estimate(10, math.nan, math.nan), Estimate(13, 9, 25))
    assert (unknown.value, significant_sign(unknown)) == (3, 0)


def test_the_mean_change_has_the_interval_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(2)
    before = rng.normal(15, 3, 9)
    after = before + rng.normal(1, 2, 9)
    found = mean_change({f"P{at}": float(b - a) for at, (a, b) in enumerate(zip(before, after, strict=True))})
    expected = stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert math.isnan(mean_change({"P1": 2.0}).low)


def rated(values: np.ndarray, *, stated: bool = False) -> RatingSet:
    given = [
        VideoRating(f"v{video}", f"r{rater}", "Global", float(values[video, rater]))
        for video, rater in zip(*np.nonzero(~np.isnan(values)), strict=True)
    ]
    return RatingSet(tuple(given), (RatingScale("Global", 0, 10, stated=stated),))


def test_the_interval_of_a_mean_rating_is_that_of_the_raters_disagreement() -> None:
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(5, 2, (12, 1)) + rng.normal(0, 1, (12, 3)), 1)
    rows, columns = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    sem = math.sqrt(((values - rows - columns + values.mean()) ** 2).sum() / (11 * 2))
    half = stats.t.ppf(0.975, 11 * 2) * sem / math.sqrt(3)
    found = raters_estimates(rated(values), "Global")
    for video in range(12):
        mean = values[video].mean()
        assert (found[f"v{video}"].value, found[f"v{video}"].low) == pytest.approx((mean, mean - half))
    held = raters_estimates(rated(np.clip(values, 0, 10), stated=True), "Global").values()
    assert all(0 <= one.low <= one.high <= 10 for one in held)
    alone = raters_estimates(rated(values[:, :1]), "Global")
    assert all(math.isnan(one.low) for one in alone.values()), "one rater: the error is not known"


def test_ratings_by_one_rater_before_and_another_after_hold_the_severity_of_both() -> None:
    values = np.full((12, 2), np.nan)
    values[:10] = np.arange(10)[:, None] + [0, 3]  # Bob rates three points above Ann, always
    values[10, 0], values[11, 1] = 4, 7
    found = raters_estimates(rated(values), "Global")
    sem = math.sqrt(10 * 2 * 1.5**2 / 10)
    assert found["v10"].high == pytest.approx(4 + stats.t.ppf(0.975, 10) * sem)
    assert significant_sign(change(found["v10"], found["v11"])) == 0
    assert found["v0"].high == pytest.approx(1.5 + stats.t.ppf(0.975, 10) * sem / math.sqrt(2))


def test_a_course_joins_the_videos_of_an_occasion_and_skips_what_is_not_rated() -> None:
    estimates = {"a": Estimate(1, 0, 3), "b": Estimate(3, 2, 4), "c": Estimate(6, 5, 7), "x": Estimate(9, 8, 10)}
    attempts = [("a", "P1", "pre"), ("b", "P1", "Pre"), ("c", "P1", "post"), ("d", "P1", "late"), ("x", "P2", "pre")]
    places = occasion_positions({occasion for *_, occasion in attempts})
    first, second = courses(attempts, estimates, places).values()
    assert [(name, n) for name, n, _ in first] == [("Pre", 2), ("post", 1), ("late", 0)]
    assert first[0][2] == mean_estimate([estimates["a"], estimates["b"]]) == Estimate(2, 1, 3.5)
    found = change_between(first)
    assert found is not None
    assert (found[:2], found[2]) == (("Pre", "post"), change(Estimate(2, 1, 3.5), estimates["c"]))
    assert change_between(first, "Pre", "late") is None, "nothing is rated then"
    assert second == (("Pre", 1, estimates["x"]),)
    assert change_between(second) is None
