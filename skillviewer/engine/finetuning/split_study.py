"""Split of a study's pairs into training and held-out pairs for a fine-tuning."""

from dataclasses import replace

from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, TuningSplit, split_pairs
from skillviewer.engine.finetuning.prior_pairs import PriorPairs


def split_study(study: StudyPairs, choices: TuningChoices, prior: PriorPairs | None, parent_name: str) -> TuningSplit:
    """Split the pairs of a study for a model, if possible without held-out participants that it was trained on.

    Args:
        study: Pairs of the study.
        choices: Choices of the user.
        prior: Pairs that the model was trained on, or None if they are not known.
        parent_name: Name of the model, or "" for a new model.

    Raises:
        DatasetError: There is nothing to train on.
    """
    trained_videos = study.sharing_frames(prior.trained_on) if prior is not None else ()
    split = split_pairs(study, choices, trained_videos)
    if prior is not None or not parent_name:
        return split
    warning = (
        f"The training data of {parent_name} is unknown. If it includes held-out videos, the accuracy is inflated: it "
        "is higher than on unseen people."
    )
    return replace(split, warnings=(warning, *split.warnings))
