"""First forecast of a training, from figures of earlier forecasts on this computer.

It is made at once, without torch. The full forecast (``finetuning.job_forecast``) counts the cached features, and
replaces the first.
"""

from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.engine.finetuning.job import AutoModelJob, TrainingJob
from skillviewer.engine.runtime.pace import IDLE, current_load, pace_of, record_pace

_USUAL_S = {
    "features": 6.0,
    f"checking {CheckLevel.CROSS_VALIDATED.value}": 45.0,
    f"checking {CheckLevel.QUICK.value}": 15.0,
    "checking": 20.0,
    "training": 5.0,
}
"""Processor seconds for a video in each phase, measured on videos of ten seconds with quick features."""


def _paces(job: TrainingJob) -> dict[str, tuple[str, float]]:
    """Return the name of the recorded pace and the usual processor seconds for a video, by phase in order."""
    if isinstance(job, AutoModelJob):
        checking = f"checking {job.level.value}"
        return {
            "features": ("automatic features", _USUAL_S["features"]),
            "checking": (f"automatic {checking}", _USUAL_S[checking]),
            "training": ("automatic training", _USUAL_S["training"]),
        }
    model_name = job.parent.name if job.parent is not None else f"new {job.choices.model}"
    return {phase: (f"{model_name} {phase}", _USUAL_S[phase]) for phase in ("features", "training", "checking")}


def _n_videos(job: TrainingJob) -> int:
    return sum(video.path is not None for video in job.study_pairs.dataset.videos)


def first_forecast(job: TrainingJob) -> TrainingForecast:
    """Return an upper limit of the duration of a training, from its number of videos and earlier forecasts."""
    n_videos = _n_videos(job)
    load = current_load()
    phases = []
    for phase, (pace_name, usual_s) in _paces(job).items():
        pace = pace_of(f"forecast {pace_name}", usual_s)
        busy_s = n_videos * pace.seconds(load)
        idle_s = n_videos * pace.seconds(IDLE)
        phases.append(PlannedPhase(phase, busy_s, "at most, from earlier figures", idle_s))
    return TrainingForecast(tuple(phases), 0, scale_prospect(job.study_pairs.dataset), is_first=True)


def remember_forecast(job: TrainingJob, forecast: TrainingForecast) -> None:
    """Record the figures of a forecast for later first forecasts; phases with nothing to do are not recorded."""
    n_videos = _n_videos(job)
    paces = _paces(job)
    for phase in forecast.phases:
        if phase.idle_s and n_videos:
            pace_name, _ = paces[phase.name]
            record_pace(f"forecast {pace_name}", phase.idle_s / n_videos, 1.0)
