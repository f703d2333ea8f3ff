"""``skillviewer train``: a model from videos and pairs."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.dataset_options import dataset_options, opened
from skillviewer.cli.progress import progress_bar
from skillviewer.core.job import CancelToken, silent
from skillviewer.core.preprocessing import FLOW_ALGORITHMS, FlowSettings, Preprocessing

if TYPE_CHECKING:
    from skillviewer.engine.training import TrainingResult


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--model", default="full", show_default=True, help="Attention model (see skillviewer models).")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of the checkpoint.")
@dataset_options
@click.option(
    "--test", type=click.Path(path_type=Path), help="Data set to test on; else a quarter of DATA is held out."
)
@click.option("--preset", default="small-study", show_default=True, help="small-study, paper or official-code.")
@click.option("--dataset-preset", default="other", show_default=True, help="Whose optimiser settings of the preset.")
@click.option("--backbone", default="efficientnet-lite0", show_default=True, help="efficientnet-lite0, resnet101, ...")
@click.option(
    "--flow", type=click.Choice(FLOW_ALGORITHMS), default="tvl1-fast", show_default=True, help="Optical flow."
)
@click.option(
    "--motion-weights",
    type=click.Choice(["across", "own"]),
    default="across",
    show_default=True,
    help="Of the motion stream: those for pictures, across modalities, or BACKBONE-flow.pth trained on flow.",
)
@click.option("--rate", type=click.FloatRange(min=0.1), help="Clock in Hz (the paper's slow tasks: 10).")
@click.option("--segments", type=click.IntRange(1), default=25, show_default=True, help="Sampled frames a video.")
@click.option("--input-px", type=click.IntRange(32), default=448, show_default=True, help="Side of the input square.")
@click.option("--stride", type=click.Choice(["1", "2"]), help="Fusion stride: 2 as released, 1 for finer maps.")
@click.option("--select", type=click.Choice(["inner", "last", "best-on-test"]), default="inner", show_default=True)
@click.option(
    "--refit/--no-refit", default=True, show_default=True, help="Train afresh on all once an epoch is chosen."
)
@click.option(
    "--inner-folds",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="Choose the epoch on average over so many inner folds.",
)
@click.option(
    "--unfreeze",
    type=click.Choice(["last-block"]),
    help="Train the last block of both backbones too: several times the cost.",
)
@click.option("--epochs", type=click.IntRange(1), help="Number of epochs, if not the preset's.")
@click.option(
    "--candidates", type=click.IntRange(1), default=4, show_default=True, help="Frames a segment to draw from."
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    show_default=True,
    help="Of what training computes of single frames; auto: bfloat16 on a GPU that has it, else float32.",
)
@click.option("--cache-gb", type=click.FloatRange(min=0.1), default=20, show_default=True, help="Room for features.")
@click.option("--force", is_flag=True, help="Replace a checkpoint of that name.")
def train(
    data: Path,
    model: str,
    output: Path,
    videos: Path | None,
    form: str | None,
    task: str | None,
    rule: str,
    participants: str | None,
    test: Path | None,
    preset: str,
    dataset_preset: str,
    backbone: str,
    flow: str,
    motion_weights: str,
    rate: float | None,
    segments: int,
    input_px: int,
    stride: str | None,
    select: str,
    refit: bool,
    inner_folds: int,
    unfreeze: str | None,
    epochs: int | None,
    candidates: int,
    seed: int,
    device: str,
    precision: str,
    cache_gb: float,
    force: bool,
) -> None:
    """Train a model on DATA: a folder with videos/ and pairs.csv, or any other form of docs/data.md.

    On several GPUs: torchrun --nproc-per-node N -m skillviewer train ...
    """
    from skillviewer.core.places import cache_dir
    from skillviewer.engine.cache import FeatureCache
    from skillviewer.engine.device import choose_device, training_precision
    from skillviewer.engine.plan import TrainingPlan
    from skillviewer.engine.together import launched
    from skillviewer.engine.train import Select
    from skillviewer.engine.training import train_checkpoint

    plan = TrainingPlan(
        model=model,
        preset=preset,
        dataset_preset=dataset_preset,
        backbone=backbone,
        own_motion=motion_weights == "own",
        preprocessing=Preprocessing(
            n_segments=segments, input_px=input_px, rate_hz=rate, flow=FlowSettings(algorithm=flow)
        ),
        fusion_stride=int(stride) if stride else None,
        candidates=candidates,
        select=Select(select),
        refit=refit,
        inner_folds=inner_folds,
        unfreeze=unfreeze or "",
        epochs=epochs,
        training_precision=training_precision(precision, choose_device(device)),
        seed=seed,
    )
    dataset = opened(data, videos, form, task, rule, participants)
    tested = opened(test, None, None, task, rule, participants) if test is not None else None
    with launched(device) as (together, own_device):
        if together.leads:
            said = f"{dataset.name}: {len(dataset.videos)} videos, {len(dataset.pairs)} pairs. {dataset.rule}"
            click.echo(said, err=True)
        with progress_bar() if together.leads else nullcontext(silent) as report:
            result = train_checkpoint(
                plan,
                dataset,
                output,
                CancelToken(),
                report,
                test=tested,
                device_name=own_device,
                cache=FeatureCache(cache_dir() / "features", int(cache_gb * 2**30)),
                replace=force,
                together=together,
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
        click.echo(
            f"held-out accuracy {held_out.accuracy:.3f} (95 % interval {held_out.low:.3f} to {held_out.high:.3f}) on "
            f"{held_out.n_pairs} pairs: {held_out.rule}"
        )
    for what, accuracy in result.checkpoint.card.ceilings:
        click.echo(f"  ordering by {what}: {accuracy:.3f}")
    click.echo(str(result.checkpoint.folder))
