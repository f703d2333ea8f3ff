"""Queries of the Fine-tune screen to the study and the tuner: plain values and plain code for their workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.finetuning.split import Division, TuningChoices
from skillviewer.core.ranking.disagreements import Disagreement, agreement_share, find_disagreements
from skillviewer.data.study import Study, versions
from skillviewer.engine.finetuning.job import TuningJob
from skillviewer.engine.finetuning.prior_pairs import divide_for, known_before
from skillviewer.nets.library import digest


@dataclass(frozen=True, slots=True)
class TuningSelection:
    """Choices on the screen."""

    choices: TuningChoices  # rule, hold-out, seed, epochs
    parent: Path | None  # folder of the model to start from, or None
    parent_name: str  # its name, or ""


@dataclass(frozen=True, slots=True)
class TuningRequest:
    """Plan of a training."""

    selection: TuningSelection  # the choices
    job: TuningJob  # the choices together with the study's pairs
    name: str  # common name of all versions of the model
    parent_digest: str | None  # digest of the model to start from, or None
    division: Division | None  # use of each pair, or None where no training is possible
    refusal: str  # reason why no training is possible, or ""


def plan(study: Study, selection: TuningSelection, cache_bytes: int) -> TuningRequest:
    """Return the plan of a training, or the reason why none is possible; the feature cache has a limit in bytes."""
    labels = versions.study_pairs(study, selection.choices.rule)
    parent_digest = digest(selection.parent) if selection.parent is not None else None
    name = versions.known_as(study, parent_digest, selection.parent_name or study.title)
    folder = versions.next_folder(study, name, parent_digest)
    job = TuningJob(labels, selection.choices, selection.parent, folder, cache_bytes=cache_bytes)
    known = known_before(selection.parent, selection.parent_name) if selection.parent is not None else None
    try:
        division, refusal = divide_for(labels, selection.choices, known, selection.parent_name), ""
    except DatasetError as error:
        division, refusal = None, str(error)
    return TuningRequest(selection, job, name, parent_digest, division, refusal)


@dataclass(frozen=True, slots=True)
class RaterDisagreement:
    """Disagreement between a model and the raters."""

    pairs: tuple[Disagreement, ...]  # the pairs, the largest score difference first
    share: float  # share of the assessed pairs with agreement; NaN without any
    n_pairs: int  # number of pairs that raters have ordered
    n_assessed: int  # number of these whose videos both have a score


def disagreement(study: Study, digest_in_use: str, other_scores: Mapping[str, float]) -> RaterDisagreement:
    """Return the disagreement between the model in use and the raters.

    Scores from the list of videos are used where they are more than the study's.
    """
    dataset = versions.study_pairs(study).dataset
    scores = {name: float(score) for name, score in other_scores.items() if name in dataset.names}
    kept_scores = {name: score.score for name, score in study.models.scores(digest_in_use).items()}
    if len(kept_scores) >= len(scores):  # scores of different numbers of passes are not mixed
        scores = kept_scores
    found = find_disagreements(dataset, scores)
    assessed = sum(pair.better in scores and pair.worse in scores for pair in dataset.pairs)
    return RaterDisagreement(found, agreement_share(dataset, scores, found), len(dataset.pairs), assessed)
