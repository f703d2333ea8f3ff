"""``skillviewer evaluate``: training and testing of models on the folds of a data set, with one table of results."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.dataset_options import DataOptions, dataset_options, folds_options
from skillviewer.cli.options.help import GroupedCommand
from skillviewer.cli.options.plan_options import feature_cache, plan_options, training_plan, with_last_epoch
from skillviewer.cli.options.values import FOLDER, PATH, Parameters
from skillviewer.cli.options.worker_options import worker_options, workers_from
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.cli.training_output import AUTO, AUTO_CANDIDATES, print_choice, print_dataset
from skillviewer.core.errors import SettingsError
from skillviewer.core.progress import CancelToken

if TYPE_CHECKING:
    from skillviewer.core.dataset.dataset import Dataset
    from skillviewer.engine.evaluation.evaluation_plan import EvaluationPlan
    from skillviewer.engine.evaluation.record import EvaluationRecord
    from skillviewer.engine.training.training_plan import TrainingPlan

ALL_MODELS = "all"


@click.command(cls=GroupedCommand)
@click.argument("data", type=PATH)
@click.option(
    "--model",
    "models",
    default="full",
    show_default=True,
    help="Names of models with commas between; all, for every model except tsn; or auto, which compares "
    f"{AUTO_CANDIDATES} within the training people of every fold and tests the best.",
)
@click.option("-o", "--output", required=True, type=FOLDER, help="Folder of the evaluation.")
@folds_options
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="Number of seeds: 0, 1, ...")
@dataset_options
@plan_options
@click.option(
    "--tolerance",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Number of cells around a region that count as part of it.",
)
@click.option(
    "--regions",
    type=click.Choice(["table", "tracks"]),
    default="table",
    show_default=True,
    help="Source of the regions in which skill shows: regions.csv of the data set, or the tracks of the videos "
    "(docs/tracks.md).",
)
@worker_options
@click.option(
    "--controls/--no-controls",
    default=True,
    show_default=True,
    help="Also evaluate the trivial baselines: pooled, motion and duration; kinematics if the data set has tracks, and "
    "measures if it has measures.csv.",
)
@click.option(
    "--metrics",
    metavar="NAMES",
    help="Metrics with intervals over people: official (those that papers report), all, or names with commas between "
    "(docs/reference/names.md).  [default: rating_spearman,relative_l2,mae if videos are rated]",
)
@click.option("--checkpoints", is_flag=True, help="Keep the checkpoint of every run (motion and duration have none).")
@click.option(
    "--baseline",
    type=FOLDER,
    help="Folder of another evaluation of DATA, whose first model is the baseline.  [default: the first of --model]",
)
@click.option("--against", type=FOLDER, hidden=True)  # its name in version 0.1
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='Print JSON: {"models": [...], "orderings": [...], ...}, with accuracies as fractions.',
)
def evaluate(data: Path, data_options: DataOptions, **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Train and test models on the folds of DATA, and compare them in one table.

    Every run is saved in the folder. To continue after a stop, run the same command again: finished runs with the same
    settings are not repeated.
    """
    from skillviewer.core.dataset.folds import make_folds
    from skillviewer.engine.evaluation.evaluate import evaluate as run_evaluation
    from skillviewer.engine.training.run_folder import earlier_effort, earlier_sampling
    from skillviewer.engine.training.training_plan import describe_selection

    dataset = data_options.open(data)
    output = parameters["output"]
    if parameters["models"] == AUTO:
        return _evaluate_auto(dataset, output, parameters)
    if not parameters["sampling"]:
        parameters["sampling"] = earlier_sampling(output, parameters["preset"])
    if not parameters["features"]:
        parameters["features"] = earlier_effort(output)
    training = training_plan(parameters, dataset.published)
    plan = replace(_plan(parameters, training), metrics=_metrics(dataset, parameters["metrics"]))
    plan.check()
    print_dataset(dataset)
    echo(f"preset {training.preset} ({training.dataset_preset}), sampling {training.preprocessing.sampling}", err=True)
    echo(f"selection rule: {describe_selection(training)}", err=True)
    early_warning = make_folds(dataset, plan.n_folds, plan.fold_unit).warning
    if early_warning:
        echo(early_warning, err=True)
    baseline = parameters["baseline"]
    if baseline is None:
        baseline = parameters["against"]
    with progress_bar() as bar:
        evaluation = run_evaluation(
            plan,
            dataset,
            folder=output,
            token=CancelToken(),
            report=bar,
            device_name=parameters["device"],
            cache=feature_cache(parameters),
            baseline=baseline,
        )
    record = evaluation.record
    for sentence in (record.warning, *record.problems):
        if sentence and sentence != early_warning:
            echo(sentence, err=True)
    if record.selection != describe_selection(training):
        echo(f"selection rule, as applied: {record.selection}", err=True)
    echo(f"{evaluation.n_trained} runs made, {evaluation.n_reused} found in {output}", err=True)
    if parameters["shard"] is not None:
        echo("The same command without --shard makes the tables, once all shards have ended.", err=True)
    else:
        _print_record(record, output, as_json=parameters["as_json"])
    return 1 if evaluation.failures else 0


