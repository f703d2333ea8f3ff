"""``skillviewer models``: the checkpoints on this computer, and the attention models that can be trained."""

import json
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import print_notices
from skillviewer.cli.output import echo
from skillviewer.core.errors import CheckpointError

if TYPE_CHECKING:
    from skillviewer.nets.model_card import HeldOut


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def models(as_json: bool) -> None:
    """List checkpoints, and attention models with their parameter counts.

    The counts are those of the head at the paper's size: two ResNet101 streams, 25 segments, the preset official-code.
    """
    from skillviewer.nets.model_card import load_card
    from skillviewer.nets.model_library import find_models
    from skillviewer.nets.models import ATTENTION_MODELS, parameter_count
    from skillviewer.nets.presets import preset

    checkpoints: list[dict[str, object]] = []
    problems = []
    for entry in find_models():
        try:
            card = load_card(entry.folder)
        except CheckpointError as error:  # a broken checkpoint must not hide the others
            problems.append(str(error))
            continue
        checkpoints.append(
            {
                "name": entry.name,
                "folder": str(entry.folder),
                "shipped": entry.shipped,
                "attention_model": card.attention_model,
                "task": card.task,
                "criterion": card.criterion,
                **_accuracy_fields(card.held_out),
            }
        )
    head = preset("official-code").head
    attention_models: list[dict[str, object]] = [
        {
            "name": entry.name,
            "title": entry.title,
            "variant": entry.variant,
            "map": str(entry.map_kind),
            "parameters": parameter_count(entry, entry.with_published_input(head)),
        }
        for entry in ATTENTION_MODELS
    ]
    if as_json:
        tables = {"checkpoints": checkpoints, "attention_models": attention_models}
        echo(*json.dumps(tables, indent=1).splitlines())
    else:
        _print_checkpoints(checkpoints)
        _print_attention_models(attention_models)
    print_notices(problems)


def _accuracy_fields(held_out: "HeldOut | None") -> dict[str, object]:
    if held_out is None:
        return {"accuracy": None, "interval": None, "pairs": None, "n_pairs": 0, "all_pairs": None, "text": ""}
    headline = held_out.headline
    return {
        "accuracy": headline.accuracy,
        "interval": headline.interval,
        "pairs": held_out.headline_pairs,
        "n_pairs": headline.n_pairs,
        "all_pairs": {"accuracy": held_out.accuracy, "interval": held_out.interval, "n_pairs": held_out.n_pairs},
        "text": headline.text,
    }


def _format_accuracy(checkpoint: dict[str, object]) -> str:
    if checkpoint["accuracy"] is None:
        return "not measured"
    return f"{checkpoint['text']} of {checkpoint['n_pairs']} {checkpoint['pairs']}"


def _plug_in_origin(name: str) -> str:
    from skillviewer.nets.models import ATTENTION_MODELS

    package = ATTENTION_MODELS.package_of(name)
    return f", plug-in of {package}" if package else ""


def _print_checkpoints(checkpoints: list[dict[str, object]]) -> None:
    if not checkpoints:
        echo("Checkpoints", "  none")
        return
    echo("Checkpoints (accuracy, 95 % interval over people)")
    columns = ("name", "attention_model", "task", "criterion")
    widths = [max(len(str(checkpoint[column])) for checkpoint in checkpoints) for column in columns]
    for checkpoint in checkpoints:
        cells = [str(checkpoint[column]).ljust(width) for column, width in zip(columns, widths, strict=True)]
        echo("  " + "  ".join((*cells, _format_accuracy(checkpoint))))


def _print_attention_models(attention_models: list[dict[str, object]]) -> None:
    echo("Attention models (parameters at the paper's size, preset official-code)")
    for model in attention_models:
        origin = _plug_in_origin(str(model["name"]))
        echo(f"  {model['name']:<14} {model['parameters']:>11,}  {model['title']} ({model['map']}){origin}")
    echo("The count of tsn has only the linear layers of its two AlexNets: with convolutions it is 114,070,082.")
