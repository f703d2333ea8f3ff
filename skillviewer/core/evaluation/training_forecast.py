"""Forecast of a training, as values: phases and the seconds that each takes on this computer."""

from dataclasses import dataclass


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
    seconds: float  # about how long it takes; 0 if there is nothing to do
    text: str  # the same in a sentence, without the time


@dataclass(frozen=True, slots=True)
class TrainingForecast:
    """Forecast of a training."""

    phases: tuple[PlannedPhase, ...]
    frames_missing: int  # sampled frames whose features are not cached
    prospect: ScaleProspect  # prospect of scores on the raters' scale

    @property
    def total_s(self) -> float:
        """Seconds of all phases."""
        return sum(phase.seconds for phase in self.phases)
