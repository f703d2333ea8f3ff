"""Odd spreadsheets as people keep them: the columns that are guessed, and what becomes of every row."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.mapped_table import open_table
from tests.data.files import touch, write

CLIPS = ("P01_T1", "P01_T2", "P02_T1", "P02_T2", "P03_T1", "007", "008")
Make = Callable[[Path], Path]


def text(content: str, encoding: str = "utf-8", name: str = "t.csv") -> Make:
    return lambda folder: write(folder / name, content, encoding)


def sheet(*rows: list[Any], merge: tuple[str, ...] = (), hide: int = 0) -> Make:
    def make(folder: Path) -> Path:
        book = openpyxl.Workbook()
        one = book.active
        assert one is not None
        for row in rows:
            one.append(row)
        for area in merge:
            one.merge_cells(area)
        if hide:
            one.row_dimensions[hide].hidden = True
        book.save(folder / "t.xlsx")
        return folder / "t.xlsx"

    return make


TWO: dict[str, float] = {
    "P01_T1 Rater 1 Flow": 1,
    "P01_T1 Rater 1 Grip": 2,
    "P01_T1 Rater 2 Flow": 3,
    "P01_T1 Rater 2 Grip": 4,
}
ODD: dict[str, tuple[Make, Mapping[str, float], int]] = {
    # name: table, ratings by "video [rater] item", number of rows set aside
    "titles_and_totals": (
        sheet(
            ["OSATS spring 2026"],
            ["Department of Surgery", None, None, "printed 3 May"],
            [],
            ["Video", "Resident", "Rater", "Respect for tissue", "Time and motion", "Total"],
            ["P01_T1", "Ann", "JW", 3, 4, 7],
            ["Mean", None, None, 3, 3, 6],
        ),
        {"P01_T1 JW Total": 7, "P01_T1 JW Respect for tissue": 3, "P01_T1 JW Time and motion": 4},
        3,
    ),
    "another_table_below": (
        text("Video,Flow,Grip\nP01_T1,2,5\nP01_T2,3,4\n\nVideo,Grip,Flow\nP02_T1,1,5\nP02_T2,2,4\n"),
        {"P01_T1 Flow": 2, "P01_T1 Grip": 5, "P01_T2 Flow": 3, "P01_T2 Grip": 4},
        3,
    ),
    "titles_again": (
        text("Video,Flow,Grip\nP01_T1,2,5\nVideo,Flow,Grip\nP01_T2,3,4\n"),
        {"P01_T1 Flow": 2, "P01_T1 Grip": 5, "P01_T2 Flow": 3, "P01_T2 Grip": 4},
        1,
    ),
    "thousands": (
        text("Clip;Punkte\nP01_T1;1.250\nP01_T2;980\nP02_T1;875\n"), {"P01_T2 Punkte": 980, "P02_T1 Punkte": 875}, 1
    ),
    "thousands_and_decimals": (
        text("Clip;Punkte\nP01_T1;1.250\nP01_T2;875,25\n"), {"P01_T2 Punkte": 875.25}, 1
    ),
    "thousands_with_decimals": (
        text("Clip;Punkte\nP01_T1;1.250,5\nP01_T2;1.100\nP02_T1;980\n"), {"P02_T1 Punkte": 980}, 2
    ),
    "fractions_and_numbers": (
        text("Clip,Flow\nP01_T1,24/30\nP01_T2,18\nP02_T1,21\n"),
        {"P01_T1 Flow": 24, "P01_T2 Flow": 18, "P02_T1 Flow": 21},
        0,
    ),
    "three_decimals": (
        text("Clip;Punkte\nP01_T1;1,250\nP01_T2;2,5\n"), {"P01_T1 Punkte": 1.25, "P01_T2 Punkte": 2.5}, 0
    ),
    "one_fraction": (
        text("Clip,Flow\nP01_T1,1/2\nP01_T2,3\nP02_T1,5\n"), {"P01_T2 Flow": 3, "P02_T1 Flow": 5}, 1
    ),
    "above_the_whole": (
        text("Clip,Flow\nP01_T1,24/30\nP01_T2,35\nP02_T1,18/30\nP02_T2,20\n"),
        {"P01_T1 Flow": 24, "P02_T1 Flow": 18, "P02_T2 Flow": 20},
        1,
    ),
    "running_numbers": (
        text("Lfd. Nr.,#,Alter,Clip,Flow\n1,7,30,P01_T1,2\n2,8,31,P01_T2,3\n3,9,29,007,1\n4,6,33,008,2\n"),
        {"P01_T1 Flow": 2, "P01_T2 Flow": 3, "007 Flow": 1, "008 Flow": 2},
        0,
    ),
    "counted_rows": (
        text("Folge,Clip,Flow\n" + "".join(f"{i + 11},{clip},{i % 3}\n" for i, clip in enumerate((*CLIPS, "none")))),
        {f"{clip} Flow": i % 3 for i, clip in enumerate(CLIPS)},
        1,
    ),
    "ratings_in_order": (
        text("Clip,Flow\nP01_T1,1\nP01_T2,2\nP02_T1,3\nP02_T2,4\n"),
        {"P01_T1 Flow": 1, "P01_T2 Flow": 2, "P02_T1 Flow": 3, "P02_T2 Flow": 4},
        0,
    ),
    "merged_people": (
        sheet(["Trainee", "Clip", "Flow"], ["Ann", "P01_T1", 3], [None, "P01_T2", 4], merge=("A2:A3",)),
        {"P01_T1 Flow": 3, "P01_T2 Flow": 4},
        0,
    ),
    "names_above_only": (text("Video,Rater,Flow\nP01_T1,JW,3\n,KL,4\n"), {"P01_T1 JW Flow": 3}, 1),
    "two_rows_of_titles": (text("Clip,Rater 1,,Rater 2,\n,Flow,Grip,Flow,Grip\nP01_T1,1,2,3,4\n"), TWO, 1),
    "two_rows_in_a_sheet": (
        sheet(
            ["Clip", "Rater 1", None, "Rater 2", None], [None, "Flow", "Grip", "Flow", "Grip"], ["P01_T1", 1, 2, 3, 4]
        ),
        TWO,
        1,
    ),
    "three_rows_of_titles": (
        sheet(
            [None, "Ratings", None, None, None],
            [None, "Rater 1", None, "Rater 2", None],
            ["Clip", "Flow", "Grip", "Flow", "Grip"],
            ["P01_T1", 1, 2, 3, 4],
            merge=("B1:E1", "B2:C2", "D2:E2"),
        ),
        TWO,
        2,
    ),
    "decimal_commas_in_cp1252": (
        text(
            "Prüfungen\r\n\r\nVideo;Prüfer;Eindruck;Wort\r\nP01_T1;Müller;3,5;zügig, gut\r\nP02_T1;Groß;2;\r\n",
            "cp1252",
        ),
        {"P01_T1 Müller Eindruck": 3.5, "P02_T1 Groß Eindruck": 2},
        1,
    ),
    "of_thirty": (text("video,GRS\nP01_T1,12/30\nP02_T1,9/30\nP03_T1,9/25\n"), {"P01_T1 GRS": 12, "P02_T1 GRS": 9}, 1),
    "shares_made_dates": (
        sheet(["video", "GRS"], ["P01_T1", date(2026, 12, 30)], ["P02_T1", "21/30"], ["P02_T2", "18/30"]),
        {"P02_T1 GRS": 21, "P02_T2 GRS": 18},
        1,
    ),
    "ranges": (
        text("video,Flow\nP01_T1,4\nP01_T2,4-5\nP02_T1,3\nP02_T2,3\n"),
        {"P01_T1 Flow": 4, "P02_T1 Flow": 3, "P02_T2 Flow": 3},
        1,
    ),
    "not_known": (
        text("video,Flow\nP01_T1,3\nP01_T2,n/a\nP02_T1,N.A.\nP02_T2,-\nP03_T1,.\n007,?\n"),
        {"P01_T1 Flow": 3},
        5,
    ),
    "dates_are_occasions": (
        sheet(["Clip", "Date", "Score"], ["P01_T1", date(2026, 1, 3), 3], ["P01_T1", date(2026, 3, 3), 5]),
        {"P01_T1 Score 2026-01-03": 3, "P01_T1 Score 2026-03-03": 5},
        0,
    ),
    "doubled": (
        text("video,rater,Flow\nP01_T1,a,3\nP01_T1,a,3\nP02_T1,a,2\nP02_T1,a,4\n"),
        {"P01_T1 a Flow": 3},
        3,
    ),
    "percent": (text("video,Score\nP01_T1,85%\nP02_T1,60 %\n"), {"P01_T1 Score": 85, "P02_T1 Score": 60}, 0),
    "paths_of_another_computer": (
        text("File,Score\nC:\\Users\\jw\\P01_T1.MP4,4\nC:\\Users\\jw\\P02_T1.mp4,3\n"),
        {"P01_T1 Score": 4, "P02_T1 Score": 3},
        0,
    ),
    "paths_that_end_alike": (
        text("File,Score\nC:\\one\\P01_T1.mp4,4\nC:\\two\\P01_T1.mp4,3\nP02_T1,2\n"),
        {"P02_T1 Score": 2},
        2,
    ),
    "zeros_lost": (sheet(["Video", "Score"], [7, 4], [8, 3]), {"007 Score": 4, "008 Score": 3}, 0),
    "numbered_levels": (
        text("video,Level\nP01_T1,1 - novice\nP02_T1,2 - able\nP03_T1,1 - novice\n"),
        {"P01_T1 Level": 0, "P02_T1 Level": 1, "P03_T1 Level": 0},
        0,
    ),
    "answers": (
        text("video,Fluent\nP01_T1,strongly disagree\nP01_T2,agree\nP02_T1,neutral\nP02_T2,agree\n"),
        {"P01_T1 Fluent": 0, "P01_T2 Fluent": 2, "P02_T1 Fluent": 1, "P02_T2 Fluent": 2},
        0,
    ),
    "filtered_rows": (
        sheet(["Clip", "Flow"], ["P01_T1", 3], ["P01_T2", 4], ["P02_T1", 1], hide=3),
        {"P01_T1 Flow": 3, "P02_T1 Flow": 1},
        1,
    ),
    "formulas": (
        sheet(["Clip", "A", "Total"], ["P01_T1", 3, "=B2*2"], ["P02_T1", 2, "=B3*2"]),
        {"P01_T1 A": 3, "P02_T1 A": 2},
        0,
    ),
    "errors": (sheet(["Clip", "Flow"], ["P01_T1", "#N/A"], ["007", 3], ["008", "#DIV/0!"]), {"007 Flow": 3}, 2),
    "footnotes": (
        sheet(["Clip", "Flow"], ["P01_T1", 3], ["P02_T1", 4], [], ["* rated twice"], ["1 = poor, 5 = excellent"]),
        {"P01_T1 Flow": 3, "P02_T1 Flow": 4},
        2,
    ),
    "a_second_table_of_raters": (
        sheet(["Clip", "Flow", None, "Rater", "Years"], ["P01_T1", 3, None, "JW", 10], ["P02_T1", 4, None, "KL", 3]),
        {"P01_T1 Flow": 3, "P02_T1 Flow": 4},
        0,
    ),
    "before_and_after_in_one_row": (
        text("Who,Video pre,Score pre,Video post,Score post\nAnn,P01_T1,3,P01_T2,5\nBea,P02_T1,2,P02_T2,4\n"),
        {"P01_T1 Score pre": 3, "P02_T1 Score pre": 2},
        0,
    ),
    "utf_16_from_the_clipboard": (
        text("Clip\tFlow\r\nP01_T1\t3\r\nP02_T1\t4\r\n", "utf-16", "t.txt"),
        {"P01_T1 Flow": 3, "P02_T1 Flow": 4},
        0,
    ),
    "pipes": (text("Clip|Flow\nP01_T1|3\nP02_T1|4\n"), {"P01_T1 Flow": 3, "P02_T1 Flow": 4}, 0),
    "quotes_after_blanks": (
        text('"Clip", "Flow", "Remark"\n"P01_T1", "3", "fine; slow"\n"P02_T1", "4", ""\n'),
        {"P01_T1 Flow": 3, "P02_T1 Flow": 4},
        0,
    ),
    "redcap": (
        text(
            "# export\nrecord_id,redcap_event_name,redcap_repeat_instance,video_name,assessor,osats,osats_complete\n"
            "1,before,1,P01_T1,jw,3,2\n1,after,1,P01_T2,jw,4,2\n"
        ),
        {"P01_T1 jw osats before": 3, "P01_T2 jw osats after": 4},
        1,
    ),
    "a_form_on_the_web": (
        text(
            "Timestamp,Email Address,Which video?,Rate the flow [1 = poor],Rate the overall work (1-5)\n"
            "2026/01/03,j@x.org,P01_T1,3,4\n2026/01/03,k@x.org,P01_T1,2,9\n"
        ),
        {
            "P01_T1 j@x.org Rate the flow [1 = poor]": 3,
            "P01_T1 k@x.org Rate the flow [1 = poor]": 2,
            "P01_T1 j@x.org Rate the overall work": 4,
        },
        0,
    ),
    "an_index_without_a_title": (text(",video,Flow\n0,007,3\n1,008,4\n"), {"007 Flow": 3, "008 Flow": 4}, 0),
    "ends_below_the_titles": (
        text("Clip,Flow,Grip\n,1-5,1-5\nP01_T1,3,4\nMaximum,5,5\n"),
        {"P01_T1 Flow": 3, "P01_T1 Grip": 4},
        2,
    ),
    "yes_and_no": (
        sheet(["Clip", "Passed"], ["P01_T1", True], ["P02_T1", False], ["P02_T2", True]),
        {"P01_T1 Passed": 1, "P02_T1 Passed": 0, "P02_T2 Passed": 1},
        0,
    ),
    "empty_columns_of_a_spreadsheet": (
        text("Clip;Flow;;;\nP01_T1;3;;;\nP02_T1;4;;;\n;;;;\n"),
        {"P01_T1 Flow": 3, "P02_T1 Flow": 4},
        0,
    ),
    "lines_of_an_old_mac": (text("Clip,Flow\rP01_T1,3\rP02_T1,4\r"), {"P01_T1 Flow": 3, "P02_T1 Flow": 4}, 0),
    "names_that_nearly_fit": (text("Clip,Flow\nP01‑T1,3\np02_t1.mp4.mp4,3\nP02_T2\u00a0,2\n"), {"P02_T2 Flow": 2}, 2),
    "two_names_in_a_cell": (text("Clip,Flow\nP01_T1; P01_T2,3\nP02_T1,4\n"), {"P02_T1 Flow": 4}, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_are_read_as_meant_or_not_at_all(tmp_path: Path, name: str) -> None:
    make, expected, n_rejected = ODD[name]
    touch(tmp_path / "videos", [f"{clip}.mp4" for clip in CLIPS])
    rated, _ = open_table(make(tmp_path)).read()
    files = {clip.lstrip("0"): clip for clip in CLIPS}
    read = {}
    for one in rated.ratings.ratings:
        words = (files[one.video.lstrip("0")], one.rater.replace("unnamed", ""), one.item, one.occasion)
        read[" ".join(filter(None, words))] = one.value
    assert read == expected
    assert rated.import_report.n_rejected == n_rejected
    assert rated.import_report.n_used + n_rejected == len(rated.import_report.rows)
    assert len(read) == rated.import_report.n_ratings


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (text("Person,Trial,Score\nP01,T1,4\nP02,T1,5\n"), "there is no video “T1”"),
        (text("Item,P01_T1,P01_T2\nFlow,3,4\nGrip,2,5\n"), "Which columns of t.csv hold ratings"),
        (text("Clip,Grade\nP01_T1,A\nP01_T2,C\nP02_T1,C\n"), "Which columns of t.csv hold ratings"),
        (text("<table><tr><td>Clip</td></tr></table>"), "titles and no rows below"),
        (text("Clip,Flow\n"), "titles and no rows below"),
        (text(""), "holds no rows"),
        (
            sheet(["JW"], ["Clip", "Flow"], ["P01_T1", 3], ["KL"], ["Clip", "Flow"], ["P01_T1", 2]),
            "Flow rates P01_T1 with 3, and row 6 with 2: neither counts",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, make: Make, why: str) -> None:
    touch(tmp_path / "videos", [f"{clip}.mp4" for clip in CLIPS])
    with pytest.raises(DatasetError, match=why):
        open_table(make(tmp_path)).read()
