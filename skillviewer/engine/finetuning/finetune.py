"""Fine-tuning from end to end: from what a study says to a checkpoint with a report; all of it or nothing."""

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
from skillviewer.core.finetuning.split import nameless, raters_of
from skillviewer.core.finetuning.tuning_report import (
    BeforeAfter,
    ForgettingMethod,
    TuningReport,
    format_drift,
    format_interval,
)
from skillviewer.core.finetuning.version_accuracy import accuracy_facts
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report
from skillviewer.core.text import defined
from skillviewer.data.trained_pairs import PAIRS, TrainedPair, TrainedVideo, write_pairs
from skillviewer.engine.features.dataset_features import pooled
from skillviewer.engine.finetuning.before_after import compare, evaluate_initial
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import TuningJob, TuningResult
from skillviewer.engine.finetuning.tuned_scale import learn_tuned_scale
from skillviewer.engine.finetuning.tuning_data import TuningData, prepare
from skillviewer.engine.finetuning.tuning_loop import Tuned, tune
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.run_folder import write_json, write_log
from skillviewer.engine.training.run_record import card_of
from skillviewer.export.rendering.matplotlib_figure import import_matplotlib
from skillviewer.nets.checkpoint import Checkpoint, CheckpointExtras, save_checkpoint
from skillviewer.nets.model_card import HeldOut, ModelCard

REPORT = "report.json"
"""The report, next to the weights."""

ROOM_BYTES = 200 * 2**20
"""Free space that must be left over for the checkpoint, its log and the state of the training."""


def finetune(job: TuningJob, token: CancelToken, report: Report, stop: CancelToken = NEVER) -> TuningResult:
    """Train and write the new checkpoint. The model that it starts from is never changed.

    Args:
        job: The job.
        token: Set it to cancel: no checkpoint is written, and the same job continues from its state.
        report: Receives the progress: over videos, batches (``BatchRow``) and epochs (``TuningRow``).
        stop: Set it to end the training early and keep the best epoch so far.

    Raises:
        DatasetError: There is nothing to train on.
        CheckpointError: The model cannot be read, a checkpoint is there already, or the disk is full. What was trained
            is kept in the work folder, and the same job goes on from there.
        DeviceError: The device ran out of memory.
        SettingsError: The training diverged.
    """
    if job.folder.exists():
        raise CheckpointError(f"There is something at {job.folder} already. Choose another name.")
    work = job.work_folder()
    for place in (job.folder.parent, work):
        check_room(place, ROOM_BYTES, "A training needs", CheckpointError)
    device = choose_device(job.device_name)
    with device_errors():
        initial = InitialModel.of(job.parent, device, job.cache(), job.choices.model)
        prepared = prepare(initial, job.study, job.choices, token, report)
    # the folder is named after the split: if one more video can be read, the split changes, and the old state may have
    # been trained on videos that are now held out
    state = work / prepared.split.digest[:16]
    with os_error_as(CheckpointError, f"{work} cannot be made"):
        state.mkdir(parents=True, exist_ok=True)
    try:
        with device_errors():
            before = evaluate_initial(prepared, token, report)
            names = videos_of(prepared.split.fold.train_pairs)
            # now, so that the end is quick:
            embeddings = dict(zip(names, pooled(prepared.store, names), strict=True))
            import_matplotlib()
            tuned = tune(prepared, job.choices, token, report, stop, state)
            scale = learn_tuned_scale(prepared, tuned, job.choices, token, report, stop, state)
            tuning_report = compare(prepared, tuned, before, token, report)
            token.check()
            report(Progress("writing the checkpoint", 0, 1))
            checkpoint = _save(job, prepared, tuned, tuning_report, embeddings, scale)
    except SettingsError:
        shutil.rmtree(work, ignore_errors=True)  # it would diverge again
        raise
    except (SkillViewerError, Cancelled):
        raise  # the state stays, so that the same job continues: the user stopped it, or the disk was full
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    shutil.rmtree(work, ignore_errors=True)
    return TuningResult(
        folder=checkpoint.folder,
        digest=checkpoint.digest,
        parent_digest=initial.parent.digest if initial.parent is not None else None,
        parent_name=initial.parent.name if initial.parent is not None else "",
        report=tuning_report,
        facts=_facts(job, prepared, tuned, tuning_report),
    )


def _save(
    job: TuningJob,
    prepared: TuningData,
    tuned: Tuned,
    tuning_report: TuningReport,
    embeddings: Mapping[str, Float32Array],
    scale: ScoreCalibration | None,
) -> Checkpoint:
    initial = prepared.start
    trained_names = videos_of(tuned.fold.train_pairs)
    familiarity = learn_familiarity(np.stack([embeddings[name] for name in trained_names]))

    def write_extras(folder: Path) -> None:
        write_log(folder, tuned.rows, job.folder.name)
        write_json(folder / REPORT, tuning_report)
        write_pairs(folder / PAIRS, _trained_pairs(prepared, tuned))

    return save_checkpoint(
        job.folder,
        initial.config,
        tuned.model,
        _card(job, prepared, tuned, tuning_report, scale),
        CheckpointExtras(
            streams=initial.parent.streams if initial.parent is not None else None,
            familiarity=familiarity,
            write=write_extras,
        ),
    )


