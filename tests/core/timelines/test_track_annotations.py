"""Pauses and speeds of tracks along time."""

import numpy as np
import pytest

from skillviewer.core.timelines.annotation import Tier
from skillviewer.core.timelines.track_annotations import track_annotations
from tests.core.kinematics.test_measures import PALM_PX, hand, reaches, tracks_of


def test_pauses_and_speeds_of_a_hand() -> None:
    path = reaches(8)
    path[100:125] = np.nan
    found = track_annotations(tracks_of(hand(path)))
    rests = [one for one in found if one.tier == Tier.PAUSES]
    assert [round(one.start_s) for one in rests] == [1, 3, 5, 7]
    assert {one.author for one in found} == {"right hand"}
    speeds = {one.start_s: one.value for one in found if one.tier == Tier.SPEED}
    assert 4.0 not in speeds  # not seen
    assert speeds[0.0] == pytest.approx(100 / PALM_PX, rel=0.05)
    assert speeds[1.0] == pytest.approx(0, abs=0.1)
