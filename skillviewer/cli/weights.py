"""``skillviewer weights``: the list of backbone weights, and their download, the only use of the network."""

import click

from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import CheckpointError
from skillviewer.core.progress import CancelToken
from skillviewer.core.registry import look_up


@click.group()
def weights() -> None:
    """List backbone weights, or fetch them."""


@weights.command("list")
def list_weights() -> None:
    """List the weights with their files on this computer."""
    from skillviewer.engine.features.weight_store import weight_files

    for name, path in weight_files():
        location = "not here" if path is None else path
        echo(f"{name:<20} {location}")


@weights.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Fetch published weights of a backbone over the network, and check their digest where one is published.

    NAME is a name of “weights list”, or timm/NAME or torchvision/NAME for a network of these libraries.
    """
    from skillviewer.engine.features.weight_store import fetch as fetch_weights
    from skillviewer.nets.backbones.backbones import backbone
    from skillviewer.nets.backbones.weight_sources import WEIGHT_SOURCES

    source = backbone(name).source if "/" in name else None
    if source is None:
        source = look_up(WEIGHT_SOURCES, name, "set of weights to fetch", CheckpointError)
    echo(source.terms, f"This uses the network: {source.url}", err=True)
    with progress_bar(unit="B", unit_scale=True) as report:
        path = fetch_weights(source, CancelToken(), report)
    echo(path)
