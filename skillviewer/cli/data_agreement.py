"""``skillviewer data agreement``: the agreement of the raters of a data set, with a figure."""

from pathlib import Path

import click

from skillviewer.cli.options.dataset_options import Reading, dataset_options
from skillviewer.cli.options.values import FILE, PATH


@click.command()
@click.argument("path", type=PATH)
@dataset_options
@click.option("--figure", type=FILE, help="Bland-Altman plots: PNG, PDF or SVG.")
@click.option("--force", is_flag=True, help="Replace a figure that is there.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def agreement(path: Path, reading: Reading, figure: Path | None, force: bool, as_json: bool) -> None:
    """Print how far the raters of the data set or study at PATH agree: ICC, weighted kappa, limits, severity."""
    import msgspec

    from skillviewer.core.errors import DatasetError
    from skillviewer.core.ratings.rater_agreement import rater_agreement
    from skillviewer.export.figures.limits_of_agreement import plot_limits

    dataset = reading.open(path)
    if dataset.ratings is None:
        raise DatasetError(
            f"{dataset.name} has no ratings by raters; skillviewer data import joins a table of ratings with videos. "
            "For votes see skillviewer study ranking."
        )
    found = rater_agreement(dataset.ratings, dataset.criterion)
    if as_json:
        plain = msgspec.to_builtins(found, enc_hook=lambda array: array.tolist())
        click.echo(msgspec.json.format(msgspec.json.encode(plain), indent=1).decode())
    else:
        click.echo("\n".join(found.sentences))
    if figure is not None:
        click.echo(plot_limits(found, figure, overwrite=force), err=True)
