"""Measures of ratings and levels against numbers worked out by hand."""

import numpy as np
import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings import rating_metrics as m

TRUE = np.array([1.0, 2, 3, 4])
PREDICTED = np.array([1.0, 3, 2, 4])


def test_correlations_and_errors() -> None:
    assert m.rank_correlation(PREDICTED, TRUE) == pytest.approx(0.8)
    assert m.rank_agreement(PREDICTED, TRUE) == pytest.approx(4 / 6)
    assert m.mean_absolute_error(PREDICTED, TRUE) == 0.5
    assert m.relative_l2(PREDICTED, TRUE, 1, 5) == pytest.approx(100 * (2 / 16) / 4)
    assert np.isnan(m.rank_correlation(np.ones(4), TRUE))
    assert np.isnan(m.mean_absolute_error(TRUE[:0], TRUE[:0]))
    with pytest.raises(DatasetError, match="has no length"):
        m.relative_l2(PREDICTED, TRUE, 5, 5)


def test_levels() -> None:
    predicted = m.nearest_levels(np.array([-3.0, 0.4, 0.5, 1.5, 9]), 3)
    assert predicted.tolist() == [0, 0, 1, 2, 2]
    truth = np.array([0, 1, 1, 2, 1])
    assert m.top_1(predicted, truth) == pytest.approx(3 / 5)
    # by level: 0 right once of 2 said and 1 true; 1 once of 1 and 3; 2 once of 2 and 1
    assert m.macro_f1(predicted, truth) == pytest.approx((2 / 3 + 2 / 4 + 2 / 3) / 3)
    assert m.expected_cost(predicted, truth) == pytest.approx(2 / 5)
    costs = np.array([[0, 1, 1], [5, 0, 1], [1, 1, 0.0]])
    assert m.expected_cost(predicted, truth, costs) == pytest.approx((5 + 1) / 5)


def test_intervals() -> None:
    low, high = TRUE - np.array([0.0, 1, 1, 1]), TRUE + np.array([1.0, 1, 1, 3])
    assert m.coverage(low, high, np.array([1.0, 4, 3, 8])) == 0.5
    assert m.mean_width(low, high) == pytest.approx((1 + 2 + 2 + 4) / 4)
    assert m.calibration_tau(np.array([-0.1, 0.5, -2]), np.array([1.0, 2, 3])) == pytest.approx(1)
    shares, errors = m.rejection_curve(np.array([4.0, -1, 1, 2]), np.array([3.0, 1, 1, 2]))
    assert shares.tolist() == [0.5, 0.75, 1.0]
    assert errors == pytest.approx([1, 4 / 3, 2])
