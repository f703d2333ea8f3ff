"""Texts about the automatic choice of a model: the data set, the forecast of the training, and the result."""

from typing import TYPE_CHECKING

from skillviewer.cli.output import echo
from skillviewer.core.evaluation.choice_folds import CANDIDATES
from skillviewer.core.text import percent

if TYPE_CHECKING:
    from skillviewer.core.dataset.dataset import Dataset
    from skillviewer.core.evaluation.model_choice import ModelChoice
    from skillviewer.core.evaluation.training_forecast import TrainingForecast

AUTO = "auto"
"""Value of --model for the automatic choice."""
AUTO_CANDIDATES = f"{', '.join(CANDIDATES[:-1])} and {CANDIDATES[-1]}"
AUTO_HELP = (
    f"compares {AUTO_CANDIDATES}, and models on tracks or measures if there are any, and trains the best. "
    "Its accuracy is from nested cross-validation by person."
)
"""Help on the automatic choice, in the words of docs/train.md."""


def print_dataset(dataset: "Dataset") -> None:
    """Print to stderr the size of a data set, its rule for pairs, and whether its ratings suffice for a scale."""
    from skillviewer.core.ratings.fit_calibration import scale_prospect

    echo(f"{dataset.name}: {len(dataset.videos)} videos, {len(dataset.pairs)} pairs. {dataset.rule}", err=True)
    if dataset.ratings is not None:
        echo(scale_prospect(dataset).text, err=True)


def print_forecast(forecast: "TrainingForecast") -> None:
    """Print to stderr the phases of a training, with the estimated duration of each."""
    from skillviewer.core.text import format_duration

    for phase in forecast.phases:
        if phase.seconds or phase.name == "features":
            echo(f"  {phase.name:9} about {format_duration(phase.seconds):>12}   {phase.text}", err=True)
    echo(f"  in all    about {format_duration(forecast.total_s):>12}", err=True)
    if forecast.busy_text:
        echo(forecast.busy_text, err=True)


def print_choice(choice: "ModelChoice") -> None:
    """Print the verdict, the accuracy on held-out participants next to the baselines, and the compared models."""
    from skillviewer.core.evaluation.accuracy_text import format_estimate

    verdict = choice.verdict
    echo(verdict.sentence)
    echo(f"{choice.pairs_text}: {format_estimate(choice.accuracy)} of {choice.accuracy.n_pairs}")
    for baseline in choice.baselines:
        echo(f"  {baseline.title}: {format_estimate(baseline.accuracy)}")
    if choice.one_rater is not None:
        echo(f"  One rater against the others: {format_estimate(choice.one_rater)}")
    if choice.on_new_people:
        all_pairs = choice.all_pairs
        echo(
            f"all pairs that touch the held-out part, as papers report: {format_estimate(all_pairs)} of "
            f"{all_pairs.n_pairs}"
        )
    echo("compared within the training people (too good, because the choice was made by these accuracies):")
    for candidate in choice.candidates:
        without_checkpoint = "" if candidate.can_be_kept else ", for comparison only"
        chosen_text = f", chosen in {candidate.n_chosen} outer folds" if candidate.n_chosen else ""
        mark = "*" if candidate.model == choice.winner else " "
        echo(f"{mark} {candidate.model:8} {percent(candidate.accuracy, ' %')}{chosen_text}{without_checkpoint}")
    for sentence in verdict.details:
        echo(sentence)
    if choice.warning:
        echo(choice.warning)
