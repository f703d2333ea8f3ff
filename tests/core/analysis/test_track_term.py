"""The term that tracks add to a score, and the weight of a second score relative to a first."""

import numpy as np
import pytest

from skillviewer.core.analysis.track_term import MAX_DEVIATIONS, MAX_WEIGHT, TrackTerm, WeighedMeasure, fusion_weight

SPEED = WeighedMeasure("peg, peg: speed", 2.0, 0.5, 1.5)
PATH = WeighedMeasure("peg, peg: path", 10.0, 4.0, -1.0)
TERM = TrackTerm((SPEED, PATH), mean=0.25, scale=2.0, weight=3.0)


def test_the_term_is_the_standardised_score_of_the_ridge() -> None:
    found = TERM.of({SPEED.name: np.array([np.nan, 3.0]), PATH.name: np.array([12.0, 6.0])})
    assert found == pytest.approx([3 * (-0.5 - 0.25) / 2, 3 * (1.5 * 2 + 1 - 0.25) / 2])


def test_unknown_measures_count_as_their_mean_but_not_all_of_them() -> None:
    assert TERM.of({SPEED.name: np.array([3.0])}) == pytest.approx([3 * (3 - 0.25) / 2])
    assert TERM.of({SPEED.name: np.array([3.0, np.nan])}) is None
    assert TERM.of({"another": np.array([1.0])}) is None


def test_extreme_measures_are_clipped() -> None:
    found = TERM.of({SPEED.name: np.array([1e9]), PATH.name: np.array([10.0])})
    assert found == pytest.approx([3 * (1.5 * MAX_DEVIATIONS - 0.25) / 2])


def test_the_weight_follows_what_each_score_knows() -> None:
    rng = np.random.default_rng(0)
    truth, noise = np.abs(rng.normal(size=4000)), rng.normal(size=(4000, 2))

    def weight(first: float, second: float) -> float:
        values = np.stack([truth + first * noise[:, 0], truth + second * noise[:, 1]], axis=1)
        values /= values.std(axis=0)
        return fusion_weight([(a, b) for a, b in values.tolist()])

    assert weight(1, 1) == pytest.approx(1, abs=0.1)
    assert weight(0.5, 2) < 0.4
    assert weight(2, 0.5) > 2.5
    useless = np.stack([truth, noise[:, 1]], axis=1).tolist()
    assert fusion_weight([(a, b) for a, b in useless]) < 0.1
    assert fusion_weight([(b, a) for a, b in useless]) == MAX_WEIGHT
    assert fusion_weight([]) == 1
