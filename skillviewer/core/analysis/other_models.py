"""How other models see a video that one model has scored: those of the study, and other versions of the same one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OtherModel:
    """How another model sees the video.

    Attributes:
        name: Its name and version.
        rank: Rank of the video by its scores; 1 is the highest.
        own_rank: The same by the model that is told of.
        n: Comparable videos that both have assessed, with this one.
        agreement: Spearman's correlation of the two models' scores of these; NaN where it is not defined.
    """

    name: str
    rank: int
    own_rank: int
    n: int
    agreement: float


class Version(Protocol):
    """A model of a study: ``skillviewer.data.study.models.ModelVersion``."""

    @property
    def digest(self) -> str:
        """Digest of its checkpoint."""
        ...

    @property
    def name(self) -> str:
        """Its name, shared by its versions."""
        ...

    @property
    def version(self) -> int:
        """Which of them it is."""
        ...

    @property
    def added_at(self) -> datetime:
        """Since when the study has it."""
        ...


def other_models(
    video: str,
    own: Mapping[str, float],
    digest: str,
    models: Sequence[Version],
    scores_by: Callable[[str], Mapping[str, float]],
    most: int,
) -> tuple[tuple[OtherModel, ...], tuple[tuple[int, float], ...]]:
    """Return how other models see a video, the latest first, and (version, score) by other versions of this one.

    A version was made from another one: that it agrees speaks for neither, so it is none of the other models.

    Args:
        video: Its name.
        own: Scores by the model, of the video and of those that it is compared with.
        digest: The model's.
        models: The models of the study.
        scores_by: Digest of a model -> its scores by name of video.
        most: Other models that are told of.
    """
    from skillviewer.core.analysis.model_agreement import rank_agreement  # scipy takes a second

    this = next((model for model in models if model.digest == digest), None)
    found, versions = [], []
    for model in sorted(models, key=lambda m: m.added_at, reverse=True):
        scores = scores_by(model.digest)
        if model.digest == digest or video not in scores:
            continue
        if this is not None and model.name == this.name:
            versions.append((model.version, scores[video]))
            continue
        shared = [name for name in own if name in scores]
        if len(shared) > 1:
            found.append(
                OtherModel(
                    name=f"{model.name} v{model.version}",
                    rank=1 + sum(scores[name] > scores[video] for name in shared),
                    own_rank=1 + sum(own[name] > own[video] for name in shared),
                    n=len(shared),
                    agreement=rank_agreement([own[name] for name in shared], [scores[name] for name in shared]),
                )
            )
    return tuple(found[:most]), tuple(sorted(versions))
