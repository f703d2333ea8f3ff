"""Agreement of raters against published worked examples and independent computations."""

import numpy as np
import pytest
from scipy import stats

from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import (
    bland_altman,
    icc,
    mean_squares,
    measurement_error,
    rater_effects,
    weighted_kappa,
)

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=np.float64
)
"""Table 2 of Shrout & Fleiss (1979): six targets, four judges."""
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
"""Peak flow by two meters, first readings: Bland & Altman, Lancet (1986), table 1."""


def test_the_mean_squares_are_those_of_shrout_and_fleiss() -> None:
    ms = mean_squares(SHROUT_FLEISS)
    assert [round(x, 2) for x in (ms.between_videos, ms.within_videos, ms.between_raters, ms.residual)] == [
        11.24,
        6.26,
        32.49,
        1.02,
    ]


def test_intraclass_correlations_are_those_of_shrout_and_fleiss() -> None:
    one, mean = icc(SHROUT_FLEISS)
    assert (round(one.value, 2), round(mean.value, 2)) == (0.29, 0.62)  # their table 4
    assert (round(one.low, 3), round(one.high, 2)) == (0.019, 0.76)  # as R's psych::ICC gives for these data
    assert (round(mean.low, 2), round(mean.high, 2)) == (0.07, 0.93)


def test_the_interval_of_the_correlation_holds_the_true_one() -> None:
    rng = np.random.default_rng(3)
    true = 4.0 / (4.0 + 1.0 + 2.0)
    inside = 0
    for _ in range(400):
        values = rng.normal(0, 2, (25, 1)) + rng.normal(0, 1, (1, 5)) + rng.normal(0, np.sqrt(2), (25, 5))
        one, _ = icc(values)
        inside += one.low <= true <= one.high
    assert 0.92 <= inside / 400 <= 0.98


def test_too_few_or_like_ratings_have_no_correlation() -> None:
    with pytest.raises(DatasetError, match=r"1 videos.*3 raters"):
        icc(np.ones((1, 3)))
    one, mean = icc(np.ones((5, 3)))
    assert np.isnan([one.value, mean.value]).all()
    one, mean = icc(np.tile(np.arange(5.0)[:, None], (1, 3)))
    assert (one.value, mean.value) == (1.0, 1.0)
    assert np.isnan([one.low, one.high]).all(), "five videos show no certainty"
    assert np.isnan(weighted_kappa(np.arange(3.0), np.arange(3.0)).low)


def test_quadratic_kappa_is_the_concordance_of_lin() -> None:
    """Fleiss & Cohen (1973), Krippendorff (1970): with quadratic weights kappa is Lin's concordance (1/n variances)."""
    rng = np.random.default_rng(0)
    first = rng.integers(1, 6, 60).astype(np.float64)
    second = np.asarray(np.clip(first + rng.integers(-1, 2, 60), 1, 5), dtype=np.float64)
    covariance = np.cov(first, second, bias=True)
    lin = 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + (first.mean() - second.mean()) ** 2)
    assert weighted_kappa(first, second).value == pytest.approx(lin)


def test_kappa_of_two_levels_is_that_of_cohen_and_its_error_that_of_draws() -> None:
    first = np.repeat([1.0, 1.0, 0.0, 0.0], [20, 5, 10, 15])
    second = np.repeat([1.0, 0.0, 1.0, 0.0], [20, 5, 10, 15])
    found = weighted_kappa(first, second, power=1)
    assert found.value == pytest.approx(0.4)  # Wikipedia's grant example: 0.7 agreed, 0.5 by chance
    rng = np.random.default_rng(1)
    drawn = [weighted_kappa(first[at], second[at]).value for at in rng.integers(0, 50, (2000, 50))]
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.std(drawn), rel=0.1)


def test_kappa_leaves_out_what_one_did_not_rate() -> None:
    first, second = np.array([1.0, 2, 3, np.nan]), np.array([1.0, 3, 3, 1.0])
    assert weighted_kappa(first, second).value == weighted_kappa(first[:3], second[:3]).value
    assert np.isnan(weighted_kappa(np.ones(3), np.ones(3)).value)


def test_limits_of_agreement_are_those_of_bland_and_altman() -> None:
    found = bland_altman(np.array(WRIGHT, dtype=float), np.array(MINI, dtype=float))
    assert found.n == 17
    assert found.bias.value == pytest.approx(-2.1, abs=0.05)
    spread = (found.high.value - found.low.value) / (2 * 1.96)
    assert spread == pytest.approx(38.8, abs=0.05)
    assert [found.bias.low, found.bias.high] == pytest.approx([-22.0, 17.8], abs=0.1)
    # the paper takes 2 standard deviations and a rounder error of the limits: within two litres a minute
    assert [found.low.low, found.high.high] == pytest.approx([-114.3, 110.1], abs=2)
    with pytest.raises(DatasetError, match="2 videos with both ratings are too few"):
        bland_altman(np.array([1.0, 2]), np.array([1.0, 2]))


def test_the_error_of_measurement_leaves_severity_out_where_all_rated_all() -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(0, 3, (400, 1))
    values = true + np.array([[-2.0, 0, 2]]) + rng.normal(0, 0.5, (400, 3))
    crossed = measurement_error(values)
    assert crossed is not None
    assert crossed.is_crossed
    assert crossed.sem == pytest.approx(0.5, abs=0.03)
    some = values.copy()
    some[np.arange(400), rng.integers(0, 3, 400)] = np.nan
    apart = measurement_error(some)
    assert apart is not None
    assert not apart.is_crossed
    assert apart.sem > 1.5  # the raters' severity is in it now
    some = values.copy()
    some[:300, 1:] = np.nan  # of most videos one rating alone: they are compared with those of other raters
    partly = measurement_error(some)
    assert partly is not None
    assert (partly.is_crossed, partly.n_videos, partly.degrees_of_freedom) == (False, 100, 200)
    assert partly.sem == pytest.approx(np.sqrt((values[300:].var(axis=1, ddof=1)).mean()))
    assert measurement_error(values[:, :1]) is None


def test_severity_is_told_apart_from_the_videos_that_a_rater_saw() -> None:
    rng = np.random.default_rng(2)
    true, effects = rng.normal(10, 3, (60, 1)), np.array([-1.5, 0.5, 1.0])
    values = true + effects + rng.normal(0, 0.01, (60, 3))
    values[true[:, 0] > 10, 0] = np.nan  # the severe rater saw weak videos alone
    assert rater_effects(values) == pytest.approx(effects, abs=0.02)
    unlinked = np.array([[1.0, np.nan], [np.nan, 2.0]])
    assert np.isnan(rater_effects(unlinked)).all()


def test_f_quantiles_are_scipys() -> None:
    """Anchor the interval to its definition once more, with the numbers of the paper's table and F from scipy."""
    ms = mean_squares(SHROUT_FLEISS)
    one, _ = icc(SHROUT_FLEISS)
    f_j = ms.between_raters / ms.residual
    rho, k, n = one.value, 4, 6
    numerator = (k - 1) * (n - 1) * (k * rho * f_j + n * (1 + (k - 1) * rho) - k * rho) ** 2
    freedom = numerator / ((n - 1) * k**2 * rho**2 * f_j**2 + (n * (1 + (k - 1) * rho) - k * rho) ** 2)
    upper = stats.f.ppf(0.975, n - 1, freedom)
    rest = k * ms.between_raters + (k * n - k - n) * ms.residual
    low = n * (ms.between_videos - upper * ms.residual) / (upper * rest + n * ms.between_videos)
    assert one.low == pytest.approx(low)
