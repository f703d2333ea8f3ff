from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.analysis.score_curve import score_curve
from tests.ui.fakes import make_analysis, video_info

VIDEO = video_info(Path("a.mp4"), 300)


def test_a_single_pass_is_its_own_mean_without_a_band() -> None:
    analysis = make_analysis(VIDEO)
    curve = score_curve(analysis)
    assert np.array_equal(curve.mean, analysis.score_curve[0])
    assert np.array_equal(curve.times_s, analysis.times_s[0])
    assert curve.low is None
    assert curve.analysed_s == VIDEO.duration_s


def test_the_mean_ends_at_the_score_and_the_band_at_its_interval() -> None:
    analysis = make_analysis(VIDEO, passes=4)
    curve = score_curve(analysis)
    assert curve.mean[-1] == pytest.approx(analysis.score)
    assert curve.low is not None
    assert curve.high is not None
    assert analysis.interval is not None
    assert (curve.low[-1], curve.high[-1]) == pytest.approx(analysis.interval)
    assert (curve.times_s[:, None] >= curve.pass_times_s.T).all(), "known when the last pass has looked"


def test_it_grows() -> None:
    curve = score_curve(make_analysis(VIDEO, passes=2, steps=7))
    assert curve.mean.shape == (7,)
    assert curve.analysed_s == curve.times_s[-1]
    assert len(curve.boundaries_s) == 7
    assert len(score_curve(make_analysis(VIDEO)).boundaries_s) == 24, "the last segment ends with the video"


def test_the_value_at_a_time_is_that_of_the_last_step() -> None:
    curve = score_curve(make_analysis(VIDEO))
    assert curve.at(float(curve.times_s[0]) - 0.01) is None
    assert curve.at(float(curve.times_s[3])) == (curve.times_s[3], curve.mean[3])
    assert curve.at(float(curve.times_s[4]) - 0.001) == (curve.times_s[3], curve.mean[3])
    assert curve.at(1e9) == (curve.times_s[-1], curve.mean[-1])


def test_limits_hold_all_passes_and_never_vanish() -> None:
    analysis = make_analysis(VIDEO, passes=4)
    low, high = score_curve(analysis).limits()
    assert low < analysis.score_curve.min()
    assert high > analysis.score_curve.max()
    one = score_curve(make_analysis(VIDEO, steps=1)).limits()
    assert one[1] > one[0]
