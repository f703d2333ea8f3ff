"""An analysis: its score, its interval, its shapes."""

from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.video.clips import FrameRange
from tests.core.analyses import make_analysis, video_info


def test_score_and_interval_by_hand() -> None:
    analysis = make_analysis([[2, 5], [3, 6], [4, 7]])
    analysis = replace(analysis, score_curve=np.array([[9.0, 1.0], [9.0, 2.0], [9.0, 4.0]]))
    assert analysis.score == pytest.approx(7 / 3)
    # sd of 1, 2, 4 is sqrt(7/3); Student's t with 2 degrees of freedom at 0.975 is 4.302653
    half = 4.302653 * (7 / 3) ** 0.5 * (1 + 1 / 3) ** 0.5
    assert analysis.interval == pytest.approx((7 / 3 - half, 7 / 3 + half), rel=1e-6)


def test_cautions_tell_of_the_model_the_attempt_and_the_file() -> None:
    analysis = replace(make_analysis([[2, 5]]), video=replace(video_info(np.arange(10) / 10), note="It is cut off."))
    assert analysis.all_warnings == "It is cut off."
    short = replace(analysis, warning="Unlike them.", clip_range=FrameRange(0, 15))
    said = "Only 67 % of this attempt is in the file, which ends before it does."
    assert short.all_warnings == f"Unlike them. {said} It is cut off."


def test_no_interval_from_a_single_pass() -> None:
    assert make_analysis([[2, 5]]).interval is None


def test_no_interval_from_passes_that_looked_at_the_same_frames() -> None:
    """A video with hardly more frames than are sampled: an interval of no width would say that all is certain."""
    alike = make_analysis([[2, 5], [2, 5], [2, 5]])
    assert alike.same_frames
    assert alike.interval is None
    other = make_analysis([[2, 5], [2, 6]])
    assert not other.same_frames
    assert other.interval is not None
    assert not make_analysis([[2, 5]]).same_frames


def test_passes_that_repeat_others_make_no_interval_narrower() -> None:
    """A video has no more different passes than frames between two samples."""
    scores = np.array([[9.0, 1.0], [9.0, 1.0], [9.0, 2.0], [9.0, 4.0]])
    analysis = replace(make_analysis([[2, 5], [2, 5], [3, 6], [4, 7]]), score_curve=scores)
    assert (analysis.n_passes, analysis.n_distinct_passes, analysis.same_frames) == (4, 3, False)
    assert analysis.score == 2.0
    # sd of 1, 2, 4; the mean gives the first of them twice the weight: its variance is (4 + 1 + 1) / 16 of one pass's
    half = 4.302653 * (7 / 3) ** 0.5 * (1 + 6 / 16) ** 0.5
    assert analysis.interval == pytest.approx((2 - half, 2 + half), rel=1e-6)


def test_interval_of_repeated_passes_holds_the_next_one_95_times_in_100() -> None:
    rng = np.random.default_rng(4)
    inside = 0
    template = make_analysis([[2, 5], [2, 5], [3, 6], [3, 6], [4, 7]])
    for _ in range(2000):
        passes = rng.normal(size=4)
        curve = np.stack([passes[[0, 0, 1, 1, 2]]] * 2, axis=1)
        low, high = replace(template, score_curve=curve).interval or (0, 0)
        inside += low <= passes[3] <= high
    assert 0.93 <= inside / 2000 <= 0.97


def test_interval_holds_the_next_pass_95_times_in_100() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    template = make_analysis([[i, 5 + i] for i in range(4)])
    for _ in range(2000):
        passes = rng.normal(size=5)
        low, high = replace(template, score_curve=np.stack([passes[:4]] * 2, axis=1)).interval or (0, 0)
        inside += low <= passes[4] <= high
    assert 0.93 <= inside / 2000 <= 0.97


def test_partial_until_every_step_is_there() -> None:
    whole = make_analysis([[2, 5, 9], [3, 6, 10]])
    assert whole.complete
    assert (whole.n_passes, whole.n_samples) == (2, 3)
    part = replace(
        whole,
        samples=whole.samples[:, :2],
        attention=whole.attention[:, :2],
        task_state=whole.task_state[:, :2],
        score_curve=whole.score_curve[:, :2],
        segment_stops=whole.segment_stops[:2],
    )
    assert not part.complete
    assert part.score == pytest.approx(float(whole.score_curve[:, 1].mean()))


@pytest.mark.parametrize("name", ["attention", "task_state", "score_curve", "segment_stops"])
def test_shapes_that_do_not_agree_are_refused(name: str) -> None:
    whole = make_analysis([[2, 5, 9], [3, 6, 10]])
    array = getattr(whole, name)
    shorter = array[:2] if name == "segment_stops" else array[:, :2]
    with pytest.raises(ValueError, match="shapes do not agree"):
        replace(whole, **{name: shorter})


@pytest.mark.parametrize("name", ["samples", "attention", "task_state", "score_curve", "segment_stops"])
def test_arrays_are_read_only(name: str) -> None:
    array = getattr(make_analysis([[2, 5], [3, 6]]), name)
    with pytest.raises(ValueError, match="read-only"):
        array[...] = 0


def test_times_are_presentation_times() -> None:
    analysis = replace(make_analysis([[1, 3], [0, 2]]), video=video_info(np.array([0.0, 0.1, 0.5, 0.9])))
    assert analysis.times_s.tolist() == [[0.1, 0.9], [0.0, 0.5]]


def test_repr_prints_shapes_and_not_numbers() -> None:
    text = repr(make_analysis([[2, 5], [3, 6]]))
    assert "attention=float32[2, 2, 2, 3]" in text
    assert len(text) < 2000