def learned_from(dataset: Dataset) -> str:
    """Return in words what the pairs of a study were made of."""
    if not dataset.judgements:
        return "ratings" if dataset.ratings is not None else "stated pairs"
    return "votes and ratings" if dataset.ratings is not None else "votes"


def _trained_pairs(prepared: TuningData, tuned: Tuned) -> list[TrainedPair]:
    """Return the training pairs of the new model, including inherited ones."""
    study = prepared.study
    videos = {
        v.name: TrainedVideo(v.name, v.path, study.digests.get(v.name, ""), v.clip_range)
        for v in study.dataset.videos
        if v.path is not None
    }
    trained = set(tuned.fold.train_pairs)
    study_pairs = [
        TrainedPair(videos[pair.better], videos[pair.worse], "trained" if pair in trained else "chose")
        for pair in prepared.split.fold.train_pairs
    ]
    return study_pairs + list(prepared.inherited_pairs)


def _accuracy_text(compared: BeforeAfter) -> str:
    after = compared.after
    text = f"{100 * after.value:.1f} % of {after.n_pairs} pairs ({format_interval(after, '.1f')})"
    if compared.before is not None and compared.gain is not None:
        gain = compared.gain
        text += f", before {100 * compared.before.value:.1f} %, gain {100 * gain.value:+.1f} points"
        text += f" ({format_interval(gain, '+.1f')})"
    return text


def _forgetting_text(tuning_report: TuningReport) -> str:
    forgetting = tuning_report.forgetting
    if forgetting.kind is ForgettingMethod.DRIFT:
        return f"{forgetting.description}: {format_drift(forgetting)}"
    if forgetting.pairs is not None:
        return f"{forgetting.description}: {_accuracy_text(forgetting.pairs)}"
    return forgetting.description


def _held_out_rule(prepared: TuningData, tuning_report: TuningReport) -> str:
    split = prepared.split
    n_out = len(split.fold.held_out_videos)
    n_all = len(prepared.study.dataset.videos)
    return f"{n_out} of {n_all} videos held out by {split.by}, never by pair; {tuning_report.selection}"


def _card(
    job: TuningJob, prepared: TuningData, tuned: Tuned, tuning_report: TuningReport, scale: ScoreCalibration | None
) -> ModelCard:
    study = prepared.study
    fold = tuned.fold
    initial = prepared.start
    dataset = study.dataset
    begun = "from nothing"
    if initial.parent is not None:
        begun = f"from {initial.parent.name} (digest {initial.parent.digest[:16]})"
    # who the raters are, and who is in which video, stays in the study: a checkpoint may be given away
    names = {*dataset.names, *dataset.participants.values()}
    votes = study.votes_on(fold.train_pairs)
    if votes:
        label_source = f"from {len(votes)} votes of {len(raters_of(votes))} raters"
    elif dataset.ratings is not None:
        label_source = "from ratings"
    else:
        label_source = "as stated"
    notes = [
        f"Trained {begun} on the {learned_from(dataset)} of a study; the head alone, on frozen features.",
        f"Held out: {_accuracy_text(tuning_report.held_out)}.",
    ]
    if tuning_report.reserved is not None:
        notes.append(f"Chosen at random and held out: {_accuracy_text(tuning_report.reserved)}.")
    notes.append(f"Forgetting check: {_forgetting_text(tuning_report)}.")
    if tuned.precision != "float32":
        notes.append(f"Trained in {tuned.precision}.")
    notes += [nameless(warning, names) for warning in tuning_report.warnings]
    data = (
        f"{dataset.name}: {len(fold.train_pairs)} pairs of {len(videos_of(fold.train_pairs))} videos, {label_source}. "
    )
    data += dataset.rule
    return msgspec.structs.replace(
        card_of(job.folder.name, dataset, fold, data, job.choices.seed, initial.config.preset),
        held_out=HeldOut.of(
            tuning_report.held_out.after, _held_out_rule(prepared, tuning_report), tuning_report.both_new
        ),
        notes=" ".join(notes),
        raters_scale=scale,
    )


def _facts(job: TuningJob, prepared: TuningData, tuned: Tuned, tuning_report: TuningReport) -> dict[str, object]:
    study = prepared.study
    fold = prepared.split.fold
    held_out = tuning_report.held_out
    votes = study.votes_on(tuned.fold.train_pairs)
    return {
        "videos": len(videos_of(tuned.fold.train_pairs)),
        "pairs": len(tuned.fold.train_pairs),
        "held_out_videos": list(fold.held_out_videos),
        "held_out_by": str(prepared.split.by),
        "votes": len(votes),
        "raters": list(raters_of(votes)),
        "rule": job.choices.rule,
        "seed": job.choices.seed,
        **accuracy_facts(held_out.after, tuning_report.both_new),
        "accuracy_before": defined(held_out.before.value) if held_out.before is not None else None,
        "gain": defined(held_out.gain.value) if held_out.gain is not None else None,
        "known_before": _forgetting_text(tuning_report),
        "selection": tuning_report.selection,
        "warnings": list(tuning_report.warnings),
    }
