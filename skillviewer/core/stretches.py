"""When two stretches of a video are one and the same: times are kept rounded, and a model may be asked again."""

SAME_S = 0.05
"""Two stretches whose ends are no further apart are the same."""


def same_stretch(start_s: float, stop_s: float, other_start_s: float, other_stop_s: float) -> bool:
    """Return whether two stretches, each from start to stop in seconds, are the same."""
    return abs(start_s - other_start_s) <= SAME_S and abs(stop_s - other_stop_s) <= SAME_S
