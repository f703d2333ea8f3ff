"""Numbers of a video that models take instead of features of frames."""

FLOW_NUMBERS = ("speed", "spread", "peak", "moving", "coherence", "acceleration", "jerk", "still")
"""Numbers of the flow stack of a sampled frame, in their order (``engine.features.source.flow_numbers``)."""

N_MEASURES = 64
"""Number of measures that a video can have; unknown ones are NaN."""
