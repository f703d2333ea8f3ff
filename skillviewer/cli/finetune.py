"""``skillviewer finetune``: training on the ratings and votes of a study, of an existing model or a new one."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from skillviewer.cli.failures import open_study, print_notices
from skillviewer.cli.options.dataset_options import LEARN_FROM, ONE_CRITERION
from skillviewer.cli.options.help import GroupedCommand
from skillviewer.cli.options.plan_options import cache_option
from skillviewer.cli.options.values import DEVICE, PATH, SEED, Parameters
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.cli.training_output import AUTO, AUTO_HELP, print_choice, print_dataset, print_forecast
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.errors import StudyError
from skillviewer.core.progress import CancelToken, Progress

if TYPE_CHECKING:
    from skillviewer.core.evaluation.accuracy import PooledEstimate
    from skillviewer.core.finetuning.before_after import BeforeAfter
    from skillviewer.core.finetuning.split import TuningChoices, TuningSplit
    from skillviewer.core.finetuning.tuning_report import TuningReport
    from skillviewer.core.progress import Report
    from skillviewer.data.study import ModelVersion, Study
    from skillviewer.engine.finetuning.job import AutoModelJob, TuningJob

NO_PARENT = "none"
MAX_LISTED_VIDEOS = 5


@click.command(cls=GroupedCommand)
@click.argument("path", metavar="STUDY", type=PATH)
@click.option(
    "--from",
    "parent",
    default=NO_PARENT,
    help="Model to train further: a name or a folder.  [default: train a new model]",
)
@click.option("--model", help=f"Without --from: attention model to train, or auto, which {AUTO_HELP}  [default: full]")
@click.option(
    "-o",
    "--output",
    help="Name of the new version, or a folder.  [default: the name of the --from model; without --from, of STUDY]",
)
@LEARN_FROM
@ONE_CRITERION
@click.option("--rule", help="Rule that turns votes into pairs (docs/data.md).  [default: the study's rule]")
@click.option(
    "--by",
    type=click.Choice(["participant", "video"]),
    help="Unit that is held out.  [default: participant if participants are known, else video]",
)
@click.option("--epochs", type=click.IntRange(1), help="Largest number of epochs.  [default: that of the preset]")
@SEED
@click.option(
    "--candidates",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="In training, the frame of a segment is drawn from this many; 1 with --model auto.",
)
@click.option(
    "--old-pairs/--no-old-pairs",
    default=True,
    show_default=True,
    help="Check during training what the model forgets of the pairs it was trained on before.",
)
@click.option(
    "--scale-folds",
    type=click.IntRange(0, 20),
    help="Number of additional trainings, each with other people held out, for the conversion of scores to the "
    "raters' scale.  "
    "[default: 4 if STUDY has enough people but too few of them are held out, else 0]",
)
@DEVICE
@cache_option
@click.option("--cost", "only_cost", is_flag=True, help="Print the pairs and the estimated duration, and stop.")
@click.option("--accept", is_flag=True, help="Make the new version the one in use.")
@click.option("--versions", is_flag=True, help="List the models and versions of STUDY, and stop.")
@click.option("--use", help="Make a version (NAME:NUMBER, as --versions lists it) the one in use, and stop.")
def finetune(path: Path, **parameters: Any) -> None:  # noqa: ANN401 - click's parameters
    """Train a model on the ratings and votes of STUDY, with whole participants (or videos) held out.

    The cost is printed first.

    The new version is added to the study as proposed. --accept, or --use later, makes it the one in use. Ctrl+C stops
    and saves the best epoch so far; a second Ctrl+C discards it.
    """
    version_to_use = parameters["use"]
    output = parameters["output"]
    given_options = [name for name in ("only_cost", "versions", "use") if parameters[name]]
    if len(given_options) > 1:
        raise click.UsageError("--cost, --versions and --use each do one thing and stop: give one of them.")
    if output is not None and Path(output).name in {"", ".."}:
        raise click.UsageError(f"“{output}” names no version: give a name, or a folder to be made.")
    with open_study(path) as study:
        if version_to_use is not None:
            _use_version(study, version_to_use)
        elif parameters["versions"]:
            _list_versions(study)
        else:
            _train(study, parameters)


def _choices(study: "Study", parameters: Parameters) -> "TuningChoices":
    from skillviewer.core.dataset.folds import FoldUnit
    from skillviewer.core.finetuning.split import DEFAULT_NEW_MODEL, TuningChoices

    rule = parameters["rule"]
    if rule is None:
        rule = study.settings.rule
    model = parameters["model"]
    if model is None or model == AUTO:
        model = DEFAULT_NEW_MODEL
    return TuningChoices(
        rule=rule,
        fold_unit=FoldUnit(parameters["by"]) if parameters["by"] is not None else None,
        seed=parameters["seed"],
        epochs=parameters["epochs"],
        candidates=parameters["candidates"],
        old_pairs=parameters["old_pairs"],
        labels=LabelSource(parameters["learn_from"]),
        scale_folds=parameters["scale_folds"],
        criterion=parameters["criterion"] or "",
        model=model,
    )


def _train(study: "Study", parameters: Parameters) -> None:
    from skillviewer.core.evaluation.model_choice import CheckLevel
    from skillviewer.data.study import versions
    from skillviewer.engine.finetuning.job import AutoModelJob, TuningJob
    from skillviewer.nets.model_library import checkpoint_digest, model_folder

    output = parameters["output"]
    if study.read_only and not parameters["only_cost"]:
        raise StudyError(f"{study.path} can be read only, so no version can be added to it.")
    study_pairs = versions.study_pairs(
        study, parameters["rule"], LabelSource(parameters["learn_from"]), parameters["criterion"]
    )
    parent_folder = None if parameters["parent"] == NO_PARENT else model_folder(parameters["parent"])
    parent_digest = checkpoint_digest(parent_folder) if parent_folder is not None else None
    if output is not None:
        name = Path(output).name
    else:
        default_name = parent_folder.name if parent_folder is not None else study.title
        name = versions.version_name(study, parent_digest, default_name)
    is_path = output is not None and output != name
    folder = Path(output) if is_path else versions.next_folder(study, name, parent_digest)
    cache_bytes = int(parameters["cache_gb"] * 2**30)
    choices = _choices(study, parameters)
    if parameters["model"] == AUTO:
        if parent_folder is not None or parameters["by"] is not None:
            raise click.UsageError("--model auto trains a new model: leave out --from and --by.")
        choice_job = AutoModelJob(
            study_pairs=study_pairs,
            choices=choices,
            level=CheckLevel.CROSS_VALIDATED,
            folder=folder,
            device_name=parameters["device"],
            cache_bytes=cache_bytes,
        )
        _train_auto(study, choice_job, name, parameters)
        return
    if parent_folder is not None and parameters["model"] is not None:
        raise click.UsageError("--model is for the training of a new model: leave out --from or --model.")
    job = TuningJob(
        study_pairs=study_pairs,
        choices=choices,
        parent=parent_folder,
        folder=folder,
        device_name=parameters["device"],
        cache_bytes=cache_bytes,
    )
    _tune(study, job, name, parameters)


def _tune(study: "Study", job: "TuningJob", name: str, parameters: Parameters) -> None:
    from skillviewer.core.dataset.folds import FoldUnit
    from skillviewer.core.errors import Cancelled
    from skillviewer.data.study import versions
    from skillviewer.engine.finetuning.finetune import finetune as run_finetune
    from skillviewer.engine.finetuning.job import discard_state
    from skillviewer.engine.finetuning.job_forecast import forecast_job
    from skillviewer.engine.finetuning.prior_pairs import load_prior_pairs
    from skillviewer.engine.finetuning.split_study import split_study
    from skillviewer.engine.runtime.exclusive import training_lock

    parent = job.parent
    parent_name = parent.name if parent is not None else ""
    prior_pairs = load_prior_pairs(parent, parent_name) if parent is not None else None
    forecast = forecast_job(job)
    split = split_study(job.study_pairs, job.choices, prior_pairs, parent_name)
    echo(*_split_lines(split), err=True)
    print_forecast(forecast)
    if job.study_pairs.dataset.ratings is not None:
        echo(forecast.prospect.text, err=True)
    if parameters["only_cost"]:
        return
    with training_lock(job.folder), _interruptible() as interrupts, progress_bar() as bar:
        report = _with_epoch_lines(bar, interrupts.training_begins)
        try:
            result = run_finetune(job, interrupts.discard_token, report, interrupts.stop_token)
        except Cancelled:
            discard_state(job)
            raise
    units = "videos" if split.fold_unit is FoldUnit.VIDEO else "people"
    echo(*_report_lines(result.report, units))
    origin = None
    if parent is not None and result.parent_digest is not None:
        origin = (result.parent_digest, parent)
    version = versions.propose(study, result.digest, name, result.folder, result.facts, parent=origin)
    if versions.is_stored_elsewhere(version, result.folder):
        known_version = f"{version.name}:{version.number} at {version.path}"
        echo(f"The result is the same as {known_version}: {result.folder} is a copy.", err=True)
    _accept_and_print(study, version, result.folder, parameters)


def _train_auto(study: "Study", job: "AutoModelJob", name: str, parameters: Parameters) -> None:
    from skillviewer.data.study import versions
    from skillviewer.engine.finetuning.automatic_choice import train_automatically
    from skillviewer.engine.finetuning.job_forecast import forecast_job

    print_dataset(job.study_pairs.dataset)
    print_forecast(forecast_job(job))
    if parameters["only_cost"]:
        return
    with progress_bar() as bar:
        result = train_automatically(job, CancelToken(), bar)
    print_notices(result.problems)
    print_choice(result.choice)
    version = versions.propose(study, result.digest, name, result.folder, result.facts)
    _accept_and_print(study, version, result.folder, parameters)


def _accept_and_print(study: "Study", version: "ModelVersion", folder: Path, parameters: Parameters) -> None:
    from skillviewer.data.study import versions

    if parameters["accept"]:
        versions.accept(study, version.digest)
    state = "in use" if parameters["accept"] else f"to be accepted: --use {version.name}:{version.number}"
    echo(f"{version.name}:{version.number}  {folder}  ({state})")


class _Interrupts:
    """Handler of Ctrl+C. The first one during training stops and saves; any other discards the training."""

    def __init__(self) -> None:
        self.discard_token = CancelToken()
        self.stop_token = CancelToken()  # ends the training and saves the best epoch
        self._is_training = False

    def training_begins(self) -> None:
        """Let the next Ctrl+C stop the training, no longer discard it."""
        self._is_training = True

    def on_interrupt(self, _number: int, _frame: object) -> None:
        """Raise one of the tokens."""
        if self._is_training and not self.stop_token.cancelled:
            echo("", "Stopping; the best so far is kept. Ctrl+C again discards it.", err=True)
            self.stop_token.cancel()
        else:
            self.discard_token.cancel()


@contextmanager
def _interruptible() -> Iterator[_Interrupts]:
    """Handle Ctrl+C by ``_Interrupts`` while the context is open."""
    interrupts = _Interrupts()
    previous_handler = signal.signal(signal.SIGINT, interrupts.on_interrupt)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def _with_epoch_lines(bar: "Report", on_training: Callable[[], None]) -> "Report":
    """Return a report function that prints a line for every epoch, above the bar.

    It calls ``on_training`` at every report of the training itself.
    """
    from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow

    def report(progress: Progress) -> None:
        if isinstance(progress.value, BatchRow | TuningRow):
            on_training()
        if isinstance(progress.value, TuningRow):
            row = progress.value
            loss = f"loss {row.loss:.3f}   " if row.epoch else "before       "
            accuracy = _format_accuracy(row.held_out, "held-out pairs")
            with tqdm.external_write_mode():
                echo(f"epoch {row.epoch:>3}   {loss}held out {row.held_out_loss:.3f}   {accuracy}", err=True)
        bar(progress)

    return report


def _format_accuracy(accuracy: "PooledEstimate", pairs_text: str) -> str:
    from skillviewer.core.evaluation.accuracy_text import format_estimate

    return f"{format_estimate(accuracy)} of {accuracy.n_pairs} {pairs_text}"


def _split_lines(split: "TuningSplit") -> list[str]:
    fold = split.fold
    held_out = f"{len(fold.held_out_videos)} videos, by {split.fold_unit}"
    return [f"{len(fold.train_pairs)} pairs to train on, {len(fold.test_pairs)} held out: {held_out}", *split.warnings]


def _format_gain(description: str, accuracy: "BeforeAfter") -> str:
    from skillviewer.core.finetuning.before_after import format_interval

    text = f"{description}: {_format_accuracy(accuracy.after, 'pairs')}"
    if accuracy.before is not None and accuracy.gain is not None:
        gain = accuracy.gain
        text += f", before {100 * accuracy.before.value:.1f} %: gain {100 * gain.value:+.1f} points"
        text += f" ({format_interval(gain, '+.1f')})"
    return text


def _report_lines(report: "TuningReport", units: str) -> list[str]:
    """Return the result of a training, line by line; ``units`` are what was held out, people or videos."""
    from skillviewer.core.finetuning.forgetting import ForgettingMethod, format_drift

    lines = []
    if report.verdict:
        lines.append(report.verdict)
    if report.both_new is not None and report.both_new.n_pairs:
        lines.append(_format_accuracy(report.both_new, f"pairs of new {units}"))
    lines += [f"{row.title}: {_format_accuracy(row.accuracy, 'pairs')}" for row in report.baselines]
    lines.append(_format_gain("held out", report.held_out))
    if report.reserved is not None:
        lines.append(_format_gain("reserved test pairs", report.reserved))
    forgetting = report.forgetting
    if forgetting.pair_accuracy is not None:
        lines.append(_format_gain(forgetting.description, forgetting.pair_accuracy))
    elif forgetting.method is ForgettingMethod.DRIFT:
        lines.append(f"{forgetting.description}: {format_drift(forgetting)}")
    if report.held_out.before is not None:
        lines += [
            f"  {shift.video}: score {shift.before:+.3f} to {shift.after:+.3f}, rank {shift.rank_before:g} to "
            f"{shift.rank_after:g} ({shift.use})"
            for shift in report.shifts[:MAX_LISTED_VIDEOS]
        ]
    lines += [
        f"  {change.video}: attention before and after correlate {change.correlation:.2f}"
        for change in report.attention[:MAX_LISTED_VIDEOS]
    ]
    lines += [f"! {warning}" for warning in report.warnings]
    return [*lines, *report.problems]


def _list_versions(study: "Study") -> None:
    from skillviewer.core.finetuning.version_accuracy import version_accuracy

    all_versions = study.models.all()
    if not all_versions:
        echo("No version yet: the first training makes one.")
    for version in all_versions:
        accuracy = version_accuracy(version.facts)
        location = version.path or f"missing: {version.recorded_path}"
        mark = "*" if version.digest == study.settings.model else " "
        echo(f"{mark} {version.name}:{version.number}  {version.state.value:9}  {accuracy}  {location}")


def _use_version(study: "Study", name_and_number: str) -> None:
    from skillviewer.data.study import versions
    from skillviewer.nets.model_library import checkpoint_digest

    version_by_name = {f"{version.name}:{version.number}": version for version in study.models.all()}
    version = version_by_name.get(name_and_number)
    if version is None:
        raise StudyError(f"The study has no model {name_and_number}. List them with --versions.")
    if version.path is None:
        raise StudyError(f"The checkpoint of {name_and_number} is missing: it was at {version.recorded_path}.")
    if checkpoint_digest(version.path) != version.digest:
        raise versions.checkpoint_changed_error(version.name, version.path)
    versions.accept(study, version.digest)
    echo(f"{name_and_number} is in use")
