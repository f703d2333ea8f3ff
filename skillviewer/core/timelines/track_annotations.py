"""Annotations from tracks: pauses, and the mean speed in every second."""

import numpy as np

from skillviewer.core.kinematics.measures import LengthUnit, measured_points, motion_of
from skillviewer.core.kinematics.movements import pauses
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.tracks.tracks import TrackKind, TrackSet


def track_annotations(tracks: TrackSet) -> list[Annotation]:
    """Return the pauses and the mean speeds per second of every measured point, with the point's name as author.

    Seconds in which the point was seen for less than half of the time have no speed.
    """
    unit = LengthUnit.of(tracks)
    annotations = []
    for track in tracks.tracks:
        for point in measured_points(track):
            author = track.name if track.kind == TrackKind.HAND else f"{track.name}, {track.points[point]}"
            motion = motion_of(tracks, track, point, unit)
            annotations += [
                Annotation(
                    Tier.PAUSES, pause.start_s, pause.stop_s, text=f"pause of {pause.duration_s:.1f} s", author=author
                )
                for pause in pauses(motion, unit.idle_below)
            ]
            seconds = np.floor(motion.sample_times_s).astype(np.int64)
            for second in np.unique(seconds).tolist():
                speeds = motion.speed[seconds == second]
                if len(speeds) >= motion.rate_hz / 2:
                    speed = float(speeds.mean())
                    text = f"{speed:.2f} {unit.short}/s"
                    stop_s = min(second + 1.0, float(tracks.times_s[-1]))
                    annotations.append(Annotation(Tier.SPEED, float(second), stop_s, text, author, value=speed))
    return annotations
