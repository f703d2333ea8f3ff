"""Reports on a study without names: names have no effect on them, and they are made again as those with names are."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pypdf import PdfReader

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.engine.exporting.change_report import ChangeChoices
from skillviewer.engine.exporting.cohort_report import CohortChoices
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS
from skillviewer.engine.exporting.verify import Verification, Verifier
from skillviewer.export.embedded_record import read_record
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis
from tests.export.reports.test_report import words
from tests.videos import write_barcode_video

DIGEST = "e" * 64
PEOPLE = ("Anna", "Berta", "Clara", "Rosa", "Sara", "Tom")
OTHER_NAMES = dict(zip(PEOPLE, reversed(PEOPLE), strict=True))
CHOICES = {"cohort": CohortChoices(), "change": ChangeChoices(), "participant": ChangeChoices(participant="Clara")}
EXPORTERS = {exporter.name: exporter for exporter in STUDY_EXPORTERS}


def write_study(path: Path, names: Mapping[str, str]) -> Path:
    """Write a study of three participants at two occasions with votes and ratings of three raters."""
    files = [write_barcode_video(path.parent / f"{name}.mp4", 20 + at).path for at, name in enumerate("abcdef")]
    given = []
    with Study.create(path, StudySettings(title="Grasping", task="grasp")) as study:
        for at, file in enumerate(files):
            participant = names[PEOPLE[at // 2]]
            study.videos.add([NewVideo(file, participant=participant, occasion=("pre", "post")[at % 2])])
            for rater, points in (("Rosa", 0.0), ("Sara", 1.0 - at % 3), ("Tom", 0.5 * (at % 2))):
                given.append(VideoRating(file.stem, names[rater], "Global", 2 + at + points))
        study.models.add(DIGEST, "tiny", path.parent)
        for at, file in enumerate(files):
            with VideoReader(file) as reader:
                study.models.save_analysis(analysis(reader.info, passes=2, shift=(3 * at) % 5))
        for rater, pairs in (("Rosa", ("ab", "cd")), ("Sara", ("ba", "cd", "ef")), ("Tom", ("ab", "dc"))):
            for pair in pairs:
                left, right = tuple(pair)
                study.votes.cast(Vote.from_judgement(Judgement(left, right, Verdict.LEFT, names[rater])))
        scale = RatingScale("Global", 0, 10, stated=True)
        study.ratings.add(RatingSet(tuple(given), (scale,)), "ratings.csv")
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("named") / "study.skillstudy", {name: name for name in PEOPLE})


def export(study: Path, kind: str, target: Path) -> Path:
    choices = CHOICES[kind]
    EXPORTERS["cohort" if kind == "cohort" else "change"].export(study, target, choices)
    return target


def verify(file: Path, study: Path) -> Verification:
    def open_no_model(_: object) -> None:
        raise AssertionError("reports on a study assess nothing")

    return Verifier((), (), study, open_model_cache=open_no_model).verify(file)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", CHOICES)
@pytest.mark.parametrize("suffix", [".html", ".pdf"])
def test_a_report_without_names_is_made_again_byte_by_byte(study: Path, tmp_path: Path, kind: str, suffix: str) -> None:
    file = export(study, kind, tmp_path / f"report{suffix}")
    content = file.read_bytes().decode("latin-1") + words(file)
    for name in PEOPLE:
        assert name not in content, "neither on the page nor in the record"
    assert "P1" in content
    assert verify(file, study) == Verification("cohort" if kind == "cohort" else "change", "", identical=True)


@pytest.mark.parametrize("kind", CHOICES)
def test_an_altered_digit_of_a_report_without_names_is_found(study: Path, tmp_path: Path, kind: str) -> None:
    file = export(study, kind, tmp_path / "report.html")
    page = file.read_text(encoding="utf-8")
    numbers = list(re.finditer(r"[+−]?\d+\.\d+(?=[^<>{}]*<)", page[page.index("<body") :]))
    assert len(numbers) > 5
    for number in numbers[:: len(numbers) // 6]:
        start, stop = (page.index("<body") + at for at in number.span())
        altered = number[0][:-1] + str((int(number[0][-1]) + 1) % 10)
        file.write_text(page[:start] + altered + page[stop:], encoding="utf-8")
        difference = verify(file, study).difference
        assert altered.lstrip("+−") in difference, (altered, difference)
        assert re.match(rf"line \d+ says .*made again it is .*{re.escape(number[0])}", difference)


def test_an_altered_number_of_a_participant_is_found(study: Path, tmp_path: Path) -> None:
    file = export(study, "participant", tmp_path / "report.html")
    page = file.read_text(encoding="utf-8")
    record = read_record(file)
    assert record is not None
    label = record.options["participant"]
    file.write_text(page.replace(label, "P9"), encoding="utf-8")
    assert "participant says P9" in verify(file, study).difference
    file.write_text(page.replace(label, "P1" if label != "P1" else "P2"), encoding="utf-8")
    assert "made again" in verify(file, study).difference


@pytest.mark.parametrize("kind", ["cohort", "change"])
def test_names_have_no_effect_on_a_report_without_them(study: Path, tmp_path: Path, kind: str) -> None:
    other_study = write_study(tmp_path / "study.skillstudy", OTHER_NAMES)
    file = export(study, kind, tmp_path / "report.html")
    other_file = export(other_study, kind, tmp_path / "other.html")
    assert file.read_bytes() == other_file.read_bytes()


def test_a_rater_has_one_number_for_votes_and_ratings(study: Path, tmp_path: Path) -> None:
    found = words(export(study, "cohort", tmp_path / "report.pdf"))
    assert set(re.findall(r"\bR\d+", found)) == {"R1", "R2", "R3"}
    row = re.search(r"R1 (\d)", found)
    assert row is not None
    assert row[1] == "3", "Sara has the most votes"
    assert len(PdfReader(tmp_path / "report.pdf").pages) >= 1
