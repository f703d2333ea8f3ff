"""Scores of one video by other models of the study, and by other versions of the same model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OtherModel:
    """Rank of the video by another model."""

    name: str  # name and version of the other model
    rank: int  # rank of the video by the other model; 1 is the highest score
    own_rank: int  # rank of the video by the model in use
    n: int  # number of ranked videos, which both models have assessed, including this video
    agreement: float  # Spearman's correlation of the two models' scores of the ranked videos; NaN if undefined


class Version(Protocol):
    """A model of a study (``skillviewer.data.study.models.ModelVersion``)."""

    @property
    def digest(self) -> str:
        """SHA-256 of the checkpoint."""

    @property
    def name(self) -> str:
        """Name of the model, shared by its versions."""

    @property
    def number(self) -> int:
        """Version number."""

    @property
    def added_at(self) -> datetime:
        """Time at which the model entered the study."""


def other_models(
    video: str,
    own_scores: Mapping[str, float],
    digest: str,
    models: Sequence[Version],
    scores_by: Callable[[str], Mapping[str, float]],
    max_models: int,
) -> tuple[tuple[OtherModel, ...], tuple[tuple[int, float], ...]]:
    """Compare the scores by the model in use with those by the other models of a study.

    Versions of the model in use derive from one another and are listed apart, since their agreement is no independent
    evidence.

    Args:
        video: Name of the video.
        own_scores: Scores by the model in use, by name of the video.
        digest: Digest of the model in use.
        models: All models of the study.
        scores_by: Returns the scores by the model with a digest.
        max_models: Greatest number of other models.

    Returns:
        Ranks of the video by other models, the latest model first, and the version number and the score of each other
        version of the model in use.
    """
    from skillviewer.core.analysis.model_agreement import rank_agreement  # imports scipy, which takes a second

    model_in_use = next((model for model in models if model.digest == digest), None)
    others = []
    versions = []
    for model in sorted(models, key=attrgetter("added_at"), reverse=True):
        scores = scores_by(model.digest)
        if model.digest == digest or video not in scores:
            continue
        if model_in_use is not None and model.name == model_in_use.name:
            versions.append((model.number, scores[video]))
            continue
        common_names = [name for name in own_scores if name in scores]
        if len(common_names) > 1:
            others.append(
                OtherModel(
                    name=f"{model.name} v{model.number}",
                    rank=1 + sum(scores[name] > scores[video] for name in common_names),
                    own_rank=1 + sum(own_scores[name] > own_scores[video] for name in common_names),
                    n=len(common_names),
                    agreement=rank_agreement(
                        [own_scores[name] for name in common_names], [scores[name] for name in common_names]
                    ),
                )
            )
    return tuple(others[:max_models]), tuple(sorted(versions))
