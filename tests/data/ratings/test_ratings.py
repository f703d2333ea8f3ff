"""Tables of ratings: columns guessed, stated and changed; every row used or set aside with its reason."""

from pathlib import Path

import msgspec
import pytest

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.errors import DatasetError, NameTakenError
from skillviewer.data.formats.choices import Choices
from skillviewer.data.formats.formats import open_dataset, recognised_form
from skillviewer.data.ratings.guessing import stated_items
from skillviewer.data.ratings.mapped_table import MappedTable, open_table, write_folder
from skillviewer.data.ratings.parsed_ratings import ParsedRatings
from skillviewer.data.ratings.table_mapping import TableMapping, read_mapping
from tests.data.files import touch, write
from tests.facts import missing

CLIPS = ("A1", "A2", "B1", "B2")


def opened(tmp_path: Path, text: str, encoding: str = "utf-8", clips: tuple[str, ...] = CLIPS) -> MappedTable:
    touch(tmp_path / "videos", [f"{name}.mp4" for name in clips])
    return open_table(write(tmp_path / "scores.csv", text, encoding), tmp_path / "videos")


def read(tmp_path: Path, text: str, encoding: str = "utf-8", clips: tuple[str, ...] = CLIPS) -> ParsedRatings:
    return opened(tmp_path, text, encoding, clips).read()[0]


def given(rated: ParsedRatings) -> set[tuple[str, str, str, float]]:
    return {(r.video, r.rater, r.item, r.value) for r in rated.ratings.ratings}


def rejections(rated: ParsedRatings) -> dict[str, str]:
    return {row.place: "; ".join(row.rejections) for row in rated.import_report.rows if row.rejections}


def test_the_long_form_has_a_row_for_each_rater(tmp_path: Path) -> None:
    rated = read(
        tmp_path,
        "Clip,Trainee,Judge,Global (6-30),Flow,Date,Duration,Remark\n"
        "A1,Ann,J1,12,3,2024-01-02,33,slow\n"
        "A1.mp4,Ann,J2,14,4,2024-01-02,33,\n"
        "B2,Bea,J1,28,5,2024-05-02,21,fine work\n",
    )
    assert given(rated) == {
        *(("A1", "J1", "Global", 12.0), ("A1", "J1", "Flow", 3.0), ("A1", "J2", "Global", 14.0)),
        *(("A1", "J2", "Flow", 4.0), ("B2", "J1", "Global", 28.0), ("B2", "J1", "Flow", 5.0)),
    }
    scale = rated.ratings.scale("Global")
    assert (scale.low, scale.high, scale.stated) == (6.0, 30.0, True)
    assert rated.participants == {"A1": "Ann", "B2": "Bea"}
    assert {r.video: r.occasion for r in rated.ratings.ratings} == {"A1": "2024-01-02", "B2": "2024-05-02"}
    assert rated.import_report.unrated == ("A2", "B1")
    assert (rated.import_report.n_used, rated.import_report.n_rejected, rated.import_report.n_ratings) == (3, 0, 6)


def test_the_wide_form_has_a_column_for_each_rater(tmp_path: Path) -> None:
    rated = read(
        tmp_path, "video\tRater 1 Flow\tRater 2 Flow\tRater 1 Grip\tRater 2 Grip\nA1\t1\t2\t3\t4\nA2\t5\t\t5\t5\n"
    )
    assert given(rated) == {
        *(("A1", "Rater 1", "Flow", 1.0), ("A1", "Rater 2", "Flow", 2.0), ("A1", "Rater 1", "Grip", 3.0)),
        *(("A1", "Rater 2", "Grip", 4.0), ("A2", "Rater 1", "Flow", 5.0), ("A2", "Rater 1", "Grip", 5.0)),
        ("A2", "Rater 2", "Grip", 5.0),
    }


