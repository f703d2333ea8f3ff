"""The model card of a checkpoint as a page in the form of Mitchell et al. (Model Cards for Model Reporting, 2019)."""

from skillviewer.nets.configuration import CheckpointConfig, ModelCard
from skillviewer.nets.models import attention_model

_CONTROLS = {"frames": "duration alone, which a model has to beat", "skill": "the ability that was set"}


def model_card_page(card: ModelCard, config: CheckpointConfig) -> str:
    """Return the card in Markdown: intended use, data, people, figures with controls, limits.

    Args:
        card: The card, with the name of its attention model.
        config: Configuration of the checkpoint.
    """
    title, backbone = attention_model(card.attention_model).title, config.backbone
    fed = "time alone" if backbone is None else f"{backbone.name}, {config.preprocessing.n_segments} frames a video"
    return f"""# Model card: {_plain(card.name)}

Written by {card.program} from `card.json`, which has the same facts for programs. Complete it by hand where it says so.

## Model

| | |
|---|---|
| kind | {title} ({card.attention_model}) |
| input | {fed} |
| trained | {card.created}, preset {card.preset or "none"}, seed {card.seed} |
| weights | SHA-256 `{config.weights_sha256}` |

## Intended use

To order videos of one task by skill, in research: “{_plain(card.task) or "the task was not named"}”. A score has no unit, and is an aid to judgement.
Not for decisions about people: no admission, grade, certificate, hiring, diagnosis or treatment. Evaluation in education, vocational training and
at work is a high-risk use under the EU AI Act (Annex III, points 3 and 4). This model has **no certificate**. The page “Intended use and limits” of the
program says more.

## Training data

{_plain(card.training_data) or "Not described."}

{card.n_videos} videos and {card.n_pairs} pairs trained this model.

## People

Names are in no file of a checkpoint. How many participants and raters there were, how they were chosen and what they consented to: *to be completed*.
Accuracy per group of people (age, sex, hand, skin, site): *not measured*.

## Figures

{_figures(card)}

## Limits

- A score says nothing about another task, camera or population. The program warns of unlike videos; no warning is no guarantee.
- The model repeats its raters, mistakes included.
- The interval of a score comes from the choice of frames, not from the model's error about people.
- Maps show where the model looked, not why; faithfulness is tested for every video.

## Notes

{_plain(card.notes) or "None."}
"""  # noqa: E501 - lines of the page


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
