"""Page of a model card in Markdown, for people."""

from skillviewer.core.paths import resources_dir
from skillviewer.core.text import percent
from skillviewer.nets.configuration import CheckpointConfig
from skillviewer.nets.model_card import ModelCard
from skillviewer.nets.models import attention_model

_CONTROL_NOTES = {"frames": "duration alone, which a model has to beat", "skill": "the ability that was set"}


def model_card_page(card: ModelCard, config: CheckpointConfig) -> str:
    """Return a card in Markdown: intended use, data, accuracies with controls, limits."""
    title = attention_model(card.attention_model).title
    backbone = config.backbone
    model_input = "time alone"
    if backbone is not None:
        model_input = f"{backbone.name}, {config.preprocessing.segments_text} frames a video"
    page = (resources_dir() / "model_card" / "page.md").read_text(encoding="utf-8")
    return page.format(
        name=_escape_markdown(card.name),
        program=card.program,
        kind=f"{title} ({card.attention_model})",
        fed=model_input,
        trained=f"{card.created}, preset {card.preset or 'none'}, seed {card.seed}",
        weights=config.weights_sha256,
        task=_escape_markdown(card.task) or "the task was not named",
        data=_escape_markdown(card.training_data) or "Not described.",
        n_videos=card.n_videos,
        n_pairs=card.n_pairs,
        figures=_accuracy_table(card),
        notes=_escape_markdown(card.notes) or "None.",
    )


def _accuracy_table(card: ModelCard) -> str:
    held = card.held_out
    if held is None:
        return "Accuracy on held-out pairs was **not measured**. Do not use the scores before it is."
    rows = []
    if held.both_new is not None:
        rows.append(f"| **this model, pairs of new people** | {held.both_new.n_pairs} | **{held.both_new.text}** |")
    rows.append(f"| this model, all held-out pairs, as papers report | {held.n_pairs} | {held.text} |")
    rows.append(f"| guessing | {held.n_pairs} | 50.0 % |")
    n_pairs = held.headline.n_pairs
    rows += [f"| {name}{_control_note(name)} | {n_pairs} | {percent(value, ' %')} |" for name, value in card.ceilings]
    if not card.ceilings:
        rows.append("\nNo other control was measured: see `skillviewer evaluate --model full,none,duration`.")
    head = "| ordering | pairs | accuracy (95 % interval) |\n|---|--:|--:|"
    if card.verdict:
        rows.append(f"\n{_escape_markdown(card.verdict)}")
    return "\n".join((f"Ties count as wrong. Rule: {_escape_markdown(held.rule)}.\n", head, *rows))


def _control_note(name: str) -> str:
    note = _CONTROL_NOTES.get(name)
    return f" ({note})" if note else ""


def _escape_markdown(text: str) -> str:
    """Return a text on one line, with the marks escaped that would change the page."""
    line = " ".join(text.split())
    return line.replace("|", "\\|").replace("<", "&lt;")
