"""Offsets of recordings by sound: right where the scene is one, refused where the sound does not tell."""

import numpy as np
import pytest

from benchmarks.sound_offsets import ROOMS, WRONG_S, recorded, scene
from skillviewer.core.video.sound_offset import OFFSET_RATE_HZ, find_offset


def test_offsets_of_one_room_are_right_within_a_frame() -> None:
    n_right = 0
    for seed in range(5000, 5006):
        trial = ROOMS["one room, half or more in common"](np.random.default_rng(seed))
        if trial is not None and trial[0].is_sure:
            assert trial[0].offset_s == pytest.approx(trial[1], abs=WRONG_S)
            n_right += 1
    assert n_right >= 3


@pytest.mark.parametrize("room", ["two rooms", "metronome"])
def test_sounds_without_one_offset_are_refused(room: str) -> None:
    for seed in range(5000, 5004):
        trial = ROOMS[room](np.random.default_rng(seed))
        assert trial is not None
        assert not trial[0].is_sure


def test_the_offset_is_the_time_of_the_other_minus_the_time_of_this_one() -> None:
    random = np.random.default_rng(1)
    sound = scene(random, 20.0)
    whole, late = recorded(random, sound, 0.0, 20.0), recorded(random, sound, 3.0, 12.0)
    assert find_offset(whole, late).offset_s == pytest.approx(-3.0, abs=0.01)
    assert find_offset(late, whole).offset_s == pytest.approx(3.0, abs=0.01)


def test_silence_short_sounds_and_a_cut_clock_are_refused() -> None:
    random = np.random.default_rng(2)
    sound = recorded(random, scene(random, 16.0), 0.0, 16.0)
    assert "silent" in find_offset(sound, np.zeros_like(sound)).reason
    assert "silent" in find_offset(np.zeros(0, np.float32), sound).reason
    assert "too short" in find_offset(sound[:8000], sound[:8000]).reason
    cut = np.concatenate([sound[: 8 * OFFSET_RATE_HZ], sound[round(8.1 * OFFSET_RATE_HZ) :]])
    assert not find_offset(sound, cut).is_sure
    assert find_offset(sound, sound).offset_s == pytest.approx(0.0, abs=1e-3)