def test_raters_columns_without_a_word_are_of_one_item(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,R1,R2,R3\nA1,1,2,2\nA2,3,3,2\n")
    assert rated.ratings.items == ("skill",)
    assert rated.ratings.raters == ("R1", "R2", "R3")


def test_a_row_can_be_of_one_item(tmp_path: Path) -> None:
    table = "video,rater,criterion,score\n" + "".join(
        f"{clip},{rater},{item},{value}\n"
        for clip, rater, item, value in [("A1", "x", "Flow", 3), ("A1", "x", "Grip", 4), ("A2", "x", "flow", 5)]
    )
    rated = read(tmp_path, table + "B1,x,Grip,2\nB2,x,,2\n")
    assert given(rated) == {
        *(("A1", "x", "Flow", 3.0), ("A1", "x", "Grip", 4.0), ("A2", "x", "Flow", 5.0), ("B1", "x", "Grip", 2.0))
    }
    assert rejections(rated) == {"line 6": "it names no item (column “criterion” is empty)"}


def test_levels_are_ordered_by_their_words(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,Level\nA1,Novice\nA2,late expert\nB1,NOVICE\nB2,Expert (pro)\n")
    assert given(rated) == {("A1", UNNAMED, "Level", 0.0), ("A2", UNNAMED, "Level", 1.0), ("B1", UNNAMED, "Level", 0.0)}
    assert not missing(rejections(rated)["line 5"], "“Novice”", "“late expert”")
    assert rated.ratings.scale("Level").levels == ("Novice", "late expert")


def test_levels_of_unknown_order_are_asked_for(tmp_path: Path) -> None:
    table = opened(tmp_path, "video,Level\nA1,deft\nA2,inept\nB1,deft\nB2,apt\n")
    items = stated_items([("Level", ())], table.table, table.mapping)
    with pytest.raises(DatasetError, match=r"words.*“deft”.*worst"):
        table.read(msgspec.structs.replace(table.mapping, items=items))
    ordered = (msgspec.structs.replace(items[0], levels=("inept", "apt", "deft")),)
    rated, _ = table.read(msgspec.structs.replace(table.mapping, items=ordered))
    assert rated.ratings.table("Level").means() == {"A1": 2.0, "A2": 0.0, "B1": 2.0, "B2": 1.0}


@pytest.mark.parametrize(
    ("text", "encoding", "value"),
    [
        ("video;Größe;Note\nA1;x;3,5\nA2;y;4\n", "cp1252", 3.5),
        ("video,Note\nA1,3.5\nA2,4\n", "utf-8-sig", 3.5),
        ('video,Note\nA1,"3,5"\nA2,4\n', "utf-8", 3.5),
        ("sep=;\nvideo;Note\nA1;3,125\nA2;4\n", "utf-16", 3.125),
        ("video\tNote\r\nA1\t4/5\r\nA2\t4 / 5\r\n", "utf-8", 4.0),
        ("video,Note,\nA1,3.5\nA2,4\n", "utf-8", 3.5),
        ("video,Note\nA1,3.5,\nA2,4,\n", "utf-8", 3.5),
    ],
)
def test_numbers_are_read_as_people_write_them(tmp_path: Path, text: str, encoding: str, value: float) -> None:
    rated = read(tmp_path, text, encoding)
    assert rated.ratings.table("Note").means() == {"A1": value, "A2": 4.0}
    assert rated.import_report.n_rejected == 0


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("B1,x,3,5,", "it has 5 fields and the table 4 columns (a decimal comma"),
        ("B1,x,3", "it has 3 fields and the table 4 columns"),
        ('B1,x,"1,234",ok', "Flow (1-5) “1,234” is no number"),
        ("B1,x,1e300,ok", "Flow (1-5) “1e300” is no number"),
        ("B1,x,7,ok", "Flow (1-5) 7 is outside the scale from 1 to 5"),
        ("B1,x,good,ok", "Flow (1-5) “good” is no number"),
        ("B1,x,2024-04-05,ok", "Flow (1-5) “2024-04-05” is no number"),
        ("B1,x,4/10,ok", "Flow (1-5) “4/10” is out of 10, and the scale ends at 5"),
        ("B1,x,,ok", "it holds no rating"),
        ("B1,x,n/a,ok", "it holds no rating"),
        (",x,3,ok", "it names no video"),
        ("Mean,,3,ok", "there is no video “Mean”"),
        ("A11,x,3,ok", "there is no video “A11”; a similar name is “A1”"),
        ("A1,x,2,ok", "repeats line 2 (doubled)"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(tmp_path: Path, row: str, why: str) -> None:
    rated = read(tmp_path, f"video,rater,Flow (1-5),note\nA1,x,2,ok\n{row}\nA2,x,5,ok\n")
    assert why in rejections(rated)["line 3"]
    assert given(rated) == {("A1", "x", "Flow", 2.0), ("A2", "x", "Flow", 5.0)}
    assert (rated.import_report.n_used, rated.import_report.n_rejected) == (2, 1)


def test_a_rejected_rating_of_a_used_row_is_counted(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,rater,Flow (1-5),Global (1-5)\nA1,x,2,7\nA2,x,3,\nB1,x,3,4\n")
    report = rated.import_report
    assert (report.n_used, report.n_rejected, report.n_ratings, report.n_rejected_ratings) == (3, 0, 4, 1)
    assert list(report.rows[0].rejected_cells) == ["Global (1-5)"]
    assert not missing(report.counts_text, "4 ratings", "1 rating rejected")


def test_ratings_that_contradict_each_other_count_neither(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,rater,Flow\nA1,x,2\nA2,x,3\na1,X,4\n")
    assert given(rated) == {("A2", "x", "Flow", 3.0)}
    assert "line 4 with 4: neither counts" in rejections(rated)["line 2"]
    assert "line 2 with 2: neither counts" in rejections(rated)["line 4"]


def test_the_same_rater_may_rate_again_on_another_occasion(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,rater,session,Flow\nA1,x,1,2\nA1,x,2,4\nA2,x,1,3\n")
    assert rated.ratings.table("Flow").means() == {"A1": 3.0, "A2": 3.0}
    assert [r.occasion for r in rated.ratings.ratings] == ["1", "2", "1"]


def test_a_quotation_mark_that_swallows_rows_is_told(tmp_path: Path) -> None:
    rated = read(tmp_path, 'video,Flow,note\nA1,2,ok\nA2,3,"never closed\nB1,4,ok\nB2,5,ok\n')
    assert not missing(next(iter(rejections(rated).values())), "lines 3")
    assert given(rated) == {("A1", UNNAMED, "Flow", 2.0)}
    rated = read(tmp_path, 'video,Flow,note\nA1,2,ok\nA2,3,"first slow\nthen quick"\n')
    assert len(given(rated)) == 2


def test_numbers_with_other_zeros_are_joined_only_where_nothing_else_is_meant(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,Flow\n1,2\n002,3\n2,4\n", clips=("001", "002"))
    assert given(rated) == {("1", UNNAMED, "Flow", 2.0), ("002", UNNAMED, "Flow", 3.0)}
    assert not missing(rejections(rated)["line 4"], "“002”")
    assert any("“1” is taken for 001.mp4" in notice for notice in rated.import_report.notices)


def test_files_of_one_name_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    table = "video,Flow\nP1/a,2\nP2/a,3\na,4\n"
    rated = read(tmp_path, table, clips=("P1/a", "P2/a"))
    assert given(rated) == {("P1/a", UNNAMED, "Flow", 2.0), ("P2/a", UNNAMED, "Flow", 3.0)}
    assert "could be any of several files" in rejections(rated)["line 4"]


def test_a_table_without_titles_or_with_lines_above_them_is_read(tmp_path: Path) -> None:
    table = opened(tmp_path, "A1,3,x\nA2,4,y\n")
    assert table.table.titles == ("column A", "column B", "column C")
    assert given(table.read()[0]) == {("A1", UNNAMED, "column B", 3.0), ("A2", UNNAMED, "column B", 4.0)}
    rated = read(tmp_path, "Ratings of spring;;\n\nvideo;Flow;note\nA1;3;x\n")
    assert given(rated) == {("A1", UNNAMED, "Flow", 3.0)}
    assert rejections(rated) == {"line 1": "it stands above the header row"}


def test_columns_that_are_called_alike_are_told_apart(tmp_path: Path) -> None:
    table = opened(tmp_path, "video,Flow,Flow,\nA1,1,2,3\n")
    assert table.table.titles == ("video", "Flow", "Flow (2)", "column D")


def test_a_person_who_is_told_twice_is_the_first(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,participant,rater,Flow\nA1,Ann,x,1\nA1,Bea,y,2\n")
    assert rated.participants == {"A1": "Ann"}
    assert any("shows Bea, an earlier row Ann" in note for row in rated.import_report.rows for note in row.notes)


def test_a_rating_far_from_all_others_is_told_where_the_scale_is_not_stated(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,rater,Flow\nA1,x,1\nA2,x,2\nB1,x,3\nB2,x,2\nA1,y,1\nA2,y,45\n")
    assert [note for row in rated.import_report.rows for note in row.notes] == [
        "Flow: 45 is kept, but is far from the others: is it a slip?"
    ]


def test_parts_of_a_longer_video_are_attempts_of_their_own(tmp_path: Path) -> None:
    rated = read(tmp_path, "video,start,end,Flow\nA1,0,2.5,1\nA1,2.5,5,3\nA1,9,7,3\n")
    assert rated.videos == {"A1 0-2.5 s": "A1", "A1 2.5-5 s": "A1"}
    assert {name: clip_range.stop_s for name, clip_range in rated.clip_ranges.items()} == {
        "A1 0-2.5 s": 2.5,
        "A1 2.5-5 s": 5.0,
    }
    assert rejections(rated) == {"line 4": "“9” to “7” is no valid range in seconds"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"video": "Film"}, "has no column “Film”. Its columns are: “video”, “rater”, “Flow”"),
        ({"video": ""}, "names the video\\? State it"),
        ({"items": ()}, "hold ratings\\? State them"),
        ({"rater": "Flow"}, "has two meanings"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, object], why: str) -> None:
    table = opened(tmp_path, "video,rater,Flow\nA1,x,1\n")
    with pytest.raises(DatasetError, match=why):
        table.read(msgspec.structs.replace(table.mapping, **change))


def test_a_table_of_which_no_row_can_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"scores\.csv.*“Z1”"):
        read(tmp_path, "video,Flow\nZ1,1\nZ2,2\n")


def test_a_folder_is_written_and_opens_as_a_data_set(tmp_path: Path) -> None:
    table = opened(tmp_path, "Clip,Who,Judge,Flow\nA1,Ann,x,1\nA2,Ann,x,2\nB1,Bea,x,4\nB2,Bea,x,4\nC1,Cid,x,3\n")
    mapping = table.mapping.assigned("participant", "Who")
    before = table.table.path.read_bytes()
    rated, _ = table.read(mapping)
    write_folder(table, rated, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["account.csv", "mapping.json", "ratings.csv"]
    assert recognised_form(tmp_path / "out").name == "ratings"
    data = open_dataset(tmp_path / "out")
    assert {(p.better, p.worse) for p in data.pairs} == {
        *(("A2", "A1"), ("B1", "A1"), ("B2", "A1"), ("B1", "A2"), ("B2", "A2"))
    }
    assert [(p.first, p.second) for p in data.similar] == [("B1", "B2")]
    assert data.participants == {"A1": "Ann", "A2": "Ann", "B1": "Bea", "B2": "Bea"}
    assert all(video.path is not None for video in data.videos)
    assert data.ratings is not None
    assert len(data.restricted(["A1", "A2"]).ratings.ratings) == 2  # type: ignore[union-attr]
    assert any("line 6 is rejected: there is no video “C1”" in problem for problem in data.problems)
    import_report = (tmp_path / "out/account.csv").read_text(encoding="utf-8").splitlines()
    assert import_report[1].startswith("line 2,A1,A1,1,used")
    assert import_report[5].startswith("line 6,C1,,0,set aside,there is no video “C1”")
    assert table.table.path.read_bytes() == before
    with pytest.raises(NameTakenError):
        write_folder(table, rated, tmp_path / "out")
    assert read_mapping(tmp_path / "out/mapping.json").participant == "Who"
    assert not list(tmp_path.glob(".*"))


def test_a_mapping_is_used_again(tmp_path: Path) -> None:
    table = opened(tmp_path, "Clip,A,B\nA1,1,2\nA2,3,3\n")
    items = stated_items([("Flow", ("A", "B"))], table.table, table.mapping)
    rated, _ = table.read(msgspec.structs.replace(table.mapping, items=items))
    write_folder(table, rated, tmp_path / "out")
    mapping = read_mapping(tmp_path / "out/mapping.json")
    again, _ = open_table(table.table.path, tmp_path / "videos", mapping).read()
    assert again.ratings == rated.ratings
    assert again.ratings.raters == ("A", "B")
    write(tmp_path / "out/ratings.csv", "Clip,A,B\nA1,1,2\nA2,3,4\n")
    problems = open_dataset(tmp_path / "out").problems
    assert not missing(problems, "ratings.csv", "file", "mapping.json")


def test_a_table_beside_its_videos_is_a_data_set_of_guessed_columns(tmp_path: Path) -> None:
    touch(tmp_path / "videos", [f"{name}.mp4" for name in CLIPS])
    write(tmp_path / "ratings.tsv", "video\tFlow\tErrors\nA1\t1\t9\nA2\t2\t3\n")
    data = open_dataset(tmp_path)
    assert [(pair.better, pair.worse) for pair in data.pairs] == [("A2", "A1")]
    assert not missing(data.problems[0], "ratings.tsv", "“video”")
    errors = open_dataset(tmp_path, choices=Choices(criterion="errors"))
    assert [(pair.better, pair.worse) for pair in errors.pairs] == [("A2", "A1")]
    assert "less is better" in errors.rule
    with pytest.raises(DatasetError, match="“Grip”"):
        open_dataset(tmp_path, choices=Choices(criterion="Grip"))


def test_a_mapping_file_that_is_none_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, ["A1.mp4"])
    write(tmp_path / "ratings.csv", "video,Flow\nA1,1\n")
    write(tmp_path / "mapping.json", '{"videoo": "x"}')
    with pytest.raises(DatasetError, match=r"mapping\.json"):
        open_dataset(tmp_path)
    write(tmp_path / "mapping.json", '{"form": "skillviewer ratings 9"}')
    with pytest.raises(DatasetError, match="is in the form “skillviewer ratings 9”"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("t.csv", "", "holds no rows"),
        ("t.csv", "video,Flow\n", "has titles and no rows"),
        ("t.xls", "x", r"is a file of the kind .xls"),
        ("t.xlsx", "no zip", "is no workbook that can be read"),
    ],
)
def test_what_is_no_table_says_so(tmp_path: Path, name: str, text: str, why: str) -> None:
    with pytest.raises(DatasetError, match=why):
        open_table(write(tmp_path / name, text))


def test_a_role_takes_a_column_from_another(tmp_path: Path) -> None:
    mapping: TableMapping = opened(tmp_path, "video,rater,Flow,Grip\nA1,x,1,2\n").mapping
    changed = mapping.assigned("occasion", "Flow").assigned("participant", "rater")
    assert (changed.occasion, changed.participant, changed.rater) == ("Flow", "rater", "")
    assert [item.name for item in changed.items] == ["Grip"]


def test_raters_may_stand_in_brackets_behind_the_item(tmp_path: Path) -> None:
    table = opened(tmp_path, "video,Flow (Ann),Flow (Bob),Grip (1-5),Rater 1 Ease,Rater 2 Ease,Ease\nA1,1,2,3,1,3,2\n")
    assert {item.name: [c.rater for c in item.columns] for item in table.mapping.items} == {
        "Flow": ["Ann", "Bob"],
        "Grip": [""],
        "Ease": ["Rater 1", "Rater 2"],
    }
    assert not missing(table.ambiguities, "“Ease”")


def test_what_most_tables_have_and_this_one_lacks_is_told(tmp_path: Path) -> None:
    ambiguities = opened(tmp_path, "video,Flow\nA1,1\nA1,2\nA2,2\n").ambiguities
    assert [ambiguity[:47] for ambiguity in ambiguities] == [
        "No column seems to name the participant: state ",
        "Videos are in several rows, and no column seems",
    ]
    assert opened(tmp_path, "video,Trainee ID,Rater,Flow\nA1,p,x,1\nA1,p,y,2\n").ambiguities == ()


def test_raters_may_be_called_by_numbers_that_are_ratings_too(tmp_path: Path) -> None:
    rows = "A1,1,2,\nA1,2,1,3\nA2,1,,2\nA2,2,2,1\n"
    assert read(tmp_path, "video,rater,Flow,Grip\n" + rows).import_report.n_ratings == 6
    assert read(tmp_path, "video,rater,Flow,Grip\nA1,,2,\nA2,,1,3\nB1,11,,2\n").import_report.n_ratings == 4


def test_cells_that_two_slips_moved_are_told(tmp_path: Path) -> None:
    rows = "A1,Ann,1,2,ok\nA2,Ann,3,4,ok\nA1,Bob,2,3,ok\nA2,Bob,3,3,ok\n"
    moved = "B1,Ann5,1,ok,\nB1,,Bob,4,2\nB2,Bob,,4,\n5,ok\n"
    told = rejections(read(tmp_path, "video,rater,Flow,Grip,note\n" + rows + moved))
    assert list(told.values()) == [
        "“Ann5” seems to be a rater and a rating in one cell, and a rating is missing",
        "the rater “Bob” stands among the ratings: its cells seem to be moved",
        "a rating is missing, and line 9 looks like the rest of it",
        "it has 2 fields and the table 5 columns",
    ]
