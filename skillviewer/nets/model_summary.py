"""Facts in words by which a user chooses a checkpoint. No torch here: its import takes seconds."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import CheckpointError
from skillviewer.core.text import format_size, percent
from skillviewer.nets.model_card import ModelCard, load_card
from skillviewer.nets.model_library import ModelEntry
from skillviewer.nets.models import ATTENTION_MODELS

PICTURE = "picture.jpg"
"""Name of a picture of a training clip in the folder of a checkpoint. Only shipped checkpoints have it, since the clips
of others may show people."""

BASELINES = ("duration", "motion", "one rater")
"""Orderings of the card that are stated next to the accuracy, if it has them."""

MAPS = {
    MapKind.DISTRIBUTION: "a share of the attention for each area of the picture",
    MapKind.GATE: "a gate for each area of the picture, open or closed",
    MapKind.SIGNED: "a signed weight for each area of the picture",
    MapKind.NONE: "no map: it looks everywhere alike",
}


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """Facts of a checkpoint in words."""

    name: str
    folder: Path
    is_demonstration: bool  # shipped with the program: it knows one simulated task
    picture: Path | None  # picture of a training clip
    task: str = ""
    trained_on: str = ""  # clips and people
    accuracy: str = ""  # accuracy on held-out pairs with its interval, or "not measured"
    baselines: str = ""  # accuracies of simple orderings on the same pairs, or ""
    maps: str = ""  # title of the model, and kind of its maps
    size: str = ""  # size of the files
    warning: str = ""  # warning of the card, or ""
    problem: str = ""  # reason why the card cannot be read; the facts above are "" then


def summarise(entry: ModelEntry) -> ModelSummary:
    """Return the facts of a checkpoint, or its ``problem`` if it is damaged."""
    picture = entry.folder / PICTURE
    summary = ModelSummary(entry.name, entry.folder, entry.shipped, picture if picture.is_file() else None)
    try:
        card = load_card(entry.folder)
    except CheckpointError as error:
        return replace(summary, problem=str(error))
    return replace(
        summary,
        task=card.task,
        trained_on=_first_sentence(card.training_data) or f"{card.n_videos} clips",
        accuracy=_accuracy(card),
        baselines=_baselines(card),
        maps=_maps(card.attention_model),
        size=format_size(sum(path.stat().st_size for path in entry.folder.iterdir() if path.is_file())),
        warning=card.warning,
    )


def _first_sentence(text: str) -> str:
    return text.split(". ", maxsplit=1)[0].rstrip(".")


def _accuracy(card: ModelCard) -> str:
    if card.held_out is None:
        return "not measured"
    headline = card.held_out.headline
    return f"{headline.text} of {headline.n_pairs} {card.held_out.headline_pairs}"


def _baselines(card: ModelCard) -> str:
    accuracies = dict(card.ceilings)
    if "frames" in accuracies:  # the name of the duration in simulated studies
        accuracies.setdefault("duration", accuracies["frames"])
    known = [name for name in BASELINES if name in accuracies and not math.isnan(accuracies[name])]
    return ", ".join(f"{name} {percent(accuracies[name], ' %')}" for name in known)


def _maps(attention_model: str) -> str:
    entry = next((entry for entry in ATTENTION_MODELS if entry.name == attention_model), None)
    return "" if entry is None else f"{entry.title}; {MAPS[entry.map_kind]}"
