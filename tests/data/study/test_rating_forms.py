"""Forms of a study: what raters gave in the program becomes ratings, a repeat never does, and undo restores."""

from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError, SettingsError, StudyError
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.rubric import Rubric, RubricItem
from skillviewer.data.ratings.rubric_file import read_rubric, write_rubric
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.exchange.study_import import import_into_study
from skillviewer.data.study.practice import Practice, PracticePair, PracticeVideo, read_practice
from skillviewer.data.study.rating_forms import RatingForm, self_agreement

RUBRIC = Rubric("two", (RubricItem("flow", 1, 5), RubricItem("care", 1, 5)), total="sum")
NAMES = ("one", "two", "three", "four")


def _study(folder: Path, *, with_rubric: bool = True) -> Study:
    study = Study.create(folder / "study")
    study.videos.add([NewVideo(None, name) for name in NAMES])
    if with_rubric:
        study.forms.set_plan(RUBRIC, 0.25, seed=5)
    return study


def _form(video: str = "one", rater: str = "Ann", **facts: object) -> RatingForm:
    return replace(RatingForm(video, rater, {"flow": 2, "care": 4}), **facts)  # type: ignore[arg-type]


def _values(study: Study) -> dict[tuple[str, str, str], float]:
    return {(r.video, r.rater, r.item): r.value for r in study.ratings.all().ratings}


def test_a_form_becomes_ratings_and_a_repeat_does_not(tmp_path: Path) -> None:
    with _study(tmp_path) as study:
        study.forms.submit(_form())
        study.forms.submit(_form(purpose=FormPurpose.REPEAT, answers={"flow": 3, "care": 4}))
        expected = {("one", "Ann", "sum"): 6, ("one", "Ann", "flow"): 2, ("one", "Ann", "care"): 4}
        assert _values(study) == expected
        assert study.criterion == "sum"
        assert study.ratings.all().scale("sum") == RatingScale("sum", 2, 10, stated=True)
        found = {agreement.item: agreement for agreement in self_agreement(study.forms.all(), RUBRIC)}
        assert {item: (a.n, a.n_equal, a.mean_difference) for item, a in found.items()} == {
            "sum": (1, 0, 1),
            "flow": (1, 0, 1),
            "care": (1, 1, 0),
        }
    with Study.open(tmp_path / "study.skillstudy") as study:
        assert _values(study) == expected
        assert [form.purpose for form in study.forms.all()] == ["first", "repeat"]
        assert any(row.what == "video rated" for row in study.log())


def test_an_item_that_cannot_be_judged_makes_no_rating_and_no_sum(tmp_path: Path) -> None:
    with _study(tmp_path) as study:
        study.forms.submit(_form(answers={"care": 1}))
        assert _values(study) == {("one", "Ann", "care"): 1}


def test_undo_restores_the_rating_of_a_table(tmp_path: Path) -> None:
    with _study(tmp_path) as study:
        scale = RatingScale("flow", 1, 5, stated=True)
        study.ratings.add(RatingSet((VideoRating("one", "Ann", "flow", 5),), (scale,)), "table.csv")
        form = study.forms.submit(_form())
        assert _values(study)["one", "Ann", "flow"] == 2
        with pytest.raises(StudyError, match="already"):
            study.forms.submit(_form())
        study.forms.withdraw(form.id)
        assert _values(study) == {("one", "Ann", "flow"): 5}
        with pytest.raises(StudyError, match="undone already"):
            study.forms.withdraw(form.id)
        study.forms.submit(_form(answers={"flow": 3}))
        assert _values(study) == {("one", "Ann", "flow"): 3}
        assert study.ratings.from_tables().ratings == ()


@pytest.mark.parametrize(
    ("answers", "word"), [({"depth": 1}, "depth"), ({"flow": 6}, "6"), ({"flow": 1.5}, "1.5"), ({"flow": -1}, "-1")]
)
def test_an_impossible_answer_changes_nothing(tmp_path: Path, answers: dict[str, float], word: str) -> None:
    with _study(tmp_path) as study:
        with pytest.raises(StudyError, match=word):
            study.forms.submit(_form(answers=answers))
        assert (study.forms.all(), study.ratings.all().ratings) == ((), ())


