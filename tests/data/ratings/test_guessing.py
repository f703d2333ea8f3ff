"""Tables as colleagues write them: who is who is guessed from titles and cells, and remarks become notes."""

from pathlib import Path

import openpyxl
import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.guessing import guess_mapping
from skillviewer.data.ratings.remark_times import RemarkTime, times_in_remark
from skillviewer.data.ratings.table_files import read_table
from skillviewer.data.ratings.table_mapping import TableMapping
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table, undo_import
from tests.data.files import write


def guessed(tmp_path: Path, rows: str) -> tuple[TableMapping, tuple[str, ...]]:
    write(tmp_path / "t.csv", rows)
    return guess_mapping(read_table(tmp_path / "t.csv"))


def table(titles: str, *columns: list[object]) -> str:
    return "\n".join([titles, *(",".join(map(str, row)) for row in zip(*columns, strict=True))])


CLIPS: list[object] = [f"c{i}" for i in range(8)]
GRADES: list[object] = [3, 1, 4, 1, 5, 2, 4, 3]
OTHERS: list[object] = [2, 1, 5, 2, 4, 2, 3, 3]
PEOPLE: list[object] = [f"Subject {i // 2:02}" for i in range(8)]


@pytest.mark.parametrize("title", ["Operator", "Surgeon", "Who?", "Name of the one filmed"])
def test_subjects_by_number_are_the_participants(title: str, tmp_path: Path) -> None:
    found, _ = guessed(tmp_path, table(f"Clip,{title},Global", CLIPS, PEOPLE, GRADES))
    assert (found.video, found.participant) == ("Clip", title)
    assert [item.name for item in found.items] == ["Global"]


def test_two_doctors_of_one_scale_are_raters_and_of_two_scales_items(tmp_path: Path) -> None:
    found, _ = guessed(tmp_path, table("Clip,Dr A,Dr B", CLIPS, GRADES, OTHERS))
    (item,) = found.items
    assert [(column.title, column.rater) for column in item.columns] == [("Dr A", "Dr A"), ("Dr B", "Dr B")]
    per_item, _ = guessed(tmp_path, table("Clip,Flow Dr Ann,Flow Dr Bob", CLIPS, GRADES, OTHERS))
    assert [(one.name, [c.rater for c in one.columns]) for one in per_item.items] == [("Flow", ["Dr Ann", "Dr Bob"])]
    hundred: list[object] = [60 + 4 * i for i in range(8)]
    apart, ambiguities = guessed(tmp_path, table("Clip,Dr A,Dr B", CLIPS, GRADES, hundred))
    assert [item.name for item in apart.items] == ["Dr A", "Dr B"]
    assert any("different scales" in ambiguity for ambiguity in ambiguities)


def test_attempts_are_counted_and_are_neither_ratings_nor_videos(tmp_path: Path) -> None:
    attempts: list[object] = [1, 2] * 4
    found, _ = guessed(tmp_path, table("Attempt,Clip,Who,Global", attempts, CLIPS, PEOPLE, GRADES))
    assert (found.video, found.participant, [item.name for item in found.items]) == ("Clip", "Who", ["Global"])
    only, _ = guessed(tmp_path, table("Trial,Global", CLIPS, GRADES))
    assert only.video == "Trial"


def test_the_header_has_the_number_that_people_see(tmp_path: Path) -> None:
    write(tmp_path / "t.csv", "Ratings of the spring course,,\n\nClip,Who,Global\nc1,Subject 01,3\nc2,Subject 02,4\n")
    read = read_table(tmp_path / "t.csv")
    assert (read.titles, read.titles_row) == (("Clip", "Who", "Global"), 3)
    assert read_table(tmp_path / "t.csv", titles_row=3) == read
    with pytest.raises(DatasetError, match="row 2: it is empty"):
        read_table(tmp_path / "t.csv", titles_row=2)
    write(tmp_path / "t.csv", "c1,3\nc2,4\n")
    assert read_table(tmp_path / "t.csv", titles_row=0).titles_row == 0


def test_times_in_a_remark_are_moments() -> None:
    found = times_in_remark("0:42 dropped needle; at 1:05.5 - 1:10 hesitates. Good end, ratio 3:1.")
    assert found == (RemarkTime(42, None, "dropped needle"), RemarkTime(65.5, 70, "hesitates"))
    assert times_in_remark("1:02:03") == (RemarkTime(3723, None, "1:02:03"),)
    assert times_in_remark("seen 2026-05-01 10:30, score 12:3, took 12 s") == ()
    assert times_in_remark("rated at 10:61") == ()


