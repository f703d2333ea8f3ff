"""Plans of trainings on ratings that cannot be trained on, or only in part: each has its sentence."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.finetuning.split import TuningChoices
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table
from skillviewer.ui.finetuning.requests import TuningPlan, TuningSelection, plan
from tests.facts import missing


def planned(
    folder: Path,
    ratings: Sequence[object],
    n_people: int,
    *,
    level: CheckLevel | None = CheckLevel.QUICK,
    gone: int = 0,
) -> TuningPlan:
    """Return the plan of a training on one rating of every video; the files of ``gone`` videos are deleted."""
    files = [folder / f"clip_{i}.mp4" for i in range(len(ratings))]
    for i, file in enumerate(files):
        file.write_text(f"the video {i}")
    rows = [f"{file.stem},{value}" for file, value in zip(files, ratings, strict=True)]
    table = folder / "scores.csv"
    table.write_text("Clip,Global\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with Study.create(folder / "own.skillstudy") as study:
        study.videos.add([NewVideo(file, participant=f"P{i % n_people}") for i, file in enumerate(files)])
        add_ratings(study, open_study_table(study, table))
        for file in files[:gone]:
            file.unlink()
        return plan(study, TuningSelection(TuningChoices(), level=level), 2**30)


@pytest.mark.parametrize("level", [CheckLevel.QUICK, None])
def test_equal_ratings_order_nothing(tmp_path: Path, level: CheckLevel | None) -> None:
    assert not missing(planned(tmp_path, [3] * 6, 3, level=level).refusal, "same rating", "Global", "(3)")


def test_two_people_are_too_few_to_choose_a_model(tmp_path: Path) -> None:
    assert not missing(planned(tmp_path, range(6), 2).refusal, "2 participants", "at least 3")


def test_a_missing_video_is_left_out_with_a_warning(tmp_path: Path) -> None:
    made = planned(tmp_path, (5, 2, 7, 1, 8, 3, 6, 4), 4, gone=1)
    assert not made.refusal
    assert any("1 video is missing" in warning for warning in made.warnings)
    assert dict(made.lines)["Trained on"].startswith("21 pairs of 7 videos")


def test_without_any_file_the_videos_are_asked_for(tmp_path: Path) -> None:
    assert "Locate the videos" in planned(tmp_path, range(4), 4, gone=4).refusal


def test_the_number_of_people_is_said_before(tmp_path: Path) -> None:
    assert "11 are needed" in dict(planned(tmp_path, range(6), 6).lines)["Your scale"]
