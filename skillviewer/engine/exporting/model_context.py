"""Facts on a model for reports: its test on held-out people, and whether it was trained on a video."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.data.trained_pairs import was_trained_on
from skillviewer.export.reports.report_options import StudyContext

if TYPE_CHECKING:
    from skillviewer.nets.model_card import ModelCard


def describe_test(card: "ModelCard | None", facts: Mapping[str, object]) -> str:
    """Return sentences on the accuracy of a model on held-out people and its verdict against the baselines.

    Args:
        card: Card of the model, or None if it cannot be read.
        facts: Facts on the model that a study stores; empty for a model that was not trained in the study.
    """
    from skillviewer.nets.model_summary import tested_accuracy

    accuracy = tested_accuracy(card, facts)
    if not accuracy:
        return "The accuracy of the model on people who were held out from its training was not measured."
    task_text = ""
    if card is not None and card.task and not facts:
        task_text = f" on the task “{card.task}”"
    sentence = f"In its test{task_text} the model orders {accuracy} as the raters do; guessing orders 50 %."
    return f"{sentence} {_verdict(card, facts)}".rstrip()


def _verdict(card: "ModelCard | None", facts: Mapping[str, object]) -> str:
    from skillviewer.nets.model_summary import format_baselines, tested_verdict

    verdict = tested_verdict(card, facts)
    if verdict:
        return verdict
    baselines = format_baselines(card) if card is not None else ""
    return f"On the same pairs: {baselines}." if baselines else ""


def with_model_test(
    context: StudyContext, analysis: Analysis, folder: Path | None, facts: Mapping[str, object]
) -> StudyContext:
    """Return a context with the test of a model and with whether it was trained on an analysed video.

    Args:
        context: Context of the video.
        analysis: Analysis of the video by the model.
        folder: Folder of the model, or None if it is missing.
        facts: Facts on the model that a study stores; empty for a model that was not trained in the study.
    """
    from skillviewer.nets.model_card import find_card

    card = find_card(folder)  # an analysis may outlive its model
    video = analysis.video
    model_warning = card.warning if card is not None else context.model_warning
    model_test = ""
    if card is not None or facts:
        model_test = describe_test(card, facts)
    return replace(
        context,
        model_warning=model_warning,
        model_test=model_test,
        was_trained_on=folder is not None and was_trained_on(folder, video.digest, analysis.clip_range),
    )
