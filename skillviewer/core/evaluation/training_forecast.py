"""Forecast of a training, as values: phases and the seconds that each takes on this computer."""

from dataclasses import dataclass

BUSY = 1.3
"""Slowdown from which the user is warned of other programs."""


@dataclass(frozen=True, slots=True)
class ScaleProspect:
    """Prospect of scores on the raters' scale, as it is known before a training."""

    n_people: int  # rated people whom the model will not have seen when it scores them
    n_needed: int  # people needed for tested intervals on the raters' scale
    text: str  # the same in a sentence, for the user

    @property
    def is_possible(self) -> bool:
        """True if there are enough people."""
        return self.n_people >= self.n_needed


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """A part of a training."""

    name: str  # ``features``, ``training`` or ``checking``
    seconds: float  # about how long it takes next to the programs that run now; 0 if there is nothing to do
    text: str  # the same in a sentence, without the time
    idle_s: float | None = None  # the same on an idle computer, or None if it is not known


@dataclass(frozen=True, slots=True)
class TrainingForecast:
    """Forecast of a training."""

    phases: tuple[PlannedPhase, ...]
    frames_missing: int  # sampled frames whose features are not cached
    prospect: ScaleProspect  # prospect of scores on the raters' scale
    is_first: bool = False  # whether it is made of earlier figures alone, before anything was counted

    @property
    def total_s(self) -> float:
        """Seconds of all phases."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def slowdown(self) -> float:
        """Ratio of its duration now to that on an idle computer."""
        idle_s = sum(phase.seconds if phase.idle_s is None else phase.idle_s for phase in self.phases)
        return self.total_s / idle_s if idle_s > 0 else 1.0

    @property
    def busy_text(self) -> str:
        """Sentence about other programs that use the processors, or ""."""
        if self.slowdown < BUSY:
            return ""
        return f"Other programs use the processors: it takes {self.slowdown:.1f} times as long as without them."
