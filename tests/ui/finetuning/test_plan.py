"""Plans of trainings on ratings that cannot be trained on, or only in part: each has its sentence."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.finetuning.split import TuningChoices
from skillviewer.data.ratings.table_mapping import ItemMapping, RatingColumn, TableMapping
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table
from skillviewer.ui.finetuning.tuning_plan import TuningPlan, TuningSelection, make_plan
from tests.facts import missing


def planned(
    folder: Path,
    ratings: Sequence[object],
    n_people: int,
    *,
    level: CheckLevel | None = CheckLevel.QUICK,
    gone: int = 0,
    mapping: TableMapping | None = None,
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
        add_ratings(study, open_study_table(study, table, mapping))
        for file in files[:gone]:
            file.unlink()
        return make_plan(study, TuningSelection(TuningChoices(), level=level), 2**30)


@pytest.mark.parametrize("level", [CheckLevel.QUICK, None])
def test_equal_ratings_order_nothing(tmp_path: Path, level: CheckLevel | None) -> None:
    assert not missing(planned(tmp_path, [3] * 6, 3, level=level).refusal, "same rating", "Global", "(3)")


@pytest.mark.parametrize("level", [CheckLevel.QUICK, CheckLevel.CROSS_VALIDATED, None])
def test_one_class_orders_nothing(tmp_path: Path, level: CheckLevel | None) -> None:
    """Every video has the better of two stated words."""
    experts = (ItemMapping(name="Level", columns=(RatingColumn(title="Global"),), levels=("novice", "expert")),)
    mapping = TableMapping(titles_row=1, video="Clip", items=experts)
    made = planned(tmp_path, ["expert"] * 6, 3, level=level, mapping=mapping)
    assert not missing(made.refusal, "same rating", "Level", "expert")


def test_one_word_for_all_is_no_column_of_ratings(tmp_path: Path) -> None:
    """Nothing says that the word is a class: it is asked for, and nothing is imported."""
    with pytest.raises(DatasetError, match=r"Which columns .* hold ratings.*“Global”"):
        planned(tmp_path, ["expert"] * 6, 3)
    with Study.open(tmp_path / "own.skillstudy") as study:
        assert not study.ratings.all().ratings


def test_a_single_better_video_leaves_nothing_to_choose_on(tmp_path: Path) -> None:
    """Without the person of the only better video nothing is ordered: refused before any feature is computed."""
    made = planned(tmp_path, [5, 1, 1, 1, 1, 1, 1, 1], 4, level=CheckLevel.CROSS_VALIDATED)
    assert not missing(made.refusal, "none are left to train and choose on")
    assert made.first_forecast is None


def test_two_people_are_too_few_to_choose_a_model(tmp_path: Path) -> None:
    assert not missing(planned(tmp_path, range(6), 2).refusal, "2 participants", "at least 3")


def test_a_missing_video_is_left_out_with_a_warning(tmp_path: Path) -> None:
    made = planned(tmp_path, (5, 2, 7, 1, 8, 3, 6, 4), 4, gone=1)
    assert not made.refusal
    assert any("1 video is missing" in warning for warning in made.warnings)
    assert dict(made.lines)["Learns from"].startswith("21 pairs of 7 videos")


def test_without_any_file_the_videos_are_asked_for(tmp_path: Path) -> None:
    assert "Locate the videos" in planned(tmp_path, range(4), 4, gone=4).refusal


def test_the_number_of_people_is_said_before(tmp_path: Path) -> None:
    assert "11 are needed" in dict(planned(tmp_path, range(6), 6).lines)["Your scale"]


def test_the_raters_are_described_before(tmp_path: Path) -> None:
    assert "not known" in dict(planned(tmp_path, range(6), 6).lines)["Raters"], "a single rater"


def test_a_quick_look_does_not_promise_intervals_on_the_scale(tmp_path: Path) -> None:
    """Of twelve people three are held out."""
    said = dict(planned(tmp_path, [1, 2, 3, 4, 5, 3] * 2, 12).lines)["Your scale"]
    assert not missing(said, "3 people", "11 are needed", "cross-validated")


def test_a_cross_validated_check_gives_intervals_on_the_scale(tmp_path: Path) -> None:
    made = planned(tmp_path, [1, 2, 3, 4, 5, 3] * 2, 12, level=CheckLevel.CROSS_VALIDATED)
    assert not missing(dict(made.lines)["Your scale"], "12 people", "intervals", "only the training")
    assert not missing(made.other_check, "quick look", "without intervals")