def _metrics(dataset: "Dataset", names: str | None) -> tuple[str, ...]:
    """Return the metrics of ``--metrics``; without it, the usual ones if videos are rated, else none."""
    from skillviewer.core.ratings.predictions import USUAL, metrics_named

    if names is None:
        has_ratings = dataset.ratings is not None or dataset.scores is not None
        names = USUAL if has_ratings else ""
    try:
        return metrics_named(names)
    except SettingsError as error:
        raise click.BadParameter(str(error), param_hint="--metrics") from error


def _print_record(record: "EvaluationRecord", output: Path, *, as_json: bool) -> None:
    from skillviewer.engine.evaluation.record import models_json
    from skillviewer.engine.evaluation.tables import PLOT, accuracy_table, metrics_table

    if as_json:
        echo(*models_json(record).splitlines())
        return
    echo(*accuracy_table(record), *record.verdict)
    metrics_lines = metrics_table(record)
    if metrics_lines:
        echo("", *metrics_lines)
    if record.optimistic:
        echo("* epoch chosen on the test pairs themselves: optimistic, only to compare with papers")
    if (output / PLOT).exists():
        echo("", output / PLOT)


def _evaluate_auto(dataset: "Dataset", output: Path, parameters: Parameters) -> int:
    """Estimate the accuracy of the automatic choice on held-out people; print the choice, and save it in the folder."""
    import msgspec

    from skillviewer.engine.evaluation.choice_plan import ChoicePlan
    from skillviewer.engine.evaluation.choose_and_train import CHOICE_FILE
    from skillviewer.engine.evaluation.choose_model import choose_model
    from skillviewer.engine.runtime.exclusive import exclusive_lock
    from skillviewer.engine.training.run_folder import write_json
    from skillviewer.engine.training.train_checkpoint import TrainingResources
    from skillviewer.engine.training.trainer import TrainingControl

    if parameters["n_folds"] is not None or parameters["by"] is not None or parameters["seeds"] > 1:
        raise click.UsageError("--model auto makes its folds itself: leave out --folds, --by and --seeds.")
    if parameters["with_tracks"]:
        raise click.UsageError("--model auto compares kinematics with networks: leave out --with-tracks.")
    training = training_plan(with_last_epoch(parameters), dataset.published)
    print_dataset(dataset)
    refusal = f"Another evaluation writes into {output}: wait until it has ended, or give another folder."
    with exclusive_lock(output / "evaluation", refusal), progress_bar() as bar:
        control = TrainingControl(CancelToken(), bar)
        resources = TrainingResources(feature_cache(parameters), parameters["device"])
        result = choose_model(ChoicePlan(training), dataset, work=output, control=control, resources=resources)
        write_json(output / CHOICE_FILE, msgspec.to_builtins(result.choice))
    for sentence in (*dataset.problems, *result.problems):
        echo(sentence, err=True)
    if parameters["as_json"]:
        echo(*(output / CHOICE_FILE).read_text(encoding="utf-8").split("\n"))
    else:
        print_choice(result.choice)
    return 0


def _plan(parameters: Parameters, training: "TrainingPlan") -> "EvaluationPlan":
    from skillviewer.core.dataset.folds import FoldUnit
    from skillviewer.engine.evaluation.evaluation_plan import EvaluationPlan, usual_models
    from skillviewer.nets.models import TRIVIAL

    names = [name.strip() for name in parameters["models"].split(",") if name.strip()]
    if ALL_MODELS in names:
        names = list(dict.fromkeys([*usual_models(), *names]))
    models = tuple(name for name in names if name != ALL_MODELS)
    evaluates_controls = parameters["controls"] and models
    controls = TRIVIAL if evaluates_controls else ()
    fold_unit = None if parameters["by"] is None else FoldUnit(parameters["by"])
    return EvaluationPlan(
        models=models,
        controls=controls,
        training=training,
        n_folds=parameters["n_folds"],
        fold_unit=fold_unit,
        n_seeds=parameters["seeds"],
        workers=workers_from(parameters),
        tolerance=parameters["tolerance"],
        regions_from_tracks=parameters["regions"] == "tracks",
        save_checkpoints=parameters["checkpoints"],
    )
