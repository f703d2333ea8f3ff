"""What the Fine-tune screen asks of the study and of the tuner, as plain values and plain code for their workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.finetuning.split import Division, TuningChoices
from skillviewer.core.ranking.disagreements import Disagreement, agreement_share, find_disagreements
from skillviewer.data.study import ModelVersion, Study, versions
from skillviewer.engine.finetuning.job import TuningJob
from skillviewer.engine.finetuning.prior_pairs import divide_for, known_before
from skillviewer.nets.library import digest


@dataclass(frozen=True, slots=True)
class TuningSelection:
    """What is chosen on the screen.

    Attributes:
        choices: Rule, hold-out, seed, epochs.
        parent: Folder of the model to begin as, or None.
        parent_name: What it is called, or "".
    """

    choices: TuningChoices
    parent: Path | None
    parent_name: str


@dataclass(frozen=True, slots=True)
class TuningRequest:
    """What would be trained.

    Attributes:
        selection: The choices of the form.
        job: The same, with what the study says.
        name: What all versions of the model are called.
        parent_digest: Of the model to begin as, or None.
        division: How the pairs are used; None where nothing can be trained, and then ``refusal`` says why.
        refusal: Why nothing can be trained, or "".
    """

    selection: TuningSelection
    job: TuningJob
    name: str
    parent_digest: str | None
    division: Division | None
    refusal: str


def plan(study: Study, selection: TuningSelection, cache_bytes: int) -> TuningRequest:
    """Return what would be trained, or why nothing can be.

    Args:
        study: The open study.
        selection: The choices of the form.
        cache_bytes: Room for features.
    """
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
class Kept:
    """The versions of a study's models.

    Attributes:
        versions: All of them.
        used: Digest of the one in use, or "".
    """

    versions: tuple[ModelVersion, ...]
    used: str


def kept(study: Study) -> Kept:
    """Return the versions of a study's models."""
    return Kept(study.models.all(), study.settings.model)


@dataclass(frozen=True, slots=True)
class RaterDisagreement:
    """Where a model and the raters disagree.

    Attributes:
        pairs: The pairs, those first of which the model is surest.
        share: Of the assessed pairs on which they agree; NaN without any.
        n_pairs: Pairs that raters have ordered.
        n_assessed: Of these, those whose videos have a score.
    """

    pairs: tuple[Disagreement, ...]
    share: float
    n_pairs: int
    n_assessed: int


def disagreement(study: Study, digest_in_use: str, other_scores: Mapping[str, float]) -> RaterDisagreement:
    """Return where the model in use and the raters disagree.

    Args:
        study: The open study.
        digest_in_use: Digest of the model.
        other_scores: Scores by name from elsewhere; those that the study keeps take precedence.
    """
    dataset = versions.study_pairs(study).dataset
    scores = {name: float(score) for name, score in other_scores.items() if name in dataset.names}
    kept_scores = {name: score.score for name, score in study.models.scores(digest_in_use).items()}
    if len(kept_scores) >= len(scores):  # scores of one pass and of several are not mixed
        scores = kept_scores
    found = find_disagreements(dataset, scores)
    assessed = sum(pair.better in scores and pair.worse in scores for pair in dataset.pairs)
    return RaterDisagreement(found, agreement_share(dataset, scores, found), len(dataset.pairs), assessed)
