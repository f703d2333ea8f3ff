"""Wording of accuracies, gains and forecasts of trainings."""

import math

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.accuracy_text import format_estimate, no_interval_reason
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.before_after import BeforeAfter
from skillviewer.core.finetuning.forgetting import Forgetting, ForgettingMethod, format_drift
from skillviewer.core.text import format_duration, percent

PHASES = {"features": "Features", "checking": "Checking", "training": "Training"}
"""Names of the phases of a forecast, for the user."""


def format_points(value: float) -> str:
    """Return a difference of shares in percentage points, signed, with a true minus sign."""
    return "–" if math.isnan(value) else f"{100 * value:+.1f}".replace("-", "−")


def format_accuracy(estimate: PooledEstimate) -> str:
    """Return an accuracy with its interval and its number of pairs."""
    return f"{format_estimate(estimate)} of {estimate.n_pairs} pairs"


def format_gain(compared: BeforeAfter) -> str:
    """Return the gain with its interval and a judgement on it."""
    gain = compared.gain
    if gain is None:
        return "there was no model before"
    points = f"{format_points(gain.value)} points"
    if math.isnan(gain.low):
        return f"{points} ({no_interval_reason(gain)})"
    if compared.beyond_noise:
        judgement = "beyond noise"
    elif compared.worse:
        judgement = "worse, beyond noise"
    else:
        judgement = "within noise"
    return f"{points} ({format_points(gain.low)} to {format_points(gain.high)}): {judgement}"


def format_forgetting(forgetting: Forgetting) -> str:
    """Return the effect on the pairs known before."""
    if forgetting.pair_accuracy is not None:
        before = forgetting.pair_accuracy.before
        before_text = percent(before.value, " %") if before is not None else "–"
        now_text = format_accuracy(forgetting.pair_accuracy.after)
        return f"{before_text} before, {now_text} now, {format_gain(forgetting.pair_accuracy)}"
    if forgetting.method is ForgettingMethod.DRIFT:
        return format_drift(forgetting)
    return forgetting.description


def format_forecast(forecast: TrainingForecast, other_check: str = "") -> str:
    """Return the time in all, next to that with the other check, which is named, at the same load of the computer."""
    total = f"about {format_duration(forecast.total_s)}"
    if forecast.is_first:
        return f"{total}, by earlier figures; counting …"
    if other_check and forecast.other_check_s is not None:
        total = f"{total} ({other_check}: about {format_duration(forecast.other_check_s)})"
    return f"{total}. {forecast.busy_text}" if forecast.busy_text else f"{total}."


def phase_lines(forecast: TrainingForecast) -> list[tuple[str, str]]:
    """Return (heading, text) lines: the time of every phase with a description."""
    lines = []
    for phase in forecast.phases:
        seconds_text = f"about {format_duration(phase.seconds)}: " if phase.seconds else ""
        lines.append((PHASES[phase.name], f"{seconds_text}{phase.text}"))
    return lines
