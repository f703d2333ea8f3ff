"""First forecast of a training: made at once, without torch, of figures that earlier forecasts left on this computer.

The forecast proper (``finetuning.job_forecast``) counts the cached features, and replaces it.
"""

from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.engine.finetuning.job import ChoiceJob, TrainingJob
from skillviewer.engine.runtime.pace import IDLE, load_now, pace_of, record_pace

_USUAL_S = {
    "features": 6.0,
    f"checking {CheckLevel.CROSS_VALIDATED.value}": 45.0,
    f"checking {CheckLevel.QUICK.value}": 15.0,
    "checking": 20.0,
    "training": 5.0,
}
"""Processor seconds for a video, before any forecast: measured on videos of ten seconds, with quick features."""


def _works(job: TrainingJob) -> dict[str, tuple[str, float]]:
    """Return name and usual seconds of the work of every phase, by phase, in their order."""
    if isinstance(job, ChoiceJob):
        checking = f"checking {job.level.value}"
        return {
            "features": ("automatic features", _USUAL_S["features"]),
            "checking": (f"automatic {checking}", _USUAL_S[checking]),
            "training": ("automatic training", _USUAL_S["training"]),
        }
    start = job.parent.name if job.parent is not None else f"new {job.choices.model}"
    return {phase: (f"{start} {phase}", _USUAL_S[phase]) for phase in ("features", "training", "checking")}


def _n_videos(job: TrainingJob) -> int:
    return sum(video.path is not None for video in job.study.dataset.videos)


def first_forecast(job: TrainingJob) -> TrainingForecast:
    """Return about how long a training takes at most, by its number of videos and earlier forecasts alone."""
    n_videos = _n_videos(job)
    load = load_now()
    phases = []
    for phase, (work, usual_s) in _works(job).items():
        pace = pace_of(f"forecast {work}", usual_s)
        phases.append(
            PlannedPhase(
                phase, n_videos * pace.seconds(load), "at most, from earlier figures", n_videos * pace.seconds(IDLE)
            )
        )
    return TrainingForecast(tuple(phases), 0, scale_prospect(job.study.dataset), is_first=True)


def remember_forecast(job: TrainingJob, forecast: TrainingForecast) -> None:
    """Keep the figures of a forecast for later first ones; features that were cached say nothing on their time."""
    n_videos = _n_videos(job)
    works = _works(job)
    for phase in forecast.phases:
        if phase.idle_s and n_videos:
            record_pace(f"forecast {works[phase.name][0]}", phase.idle_s / n_videos, 1.0)
