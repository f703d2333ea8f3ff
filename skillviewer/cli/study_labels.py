"""``skillviewer study labels``: the labels for moments of a study, and their counts."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from skillviewer.cli.failures import open_study
from skillviewer.cli.options.values import PATH
from skillviewer.cli.output import echo
from skillviewer.core.text import printable


@click.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.option("--set", "text", help="Set the labels: NAME=KEY or NAME=KEY#RRGGBB, with commas between them.")
@click.option("--reaction-ms", type=click.IntRange(0, 5000), help="Set the delay of a key after its event.")
def labels(path: Path, text: str | None, reaction_ms: int | None) -> None:
    """Show, or set, the labels of moments of STUDY, and count them (docs/timelines.md).

    “export table labels” has the counts by video, and “export table label-agreement” kappa over time.
    """
    from skillviewer.core.timelines.labels import parse_labels

    changes: dict[str, Any] = {}
    if text is not None:
        changes["labels"] = text
    if reaction_ms is not None:
        changes["reaction_ms"] = reaction_ms
    with open_study(path, read_only=not changes) as study:
        if changes:
            study.settings = replace(study.settings, **changes)
        settings = study.settings
        n_by_label = Counter(moment.label for moment in study.annotations.moments())
    for label in parse_labels(settings.labels):
        echo(f"{label.key}  {n_by_label[label.name]:6}  {printable(label.name)}  {label.colour}".rstrip())
    echo(f"reaction time: {settings.reaction_ms} ms")
