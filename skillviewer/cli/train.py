"""``skillviewer train``: training of a model on videos and pairs."""

import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.dataset_options import DataOptions, dataset_options
from skillviewer.cli.options.help import GroupedCommand
from skillviewer.cli.options.plan_options import feature_cache, plan_options, training_plan, with_last_epoch
from skillviewer.cli.options.values import PATH, SEED, Parameters
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.cli.training_output import AUTO, AUTO_HELP, print_choice, print_dataset, print_forecast
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.progress import CancelToken, silent
from skillviewer.core.text import percent

if TYPE_CHECKING:
    from skillviewer.core.dataset.dataset import Dataset
    from skillviewer.engine.training.train_checkpoint import TrainingResult


@click.command(cls=GroupedCommand)
@click.argument("data", type=PATH)
@click.option(
    "--model",
    default="full",
    show_default=True,
    help=f"Attention model (see skillviewer models), or auto, which {AUTO_HELP}",
)
@click.option("-o", "--output", required=True, type=PATH, help="Folder of the checkpoint.")
@dataset_options
@click.option(
    "--check",
    type=click.Choice([str(level) for level in CheckLevel]),
    default=str(CheckLevel.CROSS_VALIDATED),
    show_default=True,
    help="With --model auto: how to check the choice, by holding out every person once, or a quarter of the people.",
)
@click.option("--test", type=PATH, help="Data set to test on.  [default: a quarter of DATA is held out]")
@plan_options
@click.option(
    "--unfreeze",
    type=click.Choice(["last-block"]),
    help="Also train the last block of both backbones: it takes several times as long.",
)
@click.option(
    "--scale-folds",
    type=click.IntRange(0, 20),
    help="Number of additional trainings, each with other people held out, that put scores on the raters' scale.  "
    "[default: 4 if DATA is rated and the people held out are too few, else 0]",
)
@SEED
@click.option("--force", is_flag=True, help="Replace an existing checkpoint.")
def train(
    data: Path,
    model: str,
    output: Path,
    data_options: DataOptions,
    test: Path | None,
    seed: int,
    force: bool,
    **parameters: Any,  # noqa: ANN401 - click's parameters
) -> None:
    """Train a model on DATA: a folder with videos/ and pairs.csv, a study, or any other format of docs/data.md.

    To continue a stopped training, run the same command again: its state is saved next to the checkpoint.

    On several GPUs: torchrun --nproc-per-node N -m skillviewer train ...
    """
    from skillviewer.core.ratings.fit_calibration import scale_prospect
    from skillviewer.engine.evaluation.forecast import file_digests, forecast_training
    from skillviewer.engine.runtime.distributed import launched
    from skillviewer.engine.training.train_checkpoint import TrainingResources, train_checkpoint
    from skillviewer.engine.training.trainer import TrainingControl
    from skillviewer.engine.training.training_plan import describe_selection

    dataset = data_options.open(data)
    if model == AUTO:
        _train_auto(dataset, output, parameters, seed, test, force=force)
        return
    unfrozen_part = "" if parameters["unfreeze"] is None else parameters["unfreeze"]
    plan = replace(training_plan(parameters, dataset.published), model=model, unfreeze=unfrozen_part, seed=seed)
    scale_folds = parameters["scale_folds"]
    test_dataset = data_options.open_other(test) if test is not None else None
    with launched(parameters["device"]) as (process_group, device_of_process):
        if process_group.leads:
            print_dataset(dataset)
            echo(f"preset {plan.preset} ({plan.dataset_preset}); {describe_selection(plan)}", err=True)
            if scale_prospect(dataset).is_possible and scale_folds is None:
                echo("the raters' scale may take up to 4 more trainings (--scale-folds 0: none)", err=True)
            if not plan.trains_backbones:
                digests = file_digests(dataset)
                cache = feature_cache(parameters)
                forecast = forecast_training(
                    plan, dataset, digests, cache, device_name=parameters["device"], scale_folds=scale_folds
                )
                print_forecast(forecast)
        progress = progress_bar() if process_group.leads else nullcontext(silent)
        with progress as report:
            result = train_checkpoint(
                plan,
                dataset,
                folder=output,
                control=TrainingControl(CancelToken(), report),
                resources=TrainingResources(feature_cache(parameters), device_of_process, process_group),
                test=test_dataset,
                replace=force,
                scale_folds=scale_folds,
            )
    if process_group.leads:
        _print_result(result)


def _train_auto(
    dataset: "Dataset", output: Path, parameters: Parameters, seed: int, test: Path | None, *, force: bool
) -> None:
    from skillviewer.engine.evaluation.choice_plan import ChoicePlan
    from skillviewer.engine.evaluation.choose_and_train import choose_and_train
    from skillviewer.engine.evaluation.forecast import file_digests, forecast_choice
    from skillviewer.engine.training.train_checkpoint import TrainingResources
    from skillviewer.engine.training.trainer import TrainingControl

    if test is not None or parameters["unfreeze"] or parameters["scale_folds"] is not None:
        raise click.UsageError(
            "--model auto holds out people of its own to test on: leave out --test, --unfreeze, --scale-folds."
        )
    if parameters["with_tracks"]:
        raise click.UsageError("--model auto compares kinematics with networks: leave out --with-tracks.")
    training = replace(training_plan(with_last_epoch(parameters), dataset.published), seed=seed)
    plan = ChoicePlan(training, level=CheckLevel(parameters["check"]))
    print_dataset(dataset)
    cache = feature_cache(parameters)
    digests = file_digests(dataset)
    print_forecast(forecast_choice(plan, dataset, digests, cache, device_name=parameters["device"]))
    resources = TrainingResources(cache, parameters["device"])
    with progress_bar() as report:
        result = choose_and_train(
            plan,
            dataset,
            folder=output,
            control=TrainingControl(CancelToken(), report),
            resources=resources,
            replace=force,
        )
    for problem in result.training.problems:
        echo(problem, err=True)
    print_choice(result.choice)
    checkpoint = result.training.checkpoint
    if checkpoint.card.raters_scale is not None:
        echo(checkpoint.card.raters_scale.about)
    echo(checkpoint.folder)


def _print_result(result: "TrainingResult") -> None:
    for problem in result.problems:
        echo(problem, err=True)
    for row in result.rows:
        accuracy = row.held_out_accuracy
        held_out_text = "" if math.isnan(accuracy) else f"   held out {percent(accuracy, ' %')}"
        train_text = f"training {percent(row.train_accuracy, ' %')}"
        echo(f"epoch {row.epoch:>3}   loss {row.loss:.3f}   {train_text}{held_out_text}", err=True)
    card = result.checkpoint.card
    held_out = card.held_out
    if held_out is not None:
        headline = held_out.headline
        echo(f"accuracy {headline.text} on {headline.n_pairs} {held_out.headline_pairs}: {held_out.rule}")
        if headline is not held_out:
            echo(f"  on all {held_out.n_pairs} held-out pairs, as papers report: {held_out.text}")
    for ordering, accuracy in card.ceilings:
        echo(f"  all held-out pairs ordered by {ordering}: {percent(accuracy, ' %')}")
    if card.raters_scale is not None:
        echo(card.raters_scale.about)
    if card.warning:
        echo(card.warning)
    echo(result.checkpoint.folder)