def test_a_rubric_stays_while_ratings_count(tmp_path: Path) -> None:
    other = Rubric("other", (RubricItem("depth"),))
    with _study(tmp_path) as study:
        form = study.forms.submit(_form())
        with pytest.raises(StudyError, match="two"):
            study.forms.set_plan(other)
        assert study.forms.set_plan(RUBRIC, 0.5).seed == 5
        study.forms.withdraw(form.id)
        assert study.forms.set_plan(other).seed == 5
        for share in (-0.1, 0.6, float("nan")):
            with pytest.raises(SettingsError):
                study.forms.set_plan(other, share)
    (tmp_path / "b").mkdir()
    with _study(tmp_path / "b", with_rubric=False) as study:
        with pytest.raises(StudyError, match="no rubric"):
            study.forms.submit(_form())
        scale = RatingScale("flow", 0, 100, stated=True)
        study.ratings.add(RatingSet((VideoRating("one", "Ann", "flow", 50),), (scale,)), "table.csv")
        with pytest.raises(StudyError, match="0 to 100"):
            study.forms.set_plan(RUBRIC)


def test_copies_merge_by_key_and_a_second_form_becomes_a_repeat(tmp_path: Path) -> None:
    with _study(tmp_path) as study:
        undone = study.forms.submit(_form("two"))
        copy = study.save_as(tmp_path / "copy")
        study.forms.submit(_form())
    with Study.open(copy) as other:
        other.forms.withdraw(undone.id)
        other.forms.submit(_form("two", answers={"flow": 5, "care": 5}))
        other.forms.submit(_form(answers={"flow": 3, "care": 4}))
        other.forms.submit(_form("three", "Ben"))
    with Study.open(tmp_path / "study.skillstudy") as study:
        assert import_into_study(study, copy).n_forms == 3
        assert import_into_study(study, copy).n_forms == 0
        values = _values(study)
        assert values["two", "Ann", "flow"] == 5
        assert values["one", "Ann", "flow"] == 2, "the one here stays"
        assert values["three", "Ben", "sum"] == 6
        assert [(a.item, a.n) for a in self_agreement(study.forms.all(), RUBRIC)] == [
            ("sum", 1),
            ("flow", 1),
            ("care", 1),
        ]


def test_an_erased_video_leaves_no_form_and_no_practice(tmp_path: Path) -> None:
    with _study(tmp_path) as study:
        study.practice = Practice((PracticePair("one", "two"),), (PracticeVideo("one", {"flow": 1}),))
        study.save_json("judging_pack:x", '{"videos": {"AA": [1, 0.0], "BB": [2, 0.0]}}')
        study.forms.withdraw(study.forms.submit(_form(remark="secret")).id)
        study.forms.submit(_form())
        study.forms.submit(_form("two"))
        study.videos.erase((), ("one",))
        assert [form.video for form in study.forms.all()] == ["two"]
        assert study.practice == Practice()
        assert "AA" not in study.load_json("judging_pack:x")
    assert b"secret" not in (tmp_path / "study.skillstudy").read_bytes()


def test_practice_is_read_from_tables_and_refused_by_row(tmp_path: Path) -> None:
    with _study(tmp_path) as study:
        names = [video.name for video in study.videos.all()]
        pairs, videos = tmp_path / "pairs.csv", tmp_path / "videos.csv"
        pairs.write_text("better,worse,note\none,two,the slip at 0:03\n")
        videos.write_text("video;item;rating;note\nthree;flow;2;\nthree;care;5;calm\n")
        study.practice = Practice(read_practice(pairs, names, None).pairs, read_practice(videos, names, RUBRIC).videos)
        assert study.practice == Practice(
            (PracticePair("one", "two", "the slip at 0:03"),), (PracticeVideo("three", {"flow": 2, "care": 5}, "calm"),)
        )
        assert study.practice.names == {"one", "two", "three"}
        for text, word in (
            ("better,worse\none,nine\n", "line 2.*nine"),
            ("better,worse\none,one\n", "twice"),
            ("video,item,rating\none,flow,9\n", "line 2.*9"),
            ("video,item,rating\none,depth,1\n", "depth"),
            ("video,item,rating\none,flow,high\n", "high"),
            ("video,item,rating\n", "0"),
            ("a,b\n1,2\n", "better"),
        ):
            pairs.write_text(text)
            with pytest.raises(DatasetError, match=word):
                read_practice(pairs, names, RUBRIC)


def test_a_rubric_file_returns_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rubric.json"
    write_rubric(RUBRIC, file)
    assert read_rubric(file) == RUBRIC
    for old, new, word in (
        ('"flow"', '"care"', "called"),
        ('"low": 1', '"low": 7', "lower"),
        ("skillviewer-rubric", "other", "no rubric"),
        ('"name"', '"title"', "no rubric"),
        ("{", "[", "no rubric"),
    ):
        damaged = tmp_path / "damaged.json"
        damaged.write_text(file.read_text().replace(old, new, 1))
        with pytest.raises(DatasetError, match=word):
            read_rubric(damaged)
