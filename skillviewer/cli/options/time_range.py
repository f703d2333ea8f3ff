"""Options --from and --to: the part of every video that a command works on."""

import click

from skillviewer.cli.options.values import Finite, Parameters

TIME_RANGE = (
    click.option("--from", "start_s", type=Finite(0), help="Start of the part in seconds.  [default: 0]"),
    click.option(
        "--to",
        "stop_s",
        type=Finite(0, min_open=True),
        help="End of the part in seconds.  [default: the end of the video]",
    ),
)


def time_range_s(parameters: Parameters) -> tuple[float, float | None] | None:
    """Return start and end in seconds, with None for the end of the video; or None for whole videos.

    Raises:
        UsageError: The end does not come after the start.
    """
    start_s = parameters["start_s"]
    stop_s = parameters["stop_s"]
    if start_s is None and stop_s is None:
        return None
    if start_s is None:
        start_s = 0.0
    if stop_s is not None and stop_s <= start_s:
        raise click.UsageError(f"The part of the video would end at {stop_s} s, before it begins at {start_s} s.")
    return start_s, stop_s
