"""Pairs of a study for fine-tuning, and the versions of its models."""

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
"""Purposes of votes on test pairs, which were drawn at random and are reserved for testing."""


def study_pairs(
    study: Study, rule: str | None = None, labels: LabelSource = LabelSource.BOTH, criterion: str | None = None
) -> StudyPairs:
    """Return the data set of a study with its reserved test pairs; see ``study_dataset`` for the arguments.

    Test pairs come from votes, so that there are none if ``labels`` leaves votes out.

    Raises:
        DatasetError: There is no such rule.
        StudyError: There is no such criterion.
    """
    from skillviewer.core.ranking.consensus import rule_named  # scipy takes a second

    named_rule = None if rule is None else rule_named(rule)
    dataset = study_dataset(study, labels, criterion, named_rule)
    votes = study.votes.of_criterion(criterion) if labels is not LabelSource.RATINGS else ()
    reserved_pairs = {
        SimilarPair(vote.left, vote.right) for vote in votes if vote.is_valid and vote.purpose in RESERVED_PURPOSES
    }
    digests = {video.name: video.digest for video in study.videos.all() if video.digest}
    return StudyPairs(dataset, frozenset(reserved_pairs), digests)


def version_name(study: Study, digest: str | None, default: str) -> str:
    """Return the name that a model and its versions have in a study, or ``default`` if the study does not know it."""
    for version in study.models.all():
        if version.digest == digest:
            return version.name
    return default


def next_folder(study: Study, name: str, parent_digest: str | None = None) -> Path:
    """Return an unused folder for the next version of a model, in the data folder of the program.

    ``propose`` adds an unknown parent as a version of its own, so that the new version gets the number after it.
    """
    versions = study.models.all()
    last_number = max((version.number for version in versions if version.name == name), default=0)
    number = last_number + 1
    if parent_digest is not None and parent_digest not in {version.digest for version in versions}:
        number += 1
    while True:
        folder = data_dir() / "models" / f"{safe_name(name)}-v{number}"
        if not _is_taken(folder):
            return folder
        number += 1


def _is_taken(folder: Path) -> bool:
    """Return True if a folder exists, or a training in progress will create it."""
    unfinished = training_folder(folder)
    return folder.exists() or any(folder.parent.glob(f"{glob.escape(unfinished.name)}*"))


def propose(
    study: Study,
    digest: str,
    name: str,
    folder: Path,
    facts: Mapping[str, object],
    parent: tuple[str, Path] | None = None,
) -> ModelVersion:
    """Add a trained model to the study as a proposed version. The parent is added too, so that users can return to it.

    A repeated training gives a checkpoint whose version is in the study already. If that version has another folder and
    was not discarded, it is returned unchanged.

    Args:
        study: The study.
        digest: Digest of the checkpoint.
        name: Name of the model and its versions.
        folder: Folder of the checkpoint.
        facts: Training, data and accuracy of the version, as JSON values.
        parent: Digest and folder of the parent, or None.

    Raises:
        StudyError: The study cannot be written.
    """
    version_by_digest = {version.digest: version for version in study.models.all()}
    known_version = version_by_digest.get(digest)
    if known_version is not None:
        is_discarded = known_version.state is ModelState.DISCARDED
        if not is_discarded and is_stored_elsewhere(known_version, folder):
            return known_version
    parent_digest = None
    if parent is not None:
        parent_digest, parent_folder = parent
        if parent_digest not in version_by_digest:
            study.models.add(parent_digest, name, parent_folder)
    version = study.models.add(digest, name, folder, parent=parent_digest, state=ModelState.PROPOSED, facts=facts)
    if version.state is ModelState.DISCARDED:
        return study.models.set_state(digest, ModelState.PROPOSED)
    return version


def is_stored_elsewhere(version: ModelVersion, folder: Path) -> bool:
    """Return True if the study finds the checkpoint of a version in another folder than this one."""
    return version.path is not None and version.path.resolve() != folder.resolve()


def accept(study: Study, digest: str) -> ModelVersion:
    """Accept a version and use it by default; a user returns to an earlier version in the same way.

    Raises:
        StudyError: There is no such model, or the study cannot be written.
    """
    version = study.models.set_state(digest, ModelState.ACCEPTED)
    study.use_model(digest)
    return version


def discard(study: Study, digest: str) -> ModelVersion:
    """Discard a version, which stays listed; the caller removes its checkpoint.

    Raises:
        StudyError: There is no such model, or the study cannot be written.
    """
    return study.models.set_state(digest, ModelState.DISCARDED)


def checkpoint_changed_error(name: str, folder: Path) -> StudyError:
    """Return the error for a checkpoint that has changed since it entered the study."""
    return StudyError(f"The checkpoint at {folder} is no longer the version of {name} that this study knows.")
