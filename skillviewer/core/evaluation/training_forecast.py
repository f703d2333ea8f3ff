"""Forecast of a training, as values: phases and the seconds that each takes on this computer."""

from dataclasses import dataclass

from skillviewer.core.ratings.fit_calibration import ScaleProspect


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
