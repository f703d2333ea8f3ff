"""Facts in words by which a user chooses a checkpoint. No torch here: its import takes seconds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import CheckpointError
from skillviewer.core.finetuning.version_accuracy import version_accuracy, version_accuracy_value
from skillviewer.core.text import format_size, percent
from skillviewer.nets.model_card import ModelCard, load_card
from skillviewer.nets.model_library import ModelEntry
from skillviewer.nets.models import ATTENTION_MODELS, TRIVIAL, attention_model

PICTURE = "picture.jpg"
"""Name of a picture of a training clip in the folder of a checkpoint. Only shipped checkpoints have it, since the clips
of others may show people."""

DURATION = "duration"
ONE_RATER = "one rater"

MAPS = {
    MapKind.DISTRIBUTION: "a share of the attention for each area of the picture",
    MapKind.GATE: "a gate for each area of the picture, open or closed",
    MapKind.SIGNED: "a signed weight for each area of the picture",
    MapKind.NONE: "no map: it looks everywhere alike",
}


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """Facts of a checkpoint as text."""

    name: str
    folder: Path
    is_demonstration: bool  # shipped with the program: it knows one simulated task
    picture: Path | None  # picture of a training clip
    task: str = ""
    trained_on: str = ""  # clips and people
    accuracy: str = ""  # accuracy on held-out pairs with its interval, or "not measured"
    baselines: str = ""  # accuracies of trivial baselines and of one rater on the same pairs, or ""
    verdict: str = ""  # sentence that compares the accuracy with the baselines, or ""
    maps: str = ""  # title of the model, and kind of its maps
    size: str = ""  # size of the files
    warning: str = ""  # warning of the card, or ""
    problem: str = ""  # reason why the card cannot be read; the facts above are "" then


def summarise(entry: ModelEntry) -> ModelSummary:
    """Return the facts of a checkpoint, or its ``problem`` if it is damaged."""
    picture = entry.folder / PICTURE
    existing_picture = picture if picture.is_file() else None
    summary = ModelSummary(entry.name, entry.folder, entry.shipped, existing_picture)
    try:
        card = load_card(entry.folder)
    except CheckpointError as error:
        return replace(summary, problem=str(error))
    training_text = _first_sentence(card.training_data)
    if not training_text:
        training_text = f"{card.n_videos} clips"
    accuracy_text = "not measured" if card.held_out is None else card.held_out.headline_text
    n_bytes = sum(path.stat().st_size for path in entry.folder.iterdir() if path.is_file())
    return replace(
        summary,
        task=card.task,
        trained_on=training_text,
        accuracy=accuracy_text,
        baselines=format_baselines(card),
        verdict=card.verdict,
        maps=_maps(card.attention_model),
        size=format_size(n_bytes),
        warning=card.warning,
    )


def _first_sentence(text: str) -> str:
    return text.split(". ", maxsplit=1)[0].rstrip(".")


def tested_accuracy(card: ModelCard | None, facts: Mapping[str, object]) -> str:
    """Return the main accuracy of a model with its interval and pairs, or "" if it was not measured.

    Args:
        card: Card of the model, or None if it cannot be read.
        facts: Facts on the model that a study stores, which count if the card has no accuracy.
    """
    if card is not None and card.held_out is not None:
        return card.held_out.headline_text
    return version_accuracy(facts) if math.isfinite(version_accuracy_value(facts)) else ""


def tested_verdict(card: ModelCard | None, facts: Mapping[str, object]) -> str:
    """Return the sentence that compares a model with the baselines, or "" if none were compared.

    The arguments are those of ``tested_accuracy``.
    """
    if card is not None and card.verdict:
        return card.verdict
    verdict = facts.get("verdict")
    return verdict if isinstance(verdict, str) else ""


def format_baselines(card: ModelCard) -> str:
    """Return a text with the accuracies of the trivial baselines and of one rater, or "" if there are none.

    They are measured on the same pairs as the accuracy that the card states first. The other orderings of a card, such
    as the true quality in a simulated study, are no baselines.
    """
    accuracies: dict[str, float] = {}
    for ordering, accuracy in card.ceilings:
        name = DURATION if ordering == "frames" else ordering  # the name of the duration in simulated studies
        if not math.isnan(accuracy):
            accuracies.setdefault(name, accuracy)
    names = {DURATION, *TRIVIAL, *(attention_model(name).title.lower() for name in TRIVIAL)}
    stated_names = [name for name in accuracies if name in names]
    if ONE_RATER in accuracies:
        stated_names.append(ONE_RATER)
    return ", ".join(f"{name} {percent(accuracies[name], ' %')}" for name in stated_names)


def _maps(attention_model: str) -> str:
    entry = next((entry for entry in ATTENTION_MODELS if entry.name == attention_model), None)
    return "" if entry is None else f"{entry.title}; {MAPS[entry.map_kind]}"
