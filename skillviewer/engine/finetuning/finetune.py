"""Fine-tuning of a model on the pairs of a study: from the study to a checkpoint with a report."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.analysis.familiarity import learn_familiarity
from skillviewer.core.arrays import Float32Array
from skillviewer.core.atomic_write import check_room
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import Cancelled, CheckpointError, SettingsError, SkillViewerError, os_error_as
from skillviewer.core.evaluation.accuracy_text import format_estimate
from skillviewer.core.finetuning.before_after import BeforeAfter, format_interval
from skillviewer.core.finetuning.forgetting import ForgettingMethod, format_drift
from skillviewer.core.finetuning.split import raters_of, without_names
from skillviewer.core.finetuning.tuning_report import TuningReport
from skillviewer.core.finetuning.version_accuracy import accuracy_facts
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report
from skillviewer.core.text import finite_or_none
from skillviewer.data.trained_pairs import PAIRS_FILE, TrainedPair, TrainedVideo, write_pairs
from skillviewer.engine.features.feature_statistics import mean_features
from skillviewer.engine.finetuning.before_after import compare, predict_before
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import TuningJob, TuningResult
from skillviewer.engine.finetuning.tuned_scale import learn_tuned_scale
from skillviewer.engine.finetuning.tuning_baselines import predict_baselines
from skillviewer.engine.finetuning.tuning_data import TuningData, prepare_tuning
from skillviewer.engine.finetuning.tuning_loop import TunedModel, tune
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.run_folder import write_json, write_log
from skillviewer.engine.training.run_record import new_model_card
from skillviewer.export.rendering.matplotlib_figure import import_matplotlib
from skillviewer.nets.checkpoint import Checkpoint, CheckpointExtras, save_checkpoint
from skillviewer.nets.model_card import HeldOut, ModelCard

REPORT = "report.json"
"""File with the report, in the folder of the checkpoint."""

ROOM_BYTES = 200 * 2**20
"""Free space that the checkpoint, its log and the state of the training need."""


def finetune(job: TuningJob, token: CancelToken, report: Report, stop: CancelToken = NEVER) -> TuningResult:
    """Train a copy of the parent model and write it as a new checkpoint. The parent is never changed.

    Args:
        job: The job.
        token: Cancelled to end without a checkpoint; the same job continues from the state that was saved.
        report: Receives the progress over videos, batches (``BatchRow``) and epochs (``TuningRow``).
        stop: Cancelled to end the training early with the best epoch so far.

    Raises:
        DatasetError: There is nothing to train on.
        CheckpointError: The model cannot be read, the folder exists already, or the disk is full. The state of the
            training stays in the work folder, and the same job continues from it.
        DeviceError: The device ran out of memory.
        SettingsError: The training diverged.
    """
    if job.folder.exists():
        raise CheckpointError(f"There is something at {job.folder} already. Choose another name.")
    work = job.work_folder()
    for folder in (job.folder.parent, work):
        check_room(folder, ROOM_BYTES, "A training needs", CheckpointError)
    device = choose_device(job.device_name)
    with device_errors():
        initial_model = InitialModel.of(job.parent, device, job.cache(), job.choices.model)
        tuning_data = prepare_tuning(initial_model, job.study_pairs, job.choices, token, report)
    # the folder is named after the split: if one more video can be read, the split changes, and the old state may have
    # been trained on videos that are now held out
    state_folder = work / tuning_data.split.digest[:16]
    with os_error_as(CheckpointError, f"{work} cannot be made"):
        state_folder.mkdir(parents=True, exist_ok=True)
    try:
        with device_errors():
            baseline_predictions = predict_before(tuning_data, token, report)
            baseline_scores = predict_baselines(tuning_data, token, report)
            # embeddings and figures are prepared before the training, so that little is left to do when it ends
            names = videos_of(tuning_data.split.fold.train_pairs)
            embeddings = dict(zip(names, mean_features(tuning_data.store, names), strict=True))
            import_matplotlib()
            tuned = tune(tuning_data, job.choices, token, report, stop, work=state_folder)
            scale = learn_tuned_scale(tuning_data, tuned, job.choices, token, report, stop, work=state_folder)
            tuning_report = compare(tuning_data, tuned, baseline_predictions, token, report, baseline_scores)
            token.check()
            report(Progress("writing the checkpoint", 0, 1))
            checkpoint = _save(job, tuning_data, tuned, tuning_report, embeddings, scale)
    except SettingsError:
        shutil.rmtree(work, ignore_errors=True)  # it would diverge again
        raise
    except (SkillViewerError, Cancelled):
        raise  # the state stays, so that the same job continues: the user stopped it, or the disk was full
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    shutil.rmtree(work, ignore_errors=True)
    parent = initial_model.parent
    parent_digest = parent.digest if parent is not None else None
    parent_name = parent.name if parent is not None else ""
    return TuningResult(
        folder=checkpoint.folder,
        digest=checkpoint.digest,
        parent_digest=parent_digest,
        parent_name=parent_name,
        report=tuning_report,
        facts=_facts(job, tuning_data, tuned, tuning_report),
    )


def _save(
    job: TuningJob,
    tuning_data: TuningData,
    tuned: TunedModel,
    tuning_report: TuningReport,
    embeddings: Mapping[str, Float32Array],
    scale: ScoreCalibration | None,
) -> Checkpoint:
    initial_model = tuning_data.initial
    trained_names = videos_of(tuned.fold.train_pairs)
    familiarity = learn_familiarity(np.stack([embeddings[name] for name in trained_names]))

    def write_extras(folder: Path) -> None:
        write_log(folder, tuned.rows, job.folder.name)
        write_json(folder / REPORT, tuning_report)
        write_pairs(folder / PAIRS_FILE, _trained_pairs(tuning_data, tuned))

    streams = initial_model.parent.streams if initial_model.parent is not None else None
    return save_checkpoint(
        job.folder,
        initial_model.config,
        tuned.model,
        _card(job, tuning_data, tuned, tuning_report, scale),
        extras=CheckpointExtras(streams=streams, familiarity=familiarity, write=write_extras),
    )


def describe_labels(dataset: Dataset) -> str:
    """Return the source of the pairs of a study as text: votes, ratings, both, or stated pairs."""
    has_ratings = dataset.ratings is not None
    if not dataset.judgements:
        return "ratings" if has_ratings else "stated pairs"
    return "votes and ratings" if has_ratings else "votes"


def _trained_pairs(tuning_data: TuningData, tuned: TunedModel) -> list[TrainedPair]:
    """Return the training pairs of the new model, including inherited ones."""
    study_pairs = tuning_data.study_pairs
    videos = {}
    for video in study_pairs.dataset.videos:
        if video.path is not None:
            digest = study_pairs.digests.get(video.name, "")
            videos[video.name] = TrainedVideo(video.name, video.path, digest, video.clip_range)
    trained_pairs = set(tuned.fold.train_pairs)
    new_pairs = []
    for pair in tuning_data.split.fold.train_pairs:
        use = "trained" if pair in trained_pairs else "chose"
        new_pairs.append(TrainedPair(videos[pair.better], videos[pair.worse], use))
    return new_pairs + list(tuning_data.inherited_pairs)


def _accuracy_text(comparison: BeforeAfter) -> str:
    accuracy_after = comparison.after
    text = f"{format_estimate(accuracy_after)} of {accuracy_after.n_pairs} pairs"
    if comparison.before is not None and comparison.gain is not None:
        text += f", before {100 * comparison.before.value:.1f} %, gain {100 * comparison.gain.value:+.1f} points"
        text += f" ({format_interval(comparison.gain, '+.1f')})"
    return text


def _forgetting_text(tuning_report: TuningReport) -> str:
    forgetting = tuning_report.forgetting
    if forgetting.method is ForgettingMethod.DRIFT:
        return f"{forgetting.description}: {format_drift(forgetting)}"
    if forgetting.pair_accuracy is not None:
        return f"{forgetting.description}: {_accuracy_text(forgetting.pair_accuracy)}"
    return forgetting.description


def _held_out_rule(tuning_data: TuningData, tuning_report: TuningReport) -> str:
    split = tuning_data.split
    n_held_out = len(split.fold.held_out_videos)
    n_videos = len(tuning_data.study_pairs.dataset.videos)
    return f"{n_held_out} of {n_videos} videos held out by {split.fold_unit}, never by pair; {tuning_report.selection}"


def _card(
    job: TuningJob,
    tuning_data: TuningData,
    tuned: TunedModel,
    tuning_report: TuningReport,
    scale: ScoreCalibration | None,
) -> ModelCard:
    study_pairs = tuning_data.study_pairs
    fold = tuned.fold
    dataset = study_pairs.dataset
    votes = study_pairs.votes_on(fold.train_pairs)
    if votes:
        label_source = f"from {len(votes)} votes of {len(raters_of(votes))} raters"
    elif dataset.ratings is not None:
        label_source = "from ratings"
    else:
        label_source = "as stated"
    n_pairs = len(fold.train_pairs)
    n_videos = len(videos_of(fold.train_pairs))
    training_data = f"{dataset.name}: {n_pairs} pairs of {n_videos} videos, {label_source}. {dataset.rule}"
    preset = tuning_data.initial.config.preset
    held_out_rule = _held_out_rule(tuning_data, tuning_report)
    ceilings = [(row.title.lower(), row.accuracy.value) for row in tuning_report.baselines]
    if tuning_report.one_rater is not None:
        ceilings.append(("one rater", tuning_report.one_rater.value))
    return msgspec.structs.replace(
        new_model_card(job.folder.name, dataset, fold, training_data, job.choices.seed, preset),
        held_out=HeldOut.of(tuning_report.held_out.after, held_out_rule, tuning_report.both_new),
        ceilings=tuple(ceilings),
        verdict=tuning_report.verdict,
        notes=_card_notes(tuning_data, tuned, tuning_report),
        raters_scale=scale,
    )


def _card_notes(tuning_data: TuningData, tuned: TunedModel, tuning_report: TuningReport) -> str:
    """Return the notes of the card, without names of videos and participants: a checkpoint may be passed on."""
    dataset = tuning_data.study_pairs.dataset
    parent = tuning_data.initial.parent
    start = f"from {parent.name} (digest {parent.digest[:16]})" if parent is not None else "from nothing"
    notes = [
        f"Trained {start} on the {describe_labels(dataset)} of a study; the head alone, on frozen features.",
        f"Held out: {_accuracy_text(tuning_report.held_out)}.",
    ]
    if tuning_report.reserved is not None:
        notes.append(f"Chosen at random and held out: {_accuracy_text(tuning_report.reserved)}.")
    notes.append(f"Forgetting check: {_forgetting_text(tuning_report)}.")
    if tuned.precision != "float32":
        notes.append(f"Trained in {tuned.precision}.")
    names = {*dataset.names, *dataset.participants.values()}
    notes += [without_names(warning, names) for warning in tuning_report.warnings]
    return " ".join(notes)


def _facts(
    job: TuningJob, tuning_data: TuningData, tuned: TunedModel, tuning_report: TuningReport
) -> dict[str, object]:
    """Return the facts on the new version that the study stores."""
    study_pairs = tuning_data.study_pairs
    fold = tuning_data.split.fold
    held_out = tuning_report.held_out
    train_pairs = tuned.fold.train_pairs
    votes = study_pairs.votes_on(train_pairs)
    accuracy_before = finite_or_none(held_out.before.value) if held_out.before is not None else None
    gain = finite_or_none(held_out.gain.value) if held_out.gain is not None else None
    return {
        "videos": len(videos_of(train_pairs)),
        "pairs": len(train_pairs),
        "held_out_videos": list(fold.held_out_videos),
        "held_out_by": str(tuning_data.split.fold_unit),
        "votes": len(votes),
        "raters": list(raters_of(votes)),
        "rule": job.choices.rule,
        "seed": job.choices.seed,
        **accuracy_facts(held_out.after, tuning_report.both_new),
        "accuracy_before": accuracy_before,
        "gain": gain,
        "known_before": _forgetting_text(tuning_report),
        "verdict": tuning_report.verdict,
        "selection": tuning_report.selection,
        "warnings": list(tuning_report.warnings),
    }
