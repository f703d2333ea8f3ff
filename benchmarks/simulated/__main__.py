"""The command: ``python -m benchmarks.simulated``."""

import os
import sys
from pathlib import Path

import click

from benchmarks.simulated.ceilings import N_FOLDS, ceilings
from benchmarks.simulated.clip_forms import FORMS
from benchmarks.simulated.tasks import TASKS, task_named
from skillviewer.core.errors import SettingsError, SkillViewerError
from skillviewer.core.registry import look_up


@click.group(help=__doc__)
def main() -> None:
    """Parse."""


@main.command()
@click.argument("task", type=click.Choice([task.name for task in TASKS]))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--participants", type=click.IntRange(1), default=8, show_default=True, help="How many take part.")
@click.option("--trials", type=click.IntRange(1), default=5, show_default=True, help="Clips of each participant.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Everything is drawn from it.")
@click.option("--first-participant", type=click.IntRange(1), default=1, show_default=True, help="Number of the first.")
def render(task: str, folder: Path, participants: int, trials: int, seed: int, first_participant: int) -> None:
    """Render a study into FOLDER, which must be new or empty."""
    # no display is needed; to be said before MuJoCo is imported
    os.environ.setdefault("MUJOCO_GL", "osmesa")
    # not at the top: the other commands do without Meta-World
    from benchmarks.simulated.build import build

    build(task_named(task), folder, participants, trials, seed, first_participant)


@main.command("two-arms")
@click.argument("task", type=click.Choice([task.name for task in TASKS]))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--participants", type=click.IntRange(1), default=12, show_default=True, help="How many take part.")
@click.option("--trials", type=click.IntRange(1), default=5, show_default=True, help="Clips of each participant.")
@click.option("--seed", type=click.IntRange(0), default=11, show_default=True, help="Everything is drawn from it.")
@click.option("--first-participant", type=click.IntRange(1), default=1, show_default=True, help="Number of the first.")
@click.option(
    "--clips",
    type=click.Choice([form.name for form in FORMS]),
    default="short",
    show_default=True,
    help="short: 1.5 s, 320x240, 20 Hz; long: 5 to 7 s, 480x360, 30 Hz, as the sample study.",
)
@click.option("--videos/--no-videos", default=True, show_default=True, help="Render the clips; or the tables alone.")
@click.option("--masks/--no-masks", default=True, show_default=True, help="Write the pixels of the judged arm too.")
def two_arms(
    task: str,
    folder: Path,
    participants: int,
    trials: int,
    seed: int,
    first_participant: int,
    clips: str,
    videos: bool,
    masks: bool,
) -> None:
    """Render a study of two arms, the orange one judged, into FOLDER, which must be new or empty."""
    os.environ.setdefault("MUJOCO_GL", "osmesa")
    from benchmarks.simulated.two_arms import build_two_arms

    build_two_arms(
        task_named(task),
        folder,
        participants,
        trials,
        seed,
        first_participant,
        form=look_up(FORMS, clips, "form of clips", SettingsError),
        videos=videos,
        masks=masks,
    )


@main.command("ceilings")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--folds", type=click.IntRange(2), default=N_FOLDS, show_default=True, help="Folds of participants.")
def print_ceilings(folder: Path, folds: int) -> None:
    """Print the pairwise accuracy of orderings by known quantities on the study in FOLDER."""
    click.echo(f"{'ordered by':<26}{'all pairs':>11}{'one held out':>14}{'both held out':>15}")
    for c in ceilings(folder, folds):
        click.echo(f"{c.name:<26}{c.all_pairs:>11.3f}{c.held_out:>14.3f}{c.both_held_out:>15.3f}")


@main.command("rating-sheet")
@click.argument("folder", type=click.Path(path_type=Path))
def rating_sheet(folder: Path) -> None:
    """Write a spreadsheet of simulated ratings of the study of two arms in FOLDER, next to its tables."""
    from benchmarks.simulated.rating_sheet import write_rating_sheet

    click.echo(str(write_rating_sheet(folder)))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--videos", default=4, show_default=True, type=click.IntRange(1), help="How many clips.")
@click.option("--frames", default=6, show_default=True, type=click.IntRange(1), help="How many frames of each.")
@click.option("--dots/--no-dots", default=True, show_default=True, help="Mark gripper, object and distractor.")
def sheet(folder: Path, picture: Path, videos: int, frames: int, dots: bool) -> None:
    """Draw frames of the study in FOLDER, best clip first, with the recorded regions marked, into PICTURE (PNG)."""
    from benchmarks.simulated.sheet import draw_sheet

    draw_sheet(folder, picture, videos, frames, dots)


if __name__ == "__main__":
    try:
        main()
    except SkillViewerError as error:
        click.echo(f"{error}", err=True)
        sys.exit(1)
