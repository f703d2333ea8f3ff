"""Requests of trainings, and their wording."""

import math
from collections.abc import Mapping, Sized
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.choice_folds import CANDIDATES, outer_folds, tested_folds
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, pair_warnings, raters_of, usable_pairs
from skillviewer.core.finetuning.tuning_report import BeforeAfter, Forgetting, ForgettingMethod, format_drift
from skillviewer.core.ranking.disagreements import Disagreement, agreement_share, find_disagreements
from skillviewer.core.ratings.fit_calibration import checked_prospect
from skillviewer.core.text import format_duration, percent, printable
from skillviewer.data.study import Study, versions
from skillviewer.engine.finetuning.first_forecast import first_forecast
from skillviewer.engine.finetuning.job import ChoiceJob, TrainingJob, TuningJob, has_state
from skillviewer.engine.finetuning.prior_pairs import load_prior_pairs, split_study, tuned_prospect
from skillviewer.nets.library import digest


@dataclass(frozen=True, slots=True)
class TuningSelection:
    """Choices on the screen."""

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
    lines: tuple[tuple[str, str], ...]  # (heading, sentence): use of the pairs
    warnings: tuple[str, ...] = ()  # weaknesses of the result, one sentence each
    refusal: str = ""  # reason why no training is possible, or ""
    can_continue: bool = False  # whether a stopped training of the same pairs continues
    first: TrainingForecast | None = None  # about how long it takes, by earlier figures; None if none is possible


def plan(study: Study, selection: TuningSelection, cache_bytes: int) -> TuningPlan:
    """Return the plan of a training, or the reason why none is possible; the feature cache has a limit in bytes."""
    choices = selection.choices
    labels = versions.study_pairs(study, choices.rule, choices.labels, choices.criterion or None)
    parent_digest = digest(selection.parent) if selection.parent is not None else None
    name = versions.version_name(study, parent_digest, selection.parent_name or study.title)
    folder = versions.next_folder(study, name, parent_digest)
    job: TrainingJob
    if selection.level is not None:
        job = ChoiceJob(labels, choices, selection.level, folder, cache_bytes=cache_bytes)
    else:
        job = TuningJob(labels, choices, selection.parent, folder, cache_bytes=cache_bytes)
    lines: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    refusal = ""
    try:
        if isinstance(job, ChoiceJob):
            lines, warnings = _choice_lines(job)
        else:
            lines, warnings = _tuning_lines(job, selection.parent_name)
    except DatasetError as error:
        refusal = str(error)
    first = first_forecast(job) if not refusal else None
    can_continue = not refusal and has_state(job)
    return TuningPlan(selection, job, name, parent_digest, lines, warnings, refusal, can_continue, first)


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
    saved_scores = {name: score.score for name, score in study.models.scores(digest_in_use).items()}
    if len(saved_scores) >= len(scores):  # scores of different numbers of passes are not mixed
        scores = saved_scores
    disagreements = find_disagreements(dataset, scores)
    assessed = sum(pair.better in scores and pair.worse in scores for pair in dataset.pairs)
    return RaterDisagreement(
        disagreements, agreement_share(dataset, scores, disagreements), len(dataset.pairs), assessed
    )


def _counted(n: int, singular: str, plural: str) -> str:
    return (singular if n == 1 else plural).format(n)


def points(value: float) -> str:
    """Return a difference of shares in percentage points, signed, with a true minus sign."""
    return "–" if math.isnan(value) else f"{100 * value:+.1f}".replace("-", "−")


def with_interval(pooled: PooledEstimate) -> str:
    """Return an accuracy with its interval and its number of pairs."""
    if math.isnan(pooled.low):
        reason = "same whoever is left out, so no interval" if pooled.all_alike else "too few for an interval"
        return "{} of {} pairs ({})".format(percent(pooled.value, " %"), pooled.n_pairs, reason)
    return "{} ({} to {}) of {} pairs".format(
        percent(pooled.value, " %"), percent(pooled.low), percent(pooled.high), pooled.n_pairs
    )


def format_gain(compared: BeforeAfter) -> str:
    """Return the gain with its interval and a judgement on it."""
    gain = compared.gain
    if gain is None:
        return "there was no model before"
    if math.isnan(gain.low):
        reason = "same whoever is left out, so no interval" if gain.all_alike else "too few for an interval"
        return f"{points(gain.value)} points ({reason})"
    span = f" ({points(gain.low)} to {points(gain.high)})"
    if compared.beyond_noise:
        judged = "beyond noise"
    elif compared.worse:
        judged = "worse, beyond noise"
    else:
        judged = "within noise"
    return f"{points(gain.value)} points{span}: {judged}"


def _pairs(pairs: Sized) -> str:
    return _counted(len(pairs), "{} pair", "{} pairs")


def _videos(videos: Sized) -> str:
    return _counted(len(videos), "{} video", "{} videos")


