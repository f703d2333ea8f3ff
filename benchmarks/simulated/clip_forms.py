"""Forms of the clips of two arms: length, size, pace and faults; no simulator here."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.simulated.faults import LENGTH_S
from benchmarks.simulated.tasks import CRF, RATE_HZ
from skillviewer.core.registry import table

ASPECTS = ("shake", "tremors", "approaches", "slips")
"""Aspects of the quality of an arm."""


@dataclass(frozen=True, slots=True)
class ClipForm:
    """Length, size and pace of the clips of a study.

    Attributes:
        name: Name.
        half_px: Width and height of one arm's half of the picture.
        frames: Shortest and longest clip, in frames of the simulation (``tasks.RATE_HZ``).
        rate_hz: Frames a second of the videos.
        crf: Quality of the encoding (x264).
        mask_every: Number of video frames for each mask of the judged arm.
        mask_scale: Pixels of the picture across one pixel of a mask.
        speed: Share of the task's speed: no arm is done before the clip ends.
        press: Added to the downward action near the object, see ``simulate``.
        lengths_s: Shortest and longest fault of each kind.
        weights: Weight of each z-scored aspect of the judged arm in the quality.
    """

    name: str
    half_px: tuple[int, int]
    frames: tuple[int, int]
    rate_hz: int
    crf: int
    mask_every: int
    mask_scale: int
    speed: float
    press: float
    lengths_s: Mapping[str, tuple[float, float]]
    weights: Mapping[str, float]

    @property
    def size_px(self) -> tuple[int, int]:
        """Return the width and height of the picture."""
        return 2 * self.half_px[0], self.half_px[1]

    def n_shown(self, n_frames: int) -> int:
        """Return the number of video frames of a clip of so many frames of the simulation."""
        return (n_frames - 1) * self.rate_hz // RATE_HZ + 1


FORMS = table(
    ClipForm(
        "short",
        half_px=(160, 240),
        frames=(60, 72),
        rate_hz=20,  # enough for a tremor of 7 Hz
        crf=CRF,
        mask_every=1,
        mask_scale=1,
        speed=0.75,
        press=0.0,
        lengths_s=LENGTH_S,
        weights={"shake": -1.0, "tremors": -0.7, "approaches": -0.5, "slips": -0.5},
    ),
    ClipForm(
        "long",
        half_px=(240, 360),
        frames=(200, 280),
        rate_hz=30,
        crf=30,
        mask_every=3,
        mask_scale=2,
        speed=0.18,
        press=0.4,
        # together at most 1.65 s: less than a third of the shortest clip
        lengths_s={"tremor": (0.4, 0.7), "slip": (0.3, 0.45), "approach": (0.3, 0.5)},
        weights={"shake": -0.6, "tremors": -0.9, "approaches": -0.8, "slips": -0.8},
    ),
)
"""``short`` clips take little time to render; ``long`` ones are those of the sample study."""
