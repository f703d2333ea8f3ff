"""Automatic choice of a model on the command line: what is trained on, and what came out."""

from typing import TYPE_CHECKING

from skillviewer.cli.output import echo
from skillviewer.core.text import percent

if TYPE_CHECKING:
    from skillviewer.core.dataset.dataset import Dataset
    from skillviewer.core.evaluation.accuracy import PooledEstimate
    from skillviewer.core.evaluation.model_choice import ModelChoice
    from skillviewer.core.evaluation.training_forecast import TrainingForecast

AUTO = "auto"
"""Value of --model for the automatic choice."""


def say_dataset(dataset: "Dataset") -> None:
    """Print to stderr what a data set holds, and what its ratings are enough for."""
    from skillviewer.core.ratings.fit_calibration import scale_prospect

    echo(f"{dataset.name}: {len(dataset.videos)} videos, {len(dataset.pairs)} pairs. {dataset.rule}", err=True)
    if dataset.ratings is not None:
        echo(scale_prospect(dataset).text, err=True)


def say_forecast(forecast: "TrainingForecast") -> None:
    """Print to stderr what will happen in which phase, and about how long each takes."""
    from skillviewer.core.text import format_duration

    for phase in forecast.phases:
        if phase.seconds or phase.name == "features":
            echo(f"  {phase.name:9} about {format_duration(phase.seconds):>12}   {phase.text}", err=True)
    echo(f"  in all    about {format_duration(forecast.total_s):>12}", err=True)
    if forecast.busy_text:
        echo(forecast.busy_text, err=True)


def _accuracy(pooled: "PooledEstimate") -> str:
    ends = f" ({percent(pooled.low)} to {percent(pooled.high)})" if pooled.low == pooled.low else ""
    return f"{percent(pooled.value, ' %')}{ends}"


def print_choice(choice: "ModelChoice") -> None:
    """Print the verdict first, then the accuracy on people held out next to the baselines, then the comparison."""
    verdict = choice.verdict
    echo(verdict.sentence)
    echo(f"{choice.pairs_text}: {_accuracy(choice.accuracy)} of {choice.accuracy.n_pairs}")
    for row in choice.baselines:
        echo(f"  {row.title}: {_accuracy(row.accuracy)}")
    if choice.one_rater is not None:
        echo(f"  One rater against the others: {_accuracy(choice.one_rater)}")
    if choice.on_new_people:
        echo(
            f"all pairs that touch the held-out part, as papers report: {_accuracy(choice.all_pairs)} of "
            f"{choice.all_pairs.n_pairs}"
        )
    echo("compared within the training people (these accuracies chose, and are too good):")
    for candidate in choice.candidates:
        without_checkpoint = "" if candidate.can_be_kept else ", no checkpoint"
        won = f", chosen in {candidate.n_chosen} outer folds" if candidate.n_chosen else ""
        mark = "*" if candidate.model == choice.winner else " "
        echo(f"{mark} {candidate.model:8} {percent(candidate.accuracy, ' %')}{won}{without_checkpoint}")
    for sentence in (*verdict.details, *filter(None, (choice.warning,))):
        echo(sentence)
