"""The model card of a checkpoint as a page in the form of Mitchell et al. (Model Cards for Model Reporting, 2019)."""

from skillviewer.core.paths import resources_dir
from skillviewer.nets.configuration import CheckpointConfig, ModelCard
from skillviewer.nets.models import attention_model

_CONTROLS = {"frames": "duration alone, which a model has to beat", "skill": "the ability that was set"}


def model_card_page(card: ModelCard, config: CheckpointConfig) -> str:
    """Return the card in Markdown: intended use, data, people, figures with controls, limits."""
    title, backbone = attention_model(card.attention_model).title, config.backbone
    fed = "time alone" if backbone is None else f"{backbone.name}, {config.preprocessing.n_segments} frames a video"
    page = (resources_dir() / "model_card" / "page.md").read_text(encoding="utf-8")
    return page.format(
        name=_plain(card.name),
        program=card.program,
        kind=f"{title} ({card.attention_model})",
        fed=fed,
        trained=f"{card.created}, preset {card.preset or 'none'}, seed {card.seed}",
        weights=config.weights_sha256,
        task=_plain(card.task) or "the task was not named",
        data=_plain(card.training_data) or "Not described.",
        n_videos=card.n_videos,
        n_pairs=card.n_pairs,
        figures=_figures(card),
        notes=_plain(card.notes) or "None.",
    )


def _figures(card: ModelCard) -> str:
    held = card.held_out
    if held is None:
        return "Accuracy on held-out pairs was **not measured**. Do not use the scores before it is."
    ends = held.interval
    span = "no interval can be drawn" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
    rows = [f"| **this model** | **{held.accuracy:.3f}** | {span} |", "| guessing | 0.500 | |"]
    rows += [f"| {name}{_means(name)} | {value:.3f} | |" for name, value in card.ceilings]
    if not card.ceilings:
        rows.append("\nNo other control was measured: see `skillviewer evaluate --model full,none,duration`.")
    head = "| ordering of the same pairs | accuracy | 95 % interval |\n|---|--:|--:|"
    return "\n".join((f"{held.n_pairs} held-out pairs; ties count as wrong. Rule: {_plain(held.rule)}.\n", head, *rows))


def _means(name: str) -> str:
    return f" ({_CONTROLS[name]})" if name in _CONTROLS else ""


def _plain(text: str) -> str:
    """Return a text without the line ends and marks that would change the page."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
