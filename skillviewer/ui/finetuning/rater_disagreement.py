"""Pairs that the model in use orders differently from the raters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.finetuning.split import StudyPairs
from skillviewer.core.ranking.disagreements import Disagreement, agreement_share, find_disagreements
from skillviewer.data.study import ModelVersion, Study, versions
from skillviewer.data.trained_pairs import load_trained_clips


@dataclass(frozen=True, slots=True)
class RaterDisagreement:
    """Disagreement between a model and the raters."""

    disagreements: tuple[Disagreement, ...]  # pairs in the other order, the largest score difference first
    trained_pairs: frozenset[
        tuple[str, str]
    ]  # better and worse video of each assessed pair that the model was trained on
    # share of the tested pairs with agreement, 0 to 1; of the pairs trained on if there are no others; NaN without any
    agreement_share: float
    n_pairs: int  # number of pairs that raters have ordered
    n_tested: int  # number of assessed pairs that the model was not trained on, as far as known
    is_training_known: bool  # whether the training pairs of the model are known

    @property
    def n_assessed(self) -> int:
        """Number of pairs whose videos both have a score."""
        return self.n_tested + len(self.trained_pairs)


def compare_with_raters(
    study: Study, model_digest: str, other_scores: Mapping[str, float], version: ModelVersion | None
) -> RaterDisagreement:
    """Return the disagreement between a model and the raters.

    Args:
        study: The study.
        model_digest: Digest of the model.
        other_scores: Scores of the model that may not be saved in the study, by video. They replace the saved scores
            if there are more of them. The two are not mixed, since their numbers of passes may differ.
        version: The version of the model, or None if it does not belong to the study.
    """
    study_pairs = versions.study_pairs(study)
    dataset = study_pairs.dataset
    scores = {name: float(score) for name, score in other_scores.items() if name in dataset.names}
    saved_scores = {name: score.score for name, score in study.models.scores(model_digest).items()}
    if len(saved_scores) >= len(scores):
        scores = saved_scores
    assessed = [pair for pair in dataset.pairs if pair.within(scores)]
    trained = _trained_pairs(study, study_pairs, assessed, version) if version is not None else None
    disagreements = find_disagreements(dataset, scores)
    trained_names: frozenset[tuple[str, str]] = frozenset()
    if trained is not None:
        trained_names = frozenset((pair.better, pair.worse) for pair in trained)
    tested = [pair for pair in assessed if (pair.better, pair.worse) not in trained_names]
    return RaterDisagreement(
        disagreements=disagreements,
        trained_pairs=trained_names,
        agreement_share=agreement_share(tested or assessed, disagreements),
        n_pairs=len(dataset.pairs),
        n_tested=len(tested),
        is_training_known=trained is not None,
    )


def _trained_pairs(
    study: Study, study_pairs: StudyPairs, pairs: Sequence[Pair], version: ModelVersion
) -> list[Pair] | None:
    """Return the pairs that a version was trained on, or None if they are not known.

    Without the list next to the weights, these are the pairs that touch no held-out video and are not reserved, by the
    facts that the study stores.
    """
    trained_clips = load_trained_clips(version.path) if version.path is not None else None
    if trained_clips is not None:
        clips = {video.name: (video.digest, video.clip_range) for video in study.videos.all()}
        return [pair for pair in pairs if trained_clips.has_pair(clips[pair.better], clips[pair.worse])]
    held_out = version.facts.get("held_out_videos")
    if not isinstance(held_out, list):
        return None
    return [pair for pair in pairs if not pair.touches(held_out) and not study_pairs.is_reserved(pair)]
