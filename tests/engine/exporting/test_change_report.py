"""The report of change over time: of raters and model, of one participant and of all, and what it refuses."""

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from scipy import stats

from skillviewer.core.analysis.calibration import CalibrationMap, PiecewiseLinear, ScoreCalibration
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError, ExportError
from skillviewer.data.study import NewVideo, Study, StudySettings
from skillviewer.data.study.models import Score
from skillviewer.engine.exporting import change_report as report_module
from skillviewer.engine.exporting.change_report import ChangeChoices, change_report, write_change_report
from tests.export.reports.test_report import words

DIGEST = "e" * 64
LINE, SPREAD = PiecewiseLinear((0.0, 10.0), (0.0, 30.0), "line"), PiecewiseLinear((0.0,), (1.0,), "spread")
MAP = CalibrationMap(
    LINE, (LINE,) * 12, (SPREAD,) * 12, tuple(range(12)), (2.0,) * 12, (0.077,) * 12, 0.0, 30.0, 0.9, 12
)
CHANGES = (4, 6, 5, -3, 0.5)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Five participants, each rated by two raters before and after, who differ by one point; one more with no date."""
    path = tmp_path / "study.skillstudy"
    given = []
    with Study.create(path, StudySettings(title="Course", task="knots")) as made:
        for at, change in enumerate(CHANGES):
            for when, rating in (("pre", 10.0 + at), ("post", 10.0 + at + change)):
                made.videos.add([NewVideo(None, f"{at}{when}", f"T{at}", occasion=when)])
                for rater, off in (("Ann", 0.5 if at % 2 else -0.5), ("Bob", -0.5 if at % 2 else 0.5)):
                    given.append(VideoRating(f"{at}{when}", rater, "Global", rating + off, when))
        made.videos.add([NewVideo(None, "undated", "T0"), NewVideo(None, "early", "T9", occasion="pre")])
        scale = (RatingScale("Global", 0, 30, stated=True), RatingScale("Errors", 0, 9, less_is_better=True))
        given += [VideoRating(f"0{when}", "Ann", "Errors", n) for when, n in (("pre", 7), ("post", 2))]
        made.ratings.add(RatingSet(tuple(given), scale), "table")
    return path


def told(study: Path, criterion: str | None = None, participant: str = "") -> list[str]:
    with Study.open(study, read_only=True) as opened:
        opened.select_criterion(criterion)
        return [section.sentence for section in change_report(opened, ChangeChoices(participant=participant)).sections]


def numbers(sentence: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in re.findall(r"[+−-]\d+\.\d", sentence)]


def test_a_participant_s_change_is_told_where_its_interval_excludes_0(study: Path) -> None:
    # both raters differ by 1 point, Ann above in 4 of 10 videos: the residuals have a sum of squares of 4.8
    half = stats.t.ppf(0.975, 9) * (4.8 / 9) ** 0.5 / 2**0.5
    low, high = 4 - half * 2**0.5, 4 + half * 2**0.5
    (sentence,) = told(study, participant="T0")
    assert numbers(sentence) == [4.0, round(low, 1), round(high, 1)]
    assert "better" in sentence
    (sentence,) = told(study, participant="T4")
    assert numbers(sentence)[0] == 0.5
    assert numbers(sentence)[1] < 0
    assert "no change" in sentence
    (sentence,) = told(study, participant="T3")
    assert numbers(sentence)[0] == -3.0
    assert "worse" in sentence
    (sentence,) = told(study, participant="T9")
    assert numbers(sentence) == []
    assert "no change" in sentence


def test_a_group_has_its_mean_paired_change(study: Path) -> None:
    (sentence,) = told(study)
    expected = stats.ttest_1samp(CHANGES, 0).confidence_interval(0.95)
    assert numbers(sentence) == [2.5, round(expected.low, 1), round(expected.high, 1)]
    assert "no change" in sentence
    assert re.findall(r"(\d) (higher|lower|cannot|more)", sentence) == [
        ("3", "higher"),
        ("1", "lower"),
        ("1", "cannot"),
        ("1", "more"),
    ]


def test_fewer_errors_are_better_and_one_rater_has_no_interval(study: Path) -> None:
    (sentence,) = told(study, "Errors", participant="T0")
    assert numbers(sentence) == [-5.0]
    assert "no interval" in sentence


def test_the_model_s_ratings_stand_beneath_those_of_the_raters(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = SimpleNamespace(name="full", number=3, digest=DIGEST, path=None)
    scores = {f"0{when}": Score(score, None, 1, "", None) for when, score in (("pre", 4.0), ("post", 5.5))}  # type: ignore[arg-type]
    scores["1pre"] = Score(3.0, None, 1, "Unlike the others.", None)  # type: ignore[arg-type]
    monkeypatch.setattr("skillviewer.data.study.models.StudyModels.default_model", lambda *_: model)
    monkeypatch.setattr("skillviewer.data.study.models.StudyModels.scores", lambda *_: scores)
    scale = ScoreCalibration("Global", "knots", map=MAP)
    monkeypatch.setattr(report_module, "find_card", lambda _: SimpleNamespace(raters_scale=scale))
    raters, by_model = told(study, participant="T0")
    # 4 and 5.5 stand for 12 and 16.5, each within 2 points: the change is 4.5 within the root of 8
    assert numbers(by_model) == [4.5, 1.7, 7.3]
    assert "90 %" in by_model
    assert "95 %" in raters
    for suffix in (".pdf", ".html"):
        warnings = write_change_report(
            study, tmp_path / f"r{suffix}", ChangeChoices(participant="T0", names=True, made_on=date(2024, 5, 31))
        )
        (warning,) = warnings
        assert warning.startswith("1 ")
        assert "no participant" in warning
        found = words(tmp_path / f"r{suffix}")
        assert by_model in found
        assert "full v3" in found
        assert "12.0 (10.0 to 14.0)" in found
        assert "T0" in found
        assert "2024-05-31" in found
    write_change_report(study, tmp_path / "all.html", ChangeChoices())
    found = words(tmp_path / "all.html")
    assert "T0" not in found
    assert "unlike" in found


def test_what_cannot_be_told_is_refused_in_a_sentence(study: Path, tmp_path: Path) -> None:
    for choices, named in (
        (ChangeChoices(participant="Tim"), "“Tim”.*T0, T1, T2, T3, T4, T9"),
        (ChangeChoices(before="June"), "“June”.*pre, post"),
        (ChangeChoices(before="post", after="PRE"), "“post”.*“pre”"),
        (ChangeChoices(task="sew"), "“sew”"),
    ):
        with pytest.raises(ExportError, match=named):
            write_change_report(study, tmp_path / "x.pdf", choices)
    with Study.open(study) as opened:
        for video in opened.videos.all():
            opened.videos.change(video.name, occasion="01/02/2024" if "pre" in video.name else "02/01/2024")
    with pytest.raises(DatasetError, match="day/month"):
        write_change_report(study, tmp_path / "x.pdf")
    with Study.open(study) as opened:
        for video in opened.videos.all():
            opened.videos.change(video.name, occasion="")
    with pytest.raises(ExportError, match=r"participant.*occasion"):
        write_change_report(study, tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()
