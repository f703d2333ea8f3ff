"""``skillviewer train``: a model from videos and pairs."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.dataset_options import Reading, dataset_options
from skillviewer.cli.options.plan_options import feature_cache, plan_options, training_plan
from skillviewer.cli.options.values import PATH, SEED
from skillviewer.cli.progress import progress_bar
from skillviewer.core.progress import CancelToken, silent

if TYPE_CHECKING:
    from skillviewer.engine.training.train import TrainingResult


@click.command()
@click.argument("data", type=PATH)
@click.option("--model", default="full", show_default=True, help="Attention model (see skillviewer models).")
@click.option("-o", "--output", required=True, type=PATH, help="Folder of the checkpoint.")
@dataset_options
@click.option("--test", type=PATH, help="Data set to test on; else a quarter of DATA is held out.")
@plan_options
@click.option(
    "--unfreeze",
    type=click.Choice(["last-block"]),
    help="Train the last block of both backbones too: several times the cost.",
)
@click.option(
    "--scale-folds",
    type=click.IntRange(0, 20),
    help="Train on N more folds by person, to put scores on the raters' scale.  [default: 4 if DATA is rated and the "
    "people held out are too few, else 0]",
)
@SEED
@click.option("--force", is_flag=True, help="Replace a checkpoint of that name.")
def train(
    data: Path,
    model: str,
    output: Path,
    reading: Reading,
    test: Path | None,
    seed: int,
    force: bool,
    **chosen: Any,  # noqa: ANN401 - click's parameters
) -> None:
    """Train a model on DATA: a folder with videos/ and pairs.csv, or any other form of docs/data.md.

    If it was stopped, run the same command again: it continues from the last epochs, which are kept next to the
    checkpoint.

    On several GPUs: torchrun --nproc-per-node N -m skillviewer train ...
    """
    from skillviewer.core.ratings.fit_calibration import scale_prospect
    from skillviewer.engine.runtime.distributed import launched
    from skillviewer.engine.training.plan import selection_rule
    from skillviewer.engine.training.train import TrainingResources, train_checkpoint
    from skillviewer.engine.training.trainer import TrainingControl

    dataset = reading.open(data)
    plan = replace(training_plan(chosen, dataset.published), model=model, unfreeze=chosen["unfreeze"] or "", seed=seed)
    tested = reading.open_other(test) if test is not None else None
    with launched(chosen["device"]) as (together, own_device):
        if together.leads:
            summary = f"{dataset.name}: {len(dataset.videos)} videos, {len(dataset.pairs)} pairs. {dataset.rule}"
            click.echo(summary, err=True)
            click.echo(f"preset {plan.preset} ({plan.dataset_preset}); {selection_rule(plan)}", err=True)
            if dataset.ratings is not None:
                prospect = scale_prospect(dataset)
                more = " It may take up to 4 more trainings (--scale-folds 0: none)."
                usual = prospect.is_possible and chosen["scale_folds"] is None
                click.echo(f"{prospect.text}{more if usual else ''}", err=True)
        with progress_bar() if together.leads else nullcontext(silent) as report:
            result = train_checkpoint(
                plan,
                dataset,
                output,
                TrainingControl(CancelToken(), report),
                TrainingResources(feature_cache(chosen), own_device, together),
                test=tested,
                replace=force,
                scale_folds=chosen["scale_folds"],
            )
    if together.leads:
        _tell(result)


def _tell(result: "TrainingResult") -> None:
    for problem in result.problems:
        click.echo(problem, err=True)
    for row in result.rows:
        held = f"   held out {row.held_out_accuracy:.3f}" if row.held_out_accuracy == row.held_out_accuracy else ""
        click.echo(f"epoch {row.epoch:>3}   loss {row.loss:.3f}   training {row.train_accuracy:.3f}{held}", err=True)
    held_out = result.checkpoint.card.held_out
    if held_out is not None:
        ends = held_out.interval
        words = f"95 % interval {ends[0]:.3f} to {ends[1]:.3f}" if ends is not None else "no interval can be drawn"
        click.echo(f"held-out accuracy {held_out.accuracy:.3f} ({words}) on {held_out.n_pairs} pairs: {held_out.rule}")
    for what, accuracy in result.checkpoint.card.ceilings:
        click.echo(f"  ordering by {what}: {accuracy:.3f}")
    if result.checkpoint.card.raters_scale is not None:
        click.echo(result.checkpoint.card.raters_scale.about)
    if caution := result.checkpoint.card.caution:
        click.echo(caution)
    click.echo(str(result.checkpoint.folder))
