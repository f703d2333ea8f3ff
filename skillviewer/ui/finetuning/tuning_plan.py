"""The plan of a training: its job, its use of the pairs, and what speaks against it."""

from collections.abc import Sized
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.choice_folds import CANDIDATES, outer_folds, tested_folds
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, pair_warnings, raters_of, usable_pairs
from skillviewer.core.ratings.fit_calibration import checked_prospect
from skillviewer.core.ratings.reliability import describe_raters
from skillviewer.core.text import counted, printable
from skillviewer.data.study import Study, versions
from skillviewer.engine.finetuning.first_forecast import first_forecast
from skillviewer.engine.finetuning.job import AutoModelJob, TrainingJob, TuningJob, has_state
from skillviewer.engine.finetuning.prior_pairs import load_prior_pairs
from skillviewer.engine.finetuning.split_study import split_study
from skillviewer.engine.finetuning.tuned_scale_prospect import tuned_scale_prospect
from skillviewer.nets.model_library import checkpoint_digest

_CHECKS = {CheckLevel.CROSS_VALIDATED: "cross-validated", CheckLevel.QUICK: "quick look"}
"""Names of the checks of an automatic choice in a sentence."""

Line = tuple[str, str]
"""A heading, and a sentence."""


@dataclass(frozen=True, slots=True)
class TuningSelection:
    """The user's choices for a training."""

    choices: TuningChoices  # rule, hold-out, seed, epochs
    parent: Path | None = None  # folder of the model to start from, or None
    parent_name: str = ""  # its name, or ""
    level: CheckLevel | None = None  # effort of the check if the program chooses the model, else None


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """Plan of a training."""

    selection: TuningSelection  # the choices
    job: TrainingJob  # the choices together with the study's pairs
    name: str  # common name of all versions of the model
    parent_digest: str | None  # digest of the model to start from, or None
    lines: tuple[Line, ...]  # what is trained and what its check can tell
    details: tuple[Line, ...] = ()  # how the pairs are used and the result is checked
    warnings: tuple[str, ...] = ()  # weaknesses of the result, one sentence each
    refusal: str = ""  # reason why no training is possible, or ""
    can_continue: bool = False  # true if a stopped training of the same pairs continues
    first_forecast: TrainingForecast | None = None  # forecast by earlier figures; None if none is possible
    other_check: str = ""  # the other check of an automatic choice, and what it lacks, or ""


def make_plan(study: Study, selection: TuningSelection, cache_bytes: int) -> TuningPlan:
    """Return the plan of a training; its ``refusal`` says why no training is possible.

    Args:
        study: Study with the pairs.
        selection: Choices of the user.
        cache_bytes: Limit of the feature cache.
    """
    choices = selection.choices
    labels = versions.study_pairs(study, choices.rule, choices.labels, choices.criterion or None)
    parent_digest = checkpoint_digest(selection.parent) if selection.parent is not None else None
    name = versions.version_name(study, parent_digest, selection.parent_name or study.title)
    folder = versions.next_folder(study, name, parent_digest)
    job: TrainingJob
    if selection.level is not None:
        job = AutoModelJob(labels, choices, selection.level, folder, cache_bytes=cache_bytes)
    else:
        job = TuningJob(labels, choices, selection.parent, folder, cache_bytes=cache_bytes)
    try:
        if isinstance(job, AutoModelJob):
            description = _describe_choice(job)
        else:
            description = _describe_tuning(job, selection.parent_name)
    except DatasetError as error:
        return TuningPlan(selection, job, name, parent_digest, lines=(), refusal=str(error))
    return TuningPlan(
        selection,
        job,
        name,
        parent_digest,
        description.lines,
        description.details,
        description.warnings,
        can_continue=has_state(job),
        first_forecast=first_forecast(job),
        other_check=description.other_check,
    )


@dataclass(frozen=True, slots=True)
class _Description:
    """Description of a training, with fields as in ``TuningPlan``."""

    lines: tuple[Line, ...]
    details: tuple[Line, ...]
    warnings: tuple[str, ...]
    other_check: str = ""


def _describe_tuning(job: TuningJob, parent_name: str) -> _Description:
    """Return the description of a fine-tuning; raises as ``split_study`` does."""
    labels = job.study_pairs
    dataset = labels.dataset
    prior_pairs = load_prior_pairs(job.parent, parent_name) if job.parent is not None else None
    split = split_study(labels, job.choices, prior_pairs, parent_name)
    fold = split.fold
    epoch_text = "the last one, since the pairs are too few for a choice"
    if split.inner_fold is not None:
        n_inner = len(split.inner_fold.test_pairs)
        epoch_text = f"chosen on {n_inner} pairs of the training videos, then trained again on all"
    lines = [
        ("Learns from", _describe_training_pairs(labels, fold)),
        ("Held out", _describe_held_out(dataset, fold, str(split.fold_unit))),
    ]
    if dataset.ratings is not None:
        lines.append(("Raters", describe_raters(dataset.ratings, dataset.criterion)))
        lines.append(("Your scale", tuned_scale_prospect(labels, prior_pairs, parent_name).text))
    details = [("Epoch", epoch_text)]
    if split.reserved:
        details.append(_describe_reserved(split.reserved))
    return _Description(tuple(lines), tuple(details), split.warnings)


