"""Facts of a checkpoint by which a user chooses one, in words; read without torch."""

from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import CheckpointError
from skillviewer.core.text import format_size, percent
from skillviewer.nets.library import ModelEntry
from skillviewer.nets.model_card import ModelCard, load_card
from skillviewer.nets.models import ATTENTION_MODELS

PICTURE = "picture.jpg"
"""Picture of a clip that a checkpoint was trained on, in its folder; only shipped ones have it, since others may show
people."""

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
    task: str
    trained_on: str  # clips and people
    accuracy: str  # on held-out pairs with its interval, or that it was not measured
    baselines: str  # accuracies of simple orderings on the same pairs, or ""
    maps: str  # kind of its maps
    size: str  # of the files
    warning: str  # of its card, or ""
    picture: Path | None  # a training clip
    problem: str = ""  # reason why the card cannot be read; all other facts are empty then


def summarise(entry: ModelEntry) -> ModelSummary:
    """Return the facts of a checkpoint; one that is damaged has its ``problem``."""
    picture = entry.folder / PICTURE
    model_picture = picture if picture.is_file() else None
    try:
        card = load_card(entry.folder)
    except CheckpointError as error:
        return ModelSummary(
            entry.name, entry.folder, entry.shipped, "", "", "", "", "", "", "", model_picture, str(error)
        )
    return ModelSummary(
        name=entry.name,
        folder=entry.folder,
        is_demonstration=entry.shipped,
        task=card.task,
        trained_on=_first_sentence(card.training_data) or f"{card.n_videos} clips",
        accuracy=_accuracy(card),
        baselines=_baselines(card),
        maps=_maps(card.attention_model),
        size=format_size(sum(path.stat().st_size for path in entry.folder.iterdir() if path.is_file())),
        warning=card.warning,
        picture=model_picture,
    )


def _first_sentence(text: str) -> str:
    return text.split(". ", maxsplit=1)[0].rstrip(".")


def _accuracy(card: ModelCard) -> str:
    if card.held_out is None:
        return "not measured"
    first = card.held_out.headline
    return f"{first.text} of {first.n_pairs} {card.held_out.headline_pairs}"


def _baselines(card: ModelCard) -> str:
    accuracies = dict(card.ceilings)
    accuracies["duration"] = accuracies.get("duration", accuracies.get("frames", float("nan")))
    return ", ".join(f"{name} {percent(accuracies[name], ' %')}" for name in BASELINES if accuracies.get(name, -1) >= 0)


def _maps(attention_model: str) -> str:
    entry = next((entry for entry in ATTENTION_MODELS if entry.name == attention_model), None)
    return "" if entry is None else f"{entry.title}; {MAPS[entry.map_kind]}"