def test_remarks_become_notes_and_moments_once_and_are_taken_back(tmp_path: Path) -> None:
    rows = ["Clip,Rater,Global,Remarks", 'a,Ann,3,"0:42 dropped needle, then calm"', "a,Bob,4,", "b,Ann,2,shaky"]
    write(tmp_path / "t.csv", "\n".join(rows))
    with Study.create(tmp_path / "s") as study:
        study.videos.add([NewVideo(None, name) for name in "ab"])
        opened = open_study_table(study, tmp_path / "t.csv")
        assert opened.mapping.notes == "Remarks"
        done = add_ratings(study, opened)
        notes, moments = study.annotations.notes(), study.annotations.moments()
        assert [(n.video, n.author, n.text) for n in notes] == [
            ("a", "Ann", "0:42 dropped needle, then calm"),
            ("b", "Ann", "shaky"),
        ]
        assert [(m.video, m.author, m.start_s, m.stop_s, m.label) for m in moments] == [
            ("a", "Ann", 42.0, 43.0, "dropped needle, then calm")
        ]
        again = add_ratings(study, open_study_table(study, tmp_path / "t.csv"))
        assert (again.notes, again.moments) == ((), ())
        undo_import(study, done)
        assert (study.annotations.notes(), study.annotations.moments()) == ((), ())


@pytest.mark.parametrize("titles", ["Rating,Nr,Who", "Nr,Rating,Who", "Rating,Clip,Who"])
def test_clips_called_by_digits_are_no_values_of_ratings(titles: str, tmp_path: Path) -> None:
    """The files are 1.mp4 to 8.mp4, so that every rating of 1 to 5 is the name of a video too."""
    digits: list[object] = [*range(1, 9)]
    columns = {"Rating": GRADES, "Nr": digits, "Clip": digits, "Who": PEOPLE}
    write(tmp_path / "t.csv", table(titles, *(columns[title] for title in titles.split(","))))
    found, ambiguities = guess_mapping(
        read_table(tmp_path / "t.csv"), lambda cell: cell.isdecimal() and 1 <= int(cell) <= 8
    )
    assert found.video in {"Nr", "Clip"}
    assert [item.name for item in found.items] == ["Rating"]
    assert not any("names videos too" in one for one in ambiguities)


def test_few_clips_called_by_digits_with_every_rating_given(tmp_path: Path) -> None:
    values: list[object] = [1, 2, 3]
    write(tmp_path / "t.csv", table("Score,Nr,Who", [3, 1, 2], values, ["Subject 1", "Subject 2", "Subject 3"]))
    found, _ = guess_mapping(read_table(tmp_path / "t.csv"), lambda cell: cell in {"1", "2", "3"})
    assert (found.video, [item.name for item in found.items]) == ("Nr", ["Score"])


def test_the_spreadsheet_of_a_clinic(tmp_path: Path) -> None:
    """Captions as wide as the titles, a merged title over two raters, decimal commas as text, remarks with times."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Klinik für Chirurgie"])
    sheet.append(["Stand: 12.03.", "", "bitte nicht löschen"])
    sheet.append([])
    sheet.append(["Video", "Proband", "Bewertung (1 bis 5)", "", "Bemerkungen"])
    sheet.merge_cells("C4:D4")
    sheet.append(["", "", "Dr. Maier", "Dr. Özil", ""])
    for i in range(4):
        sheet.append([f"OP {i} Übung", f"Proband {i}", f"{i + 1},5", f"{i + 1},0", "0:01 verliert den Faden"])
    book.save(tmp_path / "t.xlsx")
    raw = read_table(tmp_path / "t.xlsx", is_video=lambda cell: cell.startswith("OP "))
    assert raw.titles_row == 5
    found, _ = guess_mapping(raw, lambda cell: cell.startswith("OP "))
    assert (found.video, found.participant, found.notes) == ("Video", "Proband", "Bemerkungen")
    (item,) = found.items
    assert (item.name, item.low, item.high) == ("Bewertung", 1, 5)
    assert [column.rater for column in item.columns] == ["Dr. Maier", "Dr. Özil"]
