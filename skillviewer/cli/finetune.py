"""``skillviewer finetune``: a model trained further on the ratings and votes of a study, or a new one."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from skillviewer.cli.failures import open_study, say
from skillviewer.cli.model_choice import AUTO, print_choice, say_dataset, say_forecast
from skillviewer.cli.options.dataset_options import LEARN_FROM, ONE_CRITERION
from skillviewer.cli.options.help import HelpfulCommand
from skillviewer.cli.options.plan_options import cache_option
from skillviewer.cli.options.values import DEVICE, PATH, SEED, Chosen
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.errors import StudyError
from skillviewer.core.progress import CancelToken, Progress

if TYPE_CHECKING:
    from skillviewer.core.evaluation.accuracy import PooledEstimate
    from skillviewer.core.finetuning.split import TuningChoices, TuningSplit
    from skillviewer.core.finetuning.tuning_report import BeforeAfter, TuningReport
    from skillviewer.core.progress import Report
    from skillviewer.data.study import ModelVersion, Study
    from skillviewer.engine.finetuning.job import ChoiceJob, TuningJob

NOTHING = "none"
SHOWN = 5


@click.command(cls=HelpfulCommand)
@click.argument("path", metavar="STUDY", type=PATH)
@click.option(
    "--from",
    "begin",
    default=NOTHING,
    help="Model to go on with: a name or a folder; without it training begins from nothing.",
)
@click.option(
    "--model",
    help="Without --from: attention model to train, or auto: the best of a short list, checked on people held out once "
    "each.  [default: full]",
)
@click.option("-o", "--output", help="Name of the new version, or a folder; else that of the model it begins as.")
@LEARN_FROM
@ONE_CRITERION
@click.option("--rule", help="How votes become pairs; else the study's own (docs/data.md).")
@click.option("--by", type=click.Choice(["participant", "video"]), help="What is held out; else participants if known.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs at most, if not the preset's.")
@SEED
@click.option(
    "--candidates",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Frames a segment to draw from (auto: one).",
)
@click.option("--old-pairs/--no-old-pairs", default=True, show_default=True, help="Look at what it forgets meanwhile.")
@click.option(
    "--scale-folds",
    type=click.IntRange(0, 20),
    help="Train on N more folds by person, to put scores on the raters' scale.  [default: 4 if STUDY is rated by "
    "enough people and too few are held out, else 0]",
)
@DEVICE
@cache_option
@click.option("--cost", "only_cost", is_flag=True, help="Say what would be trained and how long it takes, and stop.")
@click.option("--accept", is_flag=True, help="Make the new version the one in use.")
@click.option("--versions", is_flag=True, help="List the models and versions of STUDY, and stop.")
@click.option("--use", help="Go to a version, NAME:NUMBER as --versions lists it, and stop.")
def finetune(path: Path, **chosen: Any) -> None:  # noqa: ANN401 - click's parameters
    """Train a model on the ratings and votes of STUDY, with whole participants (or videos) held out.

    The cost is printed first.

    The new version is added to the study, where it waits to be accepted. Ctrl+C stops and keeps the best so far; a
    second time discards it.
    """
    use, output = chosen["use"], chosen["output"]
    if sum((chosen["only_cost"], chosen["versions"], use is not None)) > 1:
        raise click.UsageError("--cost, --versions and --use each do one thing and stop: give one of them.")
    if output is not None and Path(output).name in {"", ".."}:
        raise click.UsageError(f"“{output}” names no version: give a name, or a folder to be made.")
    with open_study(path) as study:
        if use is not None:
            _use(study, use)
        elif chosen["versions"]:
            _list(study)
        else:
            _train(study, chosen)


def _choices(study: "Study", chosen: Chosen) -> "TuningChoices":
    from skillviewer.core.dataset.folds import FoldUnit
    from skillviewer.core.finetuning.split import FROM_NOTHING, TuningChoices

    rule, by = chosen["rule"], chosen["by"]
    return TuningChoices(
        rule if rule is not None else study.settings.rule,
        FoldUnit(by) if by is not None else None,
        chosen["seed"],
        chosen["epochs"],
        chosen["candidates"],
        chosen["old_pairs"],
        LabelSource(chosen["learn_from"]),
        chosen["scale_folds"],
        chosen["criterion"] or "",
        chosen["model"] if chosen["model"] not in {None, AUTO} else FROM_NOTHING,
    )


def _train(study: "Study", chosen: Chosen) -> None:
    from skillviewer.core.evaluation.model_choice import CheckLevel
    from skillviewer.data.study import versions
    from skillviewer.engine.finetuning.job import ChoiceJob, TuningJob
    from skillviewer.nets.library import digest, model_folder

    output = chosen["output"]
    if study.read_only and not chosen["only_cost"]:
        raise StudyError(f"{study.path} can be read only, so no version can be added to it.")
    pairs = versions.study_pairs(study, chosen["rule"], LabelSource(chosen["learn_from"]), chosen["criterion"])
    parent = None if chosen["begin"] == NOTHING else model_folder(chosen["begin"])
    parent_digest = digest(parent) if parent is not None else None
    name = versions.version_name(study, parent_digest, parent.name if parent is not None else study.title)
    if output is not None:
        name = Path(output).name
    named = output is None or Path(output).name == output
    folder = versions.next_folder(study, name, parent_digest) if named else Path(output or "")
    cache_bytes = int(chosen["cache_gb"] * 2**30)
    choices = _choices(study, chosen)
    if chosen["model"] == AUTO:
        if parent is not None or chosen["by"] is not None:
            raise click.UsageError("--model auto begins from nothing: leave out --from and --by.")
        auto = ChoiceJob(pairs, choices, CheckLevel.CROSS_VALIDATED, folder, chosen["device"], cache_bytes)
        _train_auto(study, auto, name, chosen)
        return
    if parent is not None and chosen["model"] is not None:
        raise click.UsageError("--model is for a training from nothing: leave out --from or --model.")
    _tune(study, TuningJob(pairs, choices, parent, folder, chosen["device"], cache_bytes), name, chosen)


def _tune(study: "Study", job: "TuningJob", name: str, chosen: Chosen) -> None:
    from skillviewer.core.errors import Cancelled
    from skillviewer.data.study import versions
    from skillviewer.engine.finetuning.finetune import finetune as run_finetune
    from skillviewer.engine.finetuning.job import discard_state
    from skillviewer.engine.finetuning.job_forecast import forecast_job
    from skillviewer.engine.finetuning.prior_pairs import known_before, split_for
    from skillviewer.engine.runtime.exclusive import training_lock

    parent = job.parent
    parent_name = parent.name if parent is not None else ""
    known = known_before(parent, parent_name) if parent is not None else None
    forecast = forecast_job(job)
    echo(*_split_lines(split_for(job.study, job.choices, known, parent_name)), err=True)
    say_forecast(forecast)
    if job.study.dataset.ratings is not None:
        echo(forecast.prospect.text, err=True)
    if chosen["only_cost"]:
        return
    with training_lock(job.folder), _stoppable() as (token, stop, training), progress_bar() as bar:
        try:
            result = run_finetune(job, token, _with_lines(bar, training), stop)
        except Cancelled:
            discard_state(job)
            raise
    echo(*_report_lines(result.report))
    begun = (result.parent_digest, parent) if parent is not None and result.parent_digest is not None else None
    version = versions.propose(study, result.digest, name, result.folder, result.facts, begun)
    if versions.lies_elsewhere(version, result.folder):
        same = f"It came out as {version.name}:{version.version} again, which lies at {version.path}"
        echo(f"{same}: {result.folder} is a copy.", err=True)
    _end(study, version, result.folder, chosen)


def _train_auto(study: "Study", job: "ChoiceJob", name: str, chosen: Chosen) -> None:
    from skillviewer.data.study import versions
    from skillviewer.engine.finetuning.automatic_choice import train_automatically
    from skillviewer.engine.finetuning.job_forecast import forecast_job

    say_dataset(job.study.dataset)
    say_forecast(forecast_job(job))
    if chosen["only_cost"]:
        return
    with progress_bar() as bar:
        result = train_automatically(job, CancelToken(), bar)
    say(result.problems)
    print_choice(result.choice)
    version = versions.propose(study, result.digest, name, result.folder, result.facts)
    _end(study, version, result.folder, chosen)


def _end(study: "Study", version: "ModelVersion", folder: Path, chosen: Chosen) -> None:
    from skillviewer.data.study import versions

    if chosen["accept"]:
        versions.accept(study, version.digest)
    state = "in use" if chosen["accept"] else f"to be accepted: --use {version.name}:{version.version}"
    echo(f"{version.name}:{version.version}  {folder}  ({state})")


@contextmanager
def _stoppable() -> Iterator[tuple[CancelToken, CancelToken, Callable[[], None]]]:
    """Yield a token that cancels, one that stops and keeps the best, and a function to call when training begins."""
    token, stop = CancelToken(), CancelToken()
    begun = False

    def begin() -> None:
        nonlocal begun
        begun = True

    def on_interrupt(_number: int, _frame: object) -> None:
        if begun and not stop.cancelled:
            echo("", "Stopping; the best so far is kept. Ctrl+C again discards it.", err=True)
            stop.cancel()
        else:
            token.cancel()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield token, stop, begin
    finally:
        signal.signal(signal.SIGINT, before)


def _with_lines(bar: "Report", training: Callable[[], None]) -> "Report":
    """Return a report that also writes a line an epoch above the bar."""
    from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow

    def report(progress: Progress) -> None:
        if isinstance(progress.value, BatchRow | TuningRow):
            training()
        if isinstance(progress.value, TuningRow):
            row = progress.value
            loss = f"loss {row.loss:.3f}   " if row.epoch else "as it was    "
            with tqdm.external_write_mode():
                echo(
                    f"epoch {row.epoch:>3}   {loss}held out {row.held_out_loss:.3f}   {_accuracy(row.held_out)}",
                    err=True,
                )
        bar(progress)

    return report


def _accuracy(pooled: "PooledEstimate", pairs: str = "held-out pairs") -> str:
    from skillviewer.core.finetuning.tuning_report import format_interval

    return f"{100 * pooled.value:.1f} % ({format_interval(pooled, '.1f')}) of {pooled.n_pairs} {pairs}"


def _split_lines(split: "TuningSplit") -> list[str]:
    fold = split.fold
    held_out = f"{len(fold.held_out_videos)} videos, by {split.by}"
    return [f"{len(fold.train_pairs)} pairs to train on, {len(fold.test_pairs)} held out: {held_out}", *split.warnings]


def _compared(description: str, compared: "BeforeAfter") -> str:
    from skillviewer.core.finetuning.tuning_report import format_interval

    text = f"{description}: {_accuracy(compared.after, 'pairs')}"
    if compared.before is not None and compared.gain is not None:
        gain = compared.gain
        text += f", before {100 * compared.before.value:.1f} %: gain {100 * gain.value:+.1f} points"
        text += f" ({format_interval(gain, '+.1f')})"
    return text


def _report_lines(report: "TuningReport") -> list[str]:
    from skillviewer.core.finetuning.tuning_report import ForgettingMethod, format_drift

    lines = [_compared("held out", report.held_out)]
    if report.reserved is not None:
        lines.append(_compared("chosen at random and held out", report.reserved))
    forgetting = report.forgetting
    if forgetting.pairs is not None:
        lines.append(_compared(forgetting.description, forgetting.pairs))
    elif forgetting.kind is ForgettingMethod.DRIFT:
        lines.append(f"{forgetting.description}: {format_drift(forgetting)}")
    lines += [
        f"  {shift.video}: score {shift.before:+.3f} to {shift.after:+.3f}, rank {shift.rank_before:g} to "
        f"{shift.rank_after:g} ({shift.use})"
        for shift in report.shifts[:SHOWN]
        if report.held_out.before is not None
    ]
    lines += [
        f"  {change.video}: attention before and after correlate {change.correlation:.2f}"
        for change in report.attention[:SHOWN]
    ]
    lines += [f"! {warning}" for warning in report.warnings]
    return [*lines, *report.problems]


def _list(study: "Study") -> None:
    used, known = study.settings.model, study.models.all()
    if not known:
        echo("No version yet: the first training makes one.")
    for version in known:
        accuracy, n = version.facts.get("accuracy"), version.facts.get("held_out_pairs")
        figure = f"{100 * accuracy:.1f} % of {n}" if isinstance(accuracy, float) else ""
        where = version.path or f"missing: {version.recorded_path}"
        mark = "*" if version.digest == used else " "
        echo(f"{mark} {version.name}:{version.version}  {version.state.value:9}  {figure:>13}  {where}")


def _use(study: "Study", name: str) -> None:
    from skillviewer.data.study import versions
    from skillviewer.nets.library import digest

    for version in study.models.all():
        if f"{version.name}:{version.version}" == name:
            if version.path is None:
                raise StudyError(f"The checkpoint of {name} is missing: it was at {version.recorded_path}.")
            if digest(version.path) != version.digest:
                raise versions.changed(version.name, version.path)
            versions.accept(study, version.digest)
            echo(f"{name} is in use")
            return
    raise StudyError(f"The study has no model {name}. List them with --versions.")
