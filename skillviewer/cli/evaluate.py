"""``skillviewer evaluate``: models trained and tested on the folds of a data set, in one table."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from skillviewer.cli.dataset_options import dataset_options, opened
from skillviewer.cli.progress import progress_bar
from skillviewer.core.job import CancelToken, Progress
from skillviewer.core.preprocessing import FLOW_ALGORITHMS, FlowSettings, Preprocessing

if TYPE_CHECKING:
    from skillviewer.core.job import Report

ALL = "all"
_BY = click.Choice(["released", "participant", "video"])


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--model", "models", default="full", show_default=True, help="Models with commas between, or all (but tsn)."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder.")
@click.option("--folds", "n_folds", type=click.IntRange(2), default=4, show_default=True, help="Number of folds.")
@click.option("--by", type=_BY, help="What is held out together; else released folds, participants or videos.")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="How many seeds: 0, 1, ...")
@dataset_options
@click.option("--preset", default="small-study", show_default=True, help="small-study, paper or official-code.")
@click.option("--dataset-preset", help="Whose optimiser settings of the preset; else those of DATA if it is known.")
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
@click.option(
    "--candidates", type=click.IntRange(1), default=4, show_default=True, help="Frames a segment to draw from."
)
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
@click.option("--epochs", type=click.IntRange(1), help="Number of epochs, if not the preset's.")
@click.option("--tolerance", type=click.IntRange(0), default=1, show_default=True, help="Cells that a map may miss by.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Runs at once.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    show_default=True,
    help="Of what training computes of single frames; auto: bfloat16 on a GPU that has it, else float32.",
)
@click.option("--cache-gb", type=click.FloatRange(min=0.1), default=20, show_default=True, help="Room for features.")
@click.option("--checkpoints", is_flag=True, help="Keep the checkpoint of every run.")
@click.option("--json", "as_json", is_flag=True, help='As JSON: {"models": [...]}, fractions.')
def evaluate(
    data: Path,
    models: str,
    output: Path,
    n_folds: int,
    by: str | None,
    seeds: int,
    videos: Path | None,
    form: str | None,
    task: str | None,
    rule: str,
    participants: str | None,
    preset: str,
    dataset_preset: str | None,
    backbone: str,
    flow: str,
    motion_weights: str,
    rate: float | None,
    segments: int,
    input_px: int,
    stride: str | None,
    candidates: int,
    select: str,
    refit: bool,
    inner_folds: int,
    epochs: int | None,
    tolerance: int,
    jobs: int,
    device: str,
    precision: str,
    cache_gb: float,
    checkpoints: bool,
    as_json: bool,
) -> int:
    """Train and test models on the folds of DATA, and put them into one table.

    Every run is kept in the folder; what is finished there and agrees with the settings is not made again, so the same
    command goes on after it was stopped.
    """
    from skillviewer.core.folds import FoldsBy
    from skillviewer.core.places import cache_dir
    from skillviewer.engine.cache import FeatureCache
    from skillviewer.engine.device import choose_device, training_precision
    from skillviewer.engine.evaluate import EvaluationPlan, usual_models
    from skillviewer.engine.evaluate import evaluate as run_evaluation
    from skillviewer.engine.plan import TrainingPlan, selection_rule
    from skillviewer.engine.tables import PLOT, accuracy_table, models_json
    from skillviewer.engine.train import Select
    from skillviewer.nets.presets import DATASETS

    dataset = opened(data, videos, form, task, rule, participants)
    if dataset_preset is None:
        dataset_preset = dataset.published if dataset.published in DATASETS else "other"
    training = TrainingPlan(
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
        epochs=epochs,
        training_precision=training_precision(precision, choose_device(device)),
    )
    names = usual_models() if models == ALL else tuple(name.strip() for name in models.split(",") if name.strip())
    plan = EvaluationPlan(
        models=names,
        training=training,
        n_folds=n_folds,
        by=FoldsBy(by) if by is not None else None,
        n_seeds=seeds,
        jobs=jobs,
        tolerance=tolerance,
        checkpoints=checkpoints,
    )
    click.echo(f"{dataset.name}: {len(dataset.videos)} videos, {len(dataset.pairs)} pairs. {dataset.rule}", err=True)
    click.echo(f"selection rule: {selection_rule(training)}", err=True)
    with progress_bar() as bar:
        evaluation = run_evaluation(
            plan,
            dataset,
            output,
            CancelToken(),
            _with_lines(bar),
            device_name=device,
            cache=FeatureCache(cache_dir() / "features", int(cache_gb * 2**30)),
        )
    record = evaluation.record
    for sentence in filter(None, (record.warning, *record.problems)):
        click.echo(sentence, err=True)
    click.echo(f"{evaluation.n_trained} runs made, {evaluation.n_found} found in {output}", err=True)
    if as_json:
        click.echo(models_json(record))
    else:
        click.echo("\n".join(accuracy_table(record)))
        if record.optimistic:
            click.echo("* epoch chosen on the test pairs themselves: optimistic, only to compare with papers")
        click.echo(f"\n{output / PLOT}")
    return 1 if evaluation.failures else 0


def _with_lines(bar: "Report") -> "Report":
    """Return a report that also writes finished runs as lines above the bar."""

    def report(progress: Progress) -> None:
        if isinstance(progress.value, str):
            with tqdm.external_write_mode():
                click.echo(progress.value, err=True)
        bar(progress)

    return report
