"""Numbers of a video that models take instead of features of frames."""

FLOW_NUMBERS = ("speed", "spread", "peak", "moving", "coherence", "acceleration", "jerk", "still")
"""Names of the numbers of a flow stack, in order; ``engine.features.flow_numbers`` computes them."""

N_MEASURES = 64
"""Largest number of measures of a video; unknown ones are NaN."""
