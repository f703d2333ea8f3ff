"""What is written out so that scipy.stats need not be imported, against scipy.stats."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from skillviewer.core.arrays import ranks_of
from skillviewer.core.proportion import Proportion


@pytest.mark.parametrize("n", [1, 2, 3, 10, 97, 1000])
def test_interval_of_a_share_is_wilsons(n: int) -> None:
    for part in {0, 1, n // 3, n // 2, n - 1, n}:
        expected = stats.binomtest(part, n).proportion_ci(0.95, method="wilson")
        assert Proportion(part, n).interval == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_ranks_share_their_mean_where_values_are_equal(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 8, 30) / 4
    np.testing.assert_array_equal(ranks_of(values.tolist()), stats.rankdata(values))
    assert ranks_of([]).tolist() == []


def test_what_votes_say_is_worked_out_without_importing_scipys_statistics() -> None:
    code = "import sys, skillviewer.core.ranking.report; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
