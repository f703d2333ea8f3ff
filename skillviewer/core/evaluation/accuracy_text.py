"""Text of accuracies with their intervals, the same in the window, on the command line and in files."""

import math

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.text import finite_or_none, percent


def format_accuracy(
    accuracy: float | None, low: float | None, high: float | None, no_interval: str = "no interval"
) -> str:
    """Return an accuracy such as “88.2 % (64.4 to 96.9)”; an en dash if it is undefined.

    Args:
        accuracy: Share of pairs, 0 to 1.
        low: Lower end of the 95 % interval, or None or NaN.
        high: Upper end of the interval, or None or NaN.
        no_interval: Text that is shown if there is no interval.
    """
    if finite_or_none(accuracy) is None:
        return percent(accuracy)
    has_interval = finite_or_none(low) is not None and finite_or_none(high) is not None
    interval = f"{percent(low)} to {percent(high)}" if has_interval else no_interval
    return f"{percent(accuracy, ' %')} ({interval})"


def format_estimate(estimate: PooledEstimate) -> str:
    """Return an accuracy with its interval, or with the reason why there is none."""
    return format_accuracy(estimate.value, estimate.low, estimate.high, no_interval_reason(estimate))


def no_interval_reason(estimate: PooledEstimate) -> str:
    """Return why an estimate has no interval; "" if it has one."""
    if math.isfinite(estimate.low):
        return ""
    if estimate.all_alike:
        return "same whoever is left out, so no interval"
    return "too few for an interval"
