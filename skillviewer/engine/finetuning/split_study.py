"""Split of a study's pairs into training and held-out pairs for a fine-tuning."""

from dataclasses import replace

from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, TuningSplit, split_pairs
from skillviewer.engine.finetuning.prior_pairs import PriorPairs


def split_study(
    study_pairs: StudyPairs, choices: TuningChoices, prior_pairs: PriorPairs | None, parent_name: str
) -> TuningSplit:
    """Split the pairs of a study for a model.

    Participants that the model was trained on are held out only if there are too few others.

    Args:
        study_pairs: Pairs of the study.
        choices: Choices of the user.
        prior_pairs: Pairs that the model was trained on, or None if they are not known.
        parent_name: Name of the model, or "" for a new model.

    Raises:
        DatasetError: There is nothing to train on.
    """
    trained_videos = study_pairs.videos_sharing_frames(prior_pairs.trained_on) if prior_pairs is not None else ()
    split = split_pairs(study_pairs, choices, trained_videos)
    is_training_unknown = parent_name and prior_pairs is None
    if not is_training_unknown:
        return split
    warning = (
        f"The training data of {parent_name} is unknown. If it includes held-out videos, the accuracy is inflated: it "
        "is higher than on unseen people."
    )
    return replace(split, warnings=(warning, *split.warnings))
