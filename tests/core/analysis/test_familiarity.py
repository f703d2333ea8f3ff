"""Whether a video looks like the training videos."""

import numpy as np
import pytest

from skillviewer.core.analysis.familiarity import MIN_VIDEOS, learn_familiarity


def training(n: int = 40, channels: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(2.0, 0.5, size=(n, channels)).astype(np.float32)


def test_distance_against_plain_numpy() -> None:
    videos = training()
    familiarity = learn_familiarity(videos)
    assert familiarity is not None
    new = training(1, seed=5)[0]
    expected = np.sqrt((((new - videos.mean(0)) / videos.std(0, ddof=1)) ** 2).mean())
    assert familiarity.distance(new) == pytest.approx(expected, rel=1e-5)


def test_held_out_distances_leave_the_video_itself_out() -> None:
    videos = training(n=9)
    familiarity = learn_familiarity(videos)
    assert familiarity is not None
    by_hand = []
    for i in range(9):
        others = np.delete(videos, i, axis=0)
        by_hand.append(np.sqrt((((videos[i] - others.mean(0)) / others.std(0, ddof=1)) ** 2).mean()))
    np.testing.assert_allclose(familiarity.held_out, np.sort(by_hand), rtol=1e-5)


def test_copies_of_a_video_say_nothing_of_what_is_usual() -> None:
    one = training(n=1)
    assert learn_familiarity(np.repeat(one, 10, axis=0)) is None, "else the very videos of the training were unlike it"
    videos = training(n=9)
    familiarity, with_copies = learn_familiarity(videos), learn_familiarity(np.repeat(videos, 2, axis=0))
    assert familiarity is not None
    assert with_copies is not None
    np.testing.assert_array_equal(with_copies.held_out, familiarity.held_out)


def test_new_videos_of_the_same_kind_are_rarely_flagged_and_others_always() -> None:
    familiarity = learn_familiarity(training(n=60))
    assert familiarity is not None
    same = [familiarity.warning(v) for v in training(200, seed=1)]
    assert sum(bool(w) for w in same) < 20
    other = familiarity.warning(training(1, seed=2)[0] + 3.0)
    assert "unlike" in other
    assert "of the 60 training videos" in other


def test_too_few_videos_say_nothing() -> None:
    assert learn_familiarity(training(n=MIN_VIDEOS - 1)) is None


def test_constant_channel_does_not_divide_by_zero() -> None:
    videos = training()
    videos[:, 3] = 1.0
    familiarity = learn_familiarity(videos)
    assert familiarity is not None
    assert np.isfinite(familiarity.limit)