def _sources(labels: StudyPairs, fold: Fold) -> str:
    """Return the source of the pairs of a fold: votes with their raters, or ratings."""
    cast = labels.votes_on(fold.train_pairs)
    sources = []
    if cast:
        raters = _counted(len(raters_of(cast)), "{} rater", "{} raters")
        sources.append(f"{_counted(len(cast), '{} vote', '{} votes')} of {raters}")
    if labels.dataset.ratings is not None:
        sources.append(f"ratings of {printable(labels.dataset.criterion or 'skill')}")
    return f", from {' and '.join(sources)}" if sources else ""


def _tuning_lines(job: TuningJob, parent_name: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return (heading, sentence) lines about a fine-tuning, and its warnings; raises as ``split_study`` does."""
    labels = job.study
    dataset = job.study.dataset
    knowledge = load_prior_pairs(job.parent, parent_name) if job.parent is not None else None
    split = split_study(labels, job.choices, knowledge, parent_name)
    fold = split.fold
    participants = sorted({dataset.participants[v] for v in fold.held_out_videos if v in dataset.participants})
    participants_text = f": {', '.join(participants)}" if participants and str(split.by) == "participant" else ""
    lines = [
        ("Trained on", f"{_pairs(fold.train_pairs)} of {_videos(videos_of(fold.train_pairs))}{_sources(labels, fold)}"),
        (
            "Held out",
            ("{} that touches {}, by {}{}" if len(fold.test_pairs) == 1 else "{} that touch {}, by {}{}").format(
                _pairs(fold.test_pairs), _videos(fold.held_out_videos), split.by, participants_text
            ),
        ),
        (
            "Epoch",
            f"chosen on {len(split.inner.test_pairs)} pairs of the training videos, then trained again on all"
            if split.inner is not None
            else "the last one, since the pairs are too few for a choice",
        ),
    ]
    if dataset.ratings is not None:
        lines.append(("Your scale", tuned_prospect(labels, knowledge, parent_name).text))
    if split.reserved:
        lines.append(("Test pairs", f"{len(split.reserved)} pairs chosen at random, never used for training"))
    return tuple(lines), split.warnings


def _choice_lines(job: ChoiceJob) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return (heading, sentence) lines about an automatic choice, and its warnings.

    Raises:
        DatasetError: There is no pair to train on, or there are too few people.
    """
    usable = usable_pairs(job.study)
    pairs = tuple(pair for pair in usable.dataset.pairs if not usable.is_reserved(pair))
    dataset = replace(usable.dataset, pairs=pairs)
    folds = outer_folds(dataset, job.choices.seed, job.level)
    unit = "person" if str(folds.by) == "participant" else "video"
    n_parts = len(folds.folds)
    check_texts = {
        CheckLevel.CROSS_VALIDATED: f"every {unit} is held out once, in {n_parts} parts, and scored by a model that "
        f"was chosen and trained without that {unit}",
        CheckLevel.QUICK: f"1 part of {n_parts} is held out, by {unit}",
    }
    whole = replace(folds.folds[0], train_pairs=pairs)
    lines = [
        ("Trained on", f"{_pairs(pairs)} of {_videos(videos_of(pairs))}{_sources(usable, whole)}"),
        ("Model", f"the best of {', '.join(CANDIDATES)}, compared within what each is trained on"),
        ("Checked", check_texts[job.level]),
        ("Compared with", "duration and motion alone" + (", and one rater" if _several_raters(dataset) else "")),
    ]
    if dataset.ratings is not None:
        lines.append(("Your scale", checked_prospect(dataset, tested_folds(folds, job.level)).text))
    if usable.reserved:
        lines.append(("Test pairs", f"{len(usable.reserved)} pairs chosen at random, never used for training"))
    return tuple(lines), tuple(filter(None, (folds.warning, *pair_warnings(job.study, usable.dataset))))


def _several_raters(dataset: Dataset) -> bool:
    raters = {vote.rater for vote in dataset.judgements}
    raters |= {rating.rater for rating in dataset.ratings.ratings} if dataset.ratings is not None else set()
    return len(raters) > 1


PHASES = {"features": "Features", "checking": "Checking", "training": "Training"}
"""Names of the phases of a forecast, for the user."""


def forecast_lines(forecast: TrainingForecast) -> list[tuple[str, str]]:
    """Return (heading, text) lines: the time in all, and that of every phase with a sentence."""
    total = f"about {format_duration(forecast.total_s)} on this computer"
    if forecast.is_first:
        total = f"{total}, by earlier figures; counting …"
    lines = [("Time", " ".join(filter(None, (f"{total}.", forecast.busy_text))))]
    for phase in forecast.phases:
        time = f"about {format_duration(phase.seconds)}: " if phase.seconds else ""
        lines.append((PHASES[phase.name], f"{time}{phase.text}"))
    return lines


def format_forgetting(forgetting: Forgetting) -> str:
    """Return the effect on the pairs known before."""
    if forgetting.pairs is not None:
        before = forgetting.pairs.before
        first = percent(before.value, " %") if before is not None else "–"
        return f"{first} before, {with_interval(forgetting.pairs.after)} now, {format_gain(forgetting.pairs)}"
    if forgetting.kind is ForgettingMethod.DRIFT:
        return format_drift(forgetting)
    return forgetting.description
