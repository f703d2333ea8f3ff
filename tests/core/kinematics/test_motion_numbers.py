"""Numbers for a model are those of the frames so far."""

import numpy as np
import pytest

from skillviewer.core.kinematics.measures import measure_video
from skillviewer.core.kinematics.motion_numbers import LOGARITHMIC, motion_numbers
from skillviewer.core.tracks.hand_points import HAND_POINTS, MIDDLE_KNUCKLE
from skillviewer.core.tracks.reference_path import ReferencePath
from tests.core.kinematics.test_measures import hand, reaches, tracks_of


def test_numbers_are_the_measures_of_the_frames_so_far() -> None:
    path = reaches(8)
    line = ReferencePath(np.array([[0.0, 110.0], [640.0, 110.0]]))
    found = motion_numbers(tracks_of(hand(path)), [2, 99, 199], line)
    prefix = f"right hand, {HAND_POINTS[MIDDLE_KNUCKLE]}: "
    for step, stop in ((1, 100), (2, 200)):
        own = measure_video(tracks_of(hand(path[:stop])), reference=line).motions[0]
        for name in ("path", "peak_speed", "movements", "sparc", "mean_distance", "idle_share"):
            value = own.value(name)
            assert value is not None
            expected = np.log(value) if name in LOGARITHMIC else value
            assert found[prefix + name][step] == pytest.approx(expected, rel=1e-6), name
    assert all(np.isnan(values[0]) for values in found.values())  # three frames are too few
    changed = path.copy()
    changed[150:] += 100
    again = motion_numbers(tracks_of(hand(changed)), [2, 99, 199], line)
    assert all(again[name][1] == found[name][1] or np.isnan(found[name][1]) for name in found)
