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
    from skillviewer.core.finetuning.tuning_report import BeforeAfter, TuningReport
    from skillviewer.core.progress import Report
    from skillviewer.data.study import Study
    from skillviewer.engine.evaluation.choice_process import ChoiceJob
    from skillviewer.engine.finetuning.job import TuningCost

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
    "--candidates", type=click.IntRange(1), default=2, show_default=True, help="Frames a segment to draw from."
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
@click.option("--cost", "only_cost", is_flag=True, help="Say what it would cost, and stop.")
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


def _train(study: "Study", chosen: Chosen) -> None:
    from skillviewer.core.dataset.folds import FoldUnit
    from skillviewer.core.finetuning.split import FROM_NOTHING, TuningChoices
    from skillviewer.data.study import versions
    from skillviewer.engine.evaluation.choice_process import ChoiceJob, choice_plan
    from skillviewer.engine.finetuning.cost import cost_of
    from skillviewer.engine.finetuning.finetune import finetune as run_finetune
    from skillviewer.engine.finetuning.job import TuningJob
    from skillviewer.engine.runtime.exclusive import training_lock
    from skillviewer.nets.library import digest, model_folder

    rule, by, output, only_cost = chosen["rule"], chosen["by"], chosen["output"], chosen["only_cost"]
    if study.read_only and not only_cost:
        raise StudyError(f"{study.path} can be read only, so no version can be added to it.")
    labels, criterion = LabelSource(chosen["learn_from"]), chosen["criterion"]
    pairs = versions.study_pairs(study, rule, labels, criterion)
    parent = None if chosen["begin"] == NOTHING else model_folder(chosen["begin"])
    parent_digest = digest(parent) if parent is not None else None
    name = versions.version_name(study, parent_digest, parent.name if parent is not None else study.title)
    if output is not None:
        name = Path(output).name
    named = output is None or Path(output).name == output
    folder = versions.next_folder(study, name, parent_digest) if named else Path(output or "")
    cache_bytes = int(chosen["cache_gb"] * 2**30)
    choices = TuningChoices(
        rule if rule is not None else study.settings.rule,
        FoldUnit(by) if by is not None else None,
        chosen["seed"],
        chosen["epochs"],
        chosen["candidates"],
        chosen["old_pairs"],
        labels,
        chosen["scale_folds"],
        criterion or "",
        chosen["model"] if chosen["model"] not in {None, AUTO} else FROM_NOTHING,
    )
    if chosen["model"] == AUTO:
        if parent is not None or only_cost or by is not None:
            raise click.UsageError("--model auto begins from nothing: leave out --from, --by and --cost.")
        _train_auto(study, ChoiceJob(pairs, choice_plan(choices), folder, chosen["device"], cache_bytes), name, chosen)
        return
    if parent is not None and chosen["model"] is not None:
        raise click.UsageError("--model is for a training from nothing: leave out --from or --model.")
    job = TuningJob(pairs, choices, parent, folder, chosen["device"], cache_bytes)
    with progress_bar() as bar:
        cost = cost_of(job, CancelToken(), bar)
    echo(*_cost_lines(cost, rated=pairs.dataset.ratings is not None), err=True)
    if only_cost:
        return
    with training_lock(folder), _stoppable() as (token, stop, training), progress_bar() as bar:
        result = run_finetune(job, token, _with_lines(bar, training), stop)
    echo(*_report_lines(result.report))
    known = (parent_digest, parent) if parent is not None and parent_digest is not None else None
    version = versions.propose(study, result.digest, name, result.folder, result.facts, known)
    if versions.lies_elsewhere(version, result.folder):
        same = f"It came out as {version.name}:{version.version} again, which lies at {version.path}"
        echo(f"{same}: {result.folder} is a copy.", err=True)
    if chosen["accept"]:
        versions.accept(study, result.digest)
    state = "in use" if chosen["accept"] else f"to be accepted: --use {version.name}:{version.version}"
    echo(f"{version.name}:{version.version}  {result.folder}  ({state})")


def _train_auto(study: "Study", job: "ChoiceJob", name: str, chosen: Chosen) -> None:
    from skillviewer.data.study import versions
    from skillviewer.engine.evaluation.choice_process import run_choice
    from skillviewer.engine.evaluation.forecast import forecast_choice

    say_dataset(job.study.dataset)
    say_forecast(forecast_choice(job.plan, job.study.dataset, job.study.digests, job.cache(), job.device_name))
    with progress_bar() as bar:
        outcome = run_choice(job, CancelToken(), bar)
    say(outcome.problems)
    print_choice(outcome.choice)
    version = versions.propose(study, outcome.digest, name, outcome.folder, outcome.facts)
    if chosen["accept"]:
        versions.accept(study, outcome.digest)
    state = "in use" if chosen["accept"] else f"to be accepted: --use {version.name}:{version.version}"
    echo(f"{version.name}:{version.version}  {outcome.folder}  ({state})")


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


def _cost_lines(cost: "TuningCost", *, rated: bool) -> list[str]:
    fold = cost.split.fold
    features = (
        f", and {cost.feature_s:.0f} s for features of {cost.videos_missing} videos" if cost.frames_missing else ""
    )
    held_out = f"{len(fold.held_out_videos)} videos, by {cost.split.by}"
    epochs = f"at most {cost.epochs} epochs of up to {cost.epoch_s:.1f} s"
    return [
        f"{len(fold.train_pairs)} pairs to train on, {len(fold.test_pairs)} held out: {held_out}",
        f"{epochs}{features}: {cost.total_s:.0f} s in all, measured now",
        *([cost.prospect.text] if rated else []),
        *([f"{cost.scale_folds} further trainings put scores on the raters' scale"] if cost.scale_folds else []),
        *cost.split.warnings,
        *cost.problems,
    ]


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