def _describe_choice(job: AutoModelJob) -> _Description:
    """Return the description of an automatic choice.

    Raises:
        DatasetError: There is no pair to train on, or there are too few people.
    """
    usable = usable_pairs(job.study_pairs)
    pairs = tuple(pair for pair in usable.dataset.pairs if not usable.is_reserved(pair))
    dataset = replace(usable.dataset, pairs=pairs)
    folds = outer_folds(dataset, job.choices.seed, job.level)
    unit = "person" if str(folds.fold_unit) == "participant" else "video"
    n_parts = len(folds.folds)
    check_texts = {
        CheckLevel.CROSS_VALIDATED: f"every {unit} is held out once, in {n_parts} parts, and scored by a model that "
        f"was chosen and trained without that {unit}",
        CheckLevel.QUICK: f"1 part of {n_parts} is held out, by {unit}",
    }
    baselines = "two simple baselines: the duration, and how much moves"
    if _has_several_raters(dataset):
        baselines += "; and one rater"
    all_pairs = replace(folds.folds[0], train_pairs=pairs)
    lines = [
        ("Learns from", _describe_training_pairs(usable, all_pairs)),
        ("Compares", f"{len(CANDIDATES)} models: {', '.join(CANDIDATES)}"),
    ]
    other_check = _CHECKS[job.level.other]
    if dataset.ratings is not None:
        prospect = checked_prospect(dataset, tested_folds(folds, job.level))
        other_prospect = checked_prospect(dataset, tested_folds(folds, job.level.other))
        lines.append(("Raters", describe_raters(dataset.ratings, dataset.criterion)))
        lines.append(("Your scale", prospect.text))
        if prospect.is_possible and not other_prospect.is_possible:
            other_check += ", without intervals on your scale"
    else:
        tested_videos = {video for fold in tested_folds(folds, job.level) for video in fold.held_out_videos}
        n_tested = len({dataset.participants.get(video, video) for video in tested_videos})
        tested_text = counted(n_tested, unit, "people" if unit == "person" else "")
        lines.append(("Check", f"on {tested_text} held out"))
    details = [("Checked", check_texts[job.level]), ("Beside", baselines)]
    if usable.reserved:
        details.append(_describe_reserved(usable.reserved))
    warnings = [folds.warning, *pair_warnings(job.study_pairs, usable.dataset)]
    shown_warnings = tuple(warning for warning in warnings if warning)
    return _Description(tuple(lines), tuple(details), shown_warnings, other_check)


def _describe_training_pairs(labels: StudyPairs, fold: Fold) -> str:
    """Return the numbers of training pairs and their videos, and the source of the pairs: votes or ratings."""
    text = f"{_pairs(fold.train_pairs)} of {_videos(videos_of(fold.train_pairs))}"
    sources = []
    votes = labels.votes_on(fold.train_pairs)
    if votes:
        n_raters = len(raters_of(votes))
        sources.append(f"{counted(len(votes), 'vote')} of {counted(n_raters, 'rater')}")
    if labels.dataset.ratings is not None:
        criterion = labels.dataset.criterion or "skill"
        sources.append(f"ratings of {printable(criterion)}")
    return f"{text}, from {' and '.join(sources)}" if sources else text


def _describe_held_out(dataset: Dataset, fold: Fold, unit: str) -> str:
    """Return the numbers of held-out pairs and videos, and the unit; participants are named."""
    verb = "touches" if len(fold.test_pairs) == 1 else "touch"
    text = f"{_pairs(fold.test_pairs)} that {verb} {_videos(fold.held_out_videos)}, by {unit}"
    if unit == "participant":
        known_videos = dataset.participants.keys() & set(fold.held_out_videos)
        participants = sorted({dataset.participants[video] for video in known_videos})
        if participants:
            text = f"{text}: {', '.join(participants)}"
    return text


def _describe_reserved(reserved: Sized) -> Line:
    return "Test pairs", f"{len(reserved)} pairs chosen at random, never used for training"


def _pairs(pairs: Sized) -> str:
    return counted(len(pairs), "pair")


def _videos(videos: Sized) -> str:
    return counted(len(videos), "video")


def _has_several_raters(dataset: Dataset) -> bool:
    raters = {vote.rater for vote in dataset.judgements}
    if dataset.ratings is not None:
        raters |= {rating.rater for rating in dataset.ratings.ratings}
    return len(raters) > 1
