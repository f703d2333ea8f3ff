"""Prospect of the raters' scale for a fine-tuning: whether enough people are new to the initial model."""

from dataclasses import replace

from skillviewer.core.evaluation.training_forecast import ScaleProspect
from skillviewer.core.finetuning.split import StudyPairs
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.engine.finetuning.prior_pairs import PriorPairs

TRAINING_DATA_UNKNOWN = (
    "It is not known what the initial model was trained on, so no one here is known to be new to it."
)


def tuned_scale_prospect(study: StudyPairs, prior: PriorPairs | None, parent_name: str) -> ScaleProspect:
    """Return the prospect of the raters' scale for a fine-tuning; see ``scale_prospect``.

    Args:
        study: Pairs of the study.
        prior: Pairs that the initial model was trained on, or None if they are not known.
        parent_name: Name of the initial model, or "" if there is none.
    """
    if prior is None and parent_name:
        text = f"{TRAINING_DATA_UNKNOWN} Scores stay on the model's own scale."
        return replace(scale_prospect(study.dataset), n_people=0, text=text)
    trained_videos = study.videos_sharing_frames(prior.trained_on) if prior is not None else ()
    return scale_prospect(study.dataset, trained_videos)
