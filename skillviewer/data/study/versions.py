"""Fine-tuning and the study: its pairs with the honest test set, and versions of a model to accept or discard."""

import glob
from collections.abc import Mapping
from pathlib import Path

from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.dataset.pairs import SimilarPair
from skillviewer.core.errors import StudyError
from skillviewer.core.finetuning.split import StudyPairs
from skillviewer.core.paths import data_dir, safe_name, training_folder
from skillviewer.core.ranking.pair_selection import SelectionReason
from skillviewer.data.study.models import ModelState, ModelVersion
from skillviewer.data.study.study import Study
from skillviewer.data.study.study_dataset import study_dataset

RESERVED_PURPOSES = frozenset({SelectionReason.TEST.value, "random"})
"""Purposes of votes on pairs that were chosen at random: these pairs are the honest test set."""


def study_pairs(
    study: Study, rule: str | None = None, labels: LabelSource = LabelSource.BOTH, criterion: str | None = None
) -> StudyPairs:
    """Return the data set of a study with its honest test set; see ``study_dataset`` for the arguments.

    The honest test set belongs to the votes: without them there is none.

    Raises:
        DatasetError: There is no such rule.
        StudyError: There is no such criterion.
    """
    from skillviewer.core.ranking.consensus import rule_named  # scipy takes a second

    dataset = study_dataset(study, labels, criterion, None if rule is None else rule_named(rule))
    votes = study.votes.in_use(criterion) if labels is not LabelSource.RATINGS else ()
    reserved = {
        SimilarPair(vote.left, vote.right) for vote in votes if vote.is_valid and vote.purpose in RESERVED_PURPOSES
    }
    return StudyPairs(
        dataset, frozenset(reserved), {video.name: video.digest for video in study.videos.all() if video.digest}
    )


def version_name(study: Study, digest: str | None, otherwise: str) -> str:
    """Return the name of a model (None: a training from scratch) and its versions in a study, or ``otherwise``."""
    for version in study.models.all():
        if version.digest == digest:
            return version.name
    return otherwise


def next_folder(study: Study, name: str, begun_as: str | None = None) -> Path:
    """Return an unused folder for the next version of a model of that name, among the user's own models.

    ``begun_as`` is the digest of the parent; if the study does not know it yet, it will be version 1.
    """
    versions = study.models.all()
    numbers = [version.version for version in versions if version.name == name]
    if begun_as is not None and begun_as not in {version.digest for version in versions}:
        numbers.append(max(numbers, default=0) + 1)
    number = max(numbers, default=0) + 1
    while _taken(folder := data_dir() / "models" / f"{safe_name(name)}-v{number}"):
        number += 1
    return folder


def _taken(folder: Path) -> bool:
    """Return True if the path exists, or a training in progress will create it."""
    under_way = training_folder(folder)
    return folder.exists() or any(folder.parent.glob(f"{glob.escape(under_way.name)}*"))


def propose(
    study: Study,
    digest: str,
    name: str,
    folder: Path,
    facts: Mapping[str, object],
    parent: tuple[str, Path] | None = None,
) -> ModelVersion:
    """Add a new version as proposed, and its parent, so that the user can return to it.

    A repeated training gives the same checkpoint: its version stays unchanged (see ``lies_elsewhere``), unless it was
    discarded. Facts are values of JSON.

    Errors are those of ``Study``.
    """
    by_digest = {version.digest: version for version in study.models.all()}
    same = by_digest.get(digest)
    if same is not None and same.state is not ModelState.DISCARDED and lies_elsewhere(same, folder):
        return same
    if parent is not None and parent[0] not in by_digest:
        study.models.add(parent[0], name, parent[1])
    version = study.models.add(
        digest, name, folder, parent=parent[0] if parent is not None else None, state=ModelState.PROPOSED, facts=facts
    )
    return study.models.decide(digest, ModelState.PROPOSED) if version.state is ModelState.DISCARDED else version


def lies_elsewhere(version: ModelVersion, folder: Path) -> bool:
    """Return True if the files of a version are not in a folder, which then holds only a copy of them."""
    return version.path is not None and version.path.resolve() != folder.resolve()


def accept(study: Study, digest: str) -> ModelVersion:
    """Accept a version and make it the one in use, also to return to an earlier one; errors are those of ``Study``."""
    version = study.models.decide(digest, ModelState.ACCEPTED)
    study.use_model(digest)
    return version


def discard(study: Study, digest: str) -> ModelVersion:
    """Discard a version, which stays listed; the caller removes its checkpoint. Errors are those of ``Study``."""
    return study.models.decide(digest, ModelState.DISCARDED)


def changed(name: str, folder: Path) -> StudyError:
    """Return the error for a checkpoint that has changed since it entered the study."""
    return StudyError(f"The checkpoint at {folder} is no longer the version of {name} that this study knows.")
