"""Forecast of a training: its phases and their seconds on this computer."""

from dataclasses import dataclass

BUSY_SLOWDOWN = 1.3
"""Slowdown from which the user is warned about other programs."""


@dataclass(frozen=True, slots=True)
class ScaleProspect:
    """Prospect, before a training, of scores on the raters' scale."""

    n_people: int  # number of rated people whom the model scores without having trained on them
    n_needed: int  # number of people needed for tested intervals on the raters' scale
    text: str  # sentence on the prospect, for the user

    @property
    def is_possible(self) -> bool:
        """True if there are enough people."""
        return self.n_people >= self.n_needed


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """A phase of a training."""

    name: str  # ``features``, ``training`` or ``checking``
    seconds: float  # estimated duration next to the programs that run now; 0 if there is nothing to do
    text: str  # description of the work, without its duration
    idle_s: float | None = None  # estimated duration on an idle computer, or None if unknown

    @property
    def seconds_when_idle(self) -> float:
        """Estimated duration on an idle computer or, if unknown, next to the programs that run now."""
        return self.seconds if self.idle_s is None else self.idle_s


@dataclass(frozen=True, slots=True)
class TrainingForecast:
    """Forecast of a training."""

    phases: tuple[PlannedPhase, ...]
    frames_missing: int  # number of sampled frames whose features are not cached
    prospect: ScaleProspect
    other_check_s: float | None = None  # seconds of all phases with the other check of an automatic choice, or None
    is_first: bool = False  # whether the forecast uses earlier measurements only, before the frames were counted

    @property
    def total_s(self) -> float:
        """Seconds of all phases."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def slowdown(self) -> float:
        """Ratio of the duration now to that on an idle computer."""
        idle_s = sum(phase.seconds_when_idle for phase in self.phases)
        return self.total_s / idle_s if idle_s > 0 else 1.0

    @property
    def busy_text(self) -> str:
        """Sentence about other programs that use the processors, or ""."""
        if self.slowdown < BUSY_SLOWDOWN:
            return ""
        return f"Other programs make it {self.slowdown:.1f} times as long."
