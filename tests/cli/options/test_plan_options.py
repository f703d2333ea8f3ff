"""The options of training commands: what they mean when nothing is said."""

from typing import Any

import click
from click.testing import CliRunner

from skillviewer.cli.options.plan_options import plan_options, training_plan
from skillviewer.core.video.preprocessing import FEATURE_EFFORTS
from skillviewer.engine.training.training_plan import TrainingPlan


def plan_of(*arguments: str, published: str | None = None) -> TrainingPlan:
    """Return the plan that a command with these options gets."""
    plans: list[TrainingPlan] = []

    @click.command()
    @plan_options
    def command(**chosen: Any) -> None:
        plans.append(training_plan(chosen, published))

    CliRunner().invoke(command, ["--device", "cpu", *arguments], catch_exceptions=False)
    (plan,) = plans
    return plan


def test_without_options_the_plan_is_the_usual_one() -> None:
    thorough = ("--features", "thorough")
    assert plan_of("--precision", "float32", *thorough) == TrainingPlan()
    assert plan_of("--precision", "bfloat16", *thorough) == TrainingPlan(training_precision="bfloat16")


def test_small_studies_are_quick_and_published_presets_thorough_unless_told_otherwise() -> None:
    def frames(*arguments: str) -> tuple[int, int, str]:
        plan = plan_of(*arguments)
        return plan.preprocessing.n_segments, plan.candidates, plan.preprocessing.flow.algorithm

    quick, thorough = ((e.n_segments, e.candidates, e.flow) for e in FEATURE_EFFORTS)
    assert frames() == frames("--preset", "fine-detail") == frames("--preset", "paper", "--features", "quick") == quick
    assert frames("--features", "thorough") == frames("--preset", "paper") == thorough
    assert frames("--flow", "dis", "--segments", "7", "--candidates", "3") == (7, 3, "dis")
    assert 4 * quick[0] * quick[1] <= thorough[0] * thorough[1], "at least four times fewer frames"


def test_every_choice_of_preprocessing_reaches_the_plan() -> None:
    chosen = plan_of("--flow", "dis", "--segments", "7", "--input-px", "64", "--rate", "10").preprocessing
    assert (chosen.flow.algorithm, chosen.n_segments, chosen.input_px, chosen.rate_hz) == ("dis", 7, 64, 10)


def test_a_new_training_samples_as_its_preset_says_unless_told_otherwise() -> None:
    def sampling(*arguments: str) -> str:
        return plan_of(*arguments).preprocessing.sampling

    assert sampling() == sampling("--preset", "small-study") == "even"
    assert sampling("--preset", "paper") == sampling("--preset", "official-code") == "paper"
    assert sampling("--sampling", "paper") == "paper"
    assert sampling("--preset", "paper", "--sampling", "even") == "even"


def test_the_preset_names_the_backbone_and_the_picture_unless_others_are_chosen() -> None:
    fine = plan_of("--preset", "fine-detail")
    assert (fine.backbone, fine.preprocessing.input_px, fine.preprocessing.sampling) == (
        "efficientnet-lite0-mid",
        320,
        "even",
    )
    assert (fine.sizes().feature_channels, fine.sizes().grid, fine.sizes().fusion_hidden) == (224, (20, 20), 64)
    own = plan_of("--preset", "fine-detail", "--backbone", "resnet18", "--input-px", "64")
    assert (own.backbone, own.preprocessing.input_px) == ("resnet18", 64)


def test_the_preset_takes_the_settings_of_a_published_data_set_unless_others_are_chosen() -> None:
    def taken(published: str | None, *arguments: str) -> str:
        return plan_of(*arguments, published=published).dataset_preset

    assert taken("dough") == "dough"
    assert taken(None) == taken("a study of one's own") == "other"
    assert taken("dough", "--dataset-preset", "drawing") == "drawing"
