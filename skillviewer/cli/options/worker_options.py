"""Options for parallel work: processes, GPUs, a cluster, and the share of one job in a cluster's job array."""

from typing import TYPE_CHECKING

import click

from skillviewer.cli.options.add_options import CommandT, add_options
from skillviewer.cli.options.values import Parameters

if TYPE_CHECKING:
    from skillviewer.engine.runtime.workers import Workers

_OPTIONS = (
    click.option(
        "--jobs",
        type=click.IntRange(1),
        help="Processes, or workers of a cluster.  [default: one per GPU in --devices, else 1]",
    ),
    click.option("--devices", help="GPUs with commas between, one process each: cuda:0,cuda:1."),
    click.option("--cluster", help="local, slurm, or the address of a Dask scheduler (docs/cluster.md)."),
    click.option("--shard", help="i/n: do only the i-th of n shares of the work, as one job of an array."),
)


def worker_options(command: CommandT) -> CommandT:
    """Add the options to a command, which gets their values by name."""
    return add_options(command, _OPTIONS)


def workers_from(parameters: Parameters) -> "Workers":
    """Return the workers that the options ask for.

    Raises:
        UsageError: Two of the options contradict each other, or ``--shard`` is not i/n.
    """
    from skillviewer.engine.runtime.workers import Workers

    devices: tuple[str, ...] = ()
    if parameters["devices"] is not None:
        devices = tuple(name.strip() for name in parameters["devices"].split(",") if name.strip())
    if devices and parameters["cluster"]:
        raise click.UsageError("--devices names GPUs of this computer; a cluster assigns its own. Give one of them.")
    return Workers(
        jobs=parameters["jobs"] or max(1, len(devices)),
        devices=devices,
        cluster=parameters["cluster"] or "",
        shard=_parse_shard(parameters["shard"] or "1/1"),
    )


def _parse_shard(text: str) -> tuple[int, int]:
    """Return the index of a share, from 0, and the number of shares."""
    number, _, count = text.partition("/")
    are_numbers = all(part.isdecimal() and len(part) <= 9 for part in (number, count))
    if not are_numbers or not 1 <= int(number) <= int(count):
        raise click.UsageError(f"--shard {text} is not i/n with i from 1 to n: 3/8 is the third of eight.")
    return int(number) - 1, int(count)
