"""A folder with videos and pairs.csv."""

import unicodedata
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair, Verdict
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.consensus import AtLeast, Majority, Unanimous
from skillviewer.data.formats import pair_folder
from skillviewer.data.formats.choices import Choices
from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.tables.regions import read_regions
from tests.data.files import touch, write
from tests.facts import missing


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "Infant-Grasp"
    rows = ["left,right,label,votes", "000,001,1,1 1 1 1 1", "000,002,-1,-1 -1 -1 0 1", "001,002,0,1 -1 0 1 -1"]
    write(folder / "pairs.csv", "\r\n".join(rows))
    write(folder / "truth.csv", "video,skill,quality,note\n000,0.5,1.5,fine\n001,0.2,-2,\n002,0.9,nan,\n003,1,4,\n")
    write(folder / "regions.csv", "video,frame,gripper_x,gripper_y\n000,0,1,2\n")
    touch(folder / "videos", ["000.mp4", "001.mp4", "002.mov", "900.mp4"])
    return folder


def test_votes_become_pairs_by_the_default_rule(study: Path) -> None:
    data = pair_folder.load(study)
    assert (data.name, data.form, data.published) == ("Infant-Grasp", "pair-folder", "infant-grasp")
    assert data.pairs == (Pair("000", "001"), Pair("002", "000"))
    assert data.similar == (SimilarPair("001", "002"),)
    assert "unanimous where at most 4" in data.rule
    assert len(data.judgements) == 15
    assert data.judgements[8] == Judgement("000", "002", Verdict.NEITHER, "rater 4")
    assert data.names == ("000", "001", "002")
    assert data.videos[2].path == study / "videos/002.mov"
    assert data.regions_path == study / "regions.csv"
    assert data.problems == (
        "truth.csv names videos that no pair names; they are left out: 003.",
        "No pair names these files: 900.",
    )


def test_numbers_known_of_the_videos(study: Path) -> None:
    data = pair_folder.load(study)
    assert [measure.name for measure in data.truth] == ["skill", "quality"]
    assert data.truth[0].by_video() == {"000": 0.5, "001": 0.2, "002": 0.9}
    assert data.scores is not None
    assert data.scores.by_video() == {"000": 1.5, "001": -2.0}


def test_another_rule_is_a_choice_and_its_text_is_kept(study: Path) -> None:
    strict = pair_folder.load(study, choices=Choices(rule=Unanimous()))
    assert strict.pairs == (Pair("000", "001"),)
    assert strict.rule == Unanimous().text
    assert not missing(strict.problems[0], "1 pairs", "000–002")
    assert len(pair_folder.load(study, choices=Choices(rule=AtLeast(5))).pairs) == 1


def test_labels_alone(tmp_path: Path) -> None:
    rows = [
        "Video1;Video2;Label",
        "a.mp4;b.mp4;1",
        "b;c;-1.0",
        "a;c;0",
        "c;a;0",
        "a;d;left",
        "d;b;2",
        ";b;1",
        "b;a;1",
        "",
    ]
    data = pair_folder.load(write(tmp_path / "pairs.csv", "\ufeff" + "\n".join(rows)))
    assert data.pairs == (Pair("c", "b"), Pair("a", "d"))
    assert data.similar == (SimilarPair("a", "c"),)
    assert data.rule == ""
    assert data.judgements == ()
    assert data.problems == (
        "pairs.csv line 7 has a label that is not 1, 0 or -1 (“2”); it is left out.",
        "pairs.csv line 8 does not name two videos; it is left out.",
        "pairs.csv repeats pairs, each counted once: a–c 2 times.",
        "pairs.csv line 2 says a better than b, pairs.csv line 9 says b better than a: the pair is left out.",
    )


def test_one_row_a_judgement(tmp_path: Path) -> None:
    rows = ["left,right,label,rater", "a,b,1,Ann", "b,a,-1,Bob", "a,c,1,Ann", "c,a,1,Bob", "b,c,0,Ann", "b,c,,Bob"]
    data = pair_folder.load(write(tmp_path / "pairs.csv", "\n".join(rows)).parent)
    assert data.pairs == (Pair("a", "b"),)
    assert data.similar == (SimilarPair("a", "c"), SimilarPair("b", "c"))
    assert [judgement.rater for judgement in data.judgements] == ["Ann", "Bob", "Ann", "Bob", "Ann"]
    assert data.problems == ("pairs.csv line 7 has a label that is not 1, 0 or -1 (“”); it is left out.",)


def test_better_and_worse(tmp_path: Path) -> None:
    data = pair_folder.load(write(tmp_path / "pairs.csv", "Better,Worse,\na,b,\nb,c\nb,b,\n"))
    assert data.pairs == (Pair("a", "b"), Pair("b", "c"))
    assert data.problems == ("pairs.csv line 4 compares b with itself; it is left out.",)


def test_votes_that_cannot_be_read_and_labels_without_votes(study: Path) -> None:
    text = "left,right,label,votes\n000,001,1,1 1 yes\n000,002,1,\n001,002,1,1|1|1\n"
    write(study / "pairs.csv", text)
    data = pair_folder.load(study)
    assert data.pairs == (Pair("001", "002"),)
    assert data.problems[:2] == (
        "pairs.csv line 2 has a vote that is not 1, 0 or -1 (“1 1 yes”); it is left out.",
        "1 rows have a label and no votes (pairs.csv line 3); they are left out.",
    )


def test_people_from_files_or_by_a_stated_rule(study: Path) -> None:
    assert pair_folder.load(study).participants == {}
    truth = study / "truth.csv"
    write(truth, "video,participant,skill\n000,Ann,1\n001,Ann,2\n002,Bob,3\n")
    data = pair_folder.load(study)
    assert data.participants == {"000": "Ann", "001": "Ann", "002": "Bob"}
    assert [measure.name for measure in data.truth] == ["skill"]
    write(study / "participants.csv", "video,participant\n000,Eve\n001,Dan\n002,Dan\n")
    assert pair_folder.load(study).participants == {"000": "Eve", "001": "Dan", "002": "Dan"}
    stated = pair_folder.load(study, choices=Choices(participant_pattern=r"^\d\d"))
    assert set(stated.participants.values()) == {"00"}


def test_videos_elsewhere_and_truth_with_repeated_rows(study: Path, tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", ["x/000.avi"])
    write(study / "truth.csv", "video,skill\n000,1\n000,2\n,3\n")
    data = pair_folder.load(study, tmp_path / "elsewhere")
    assert [video.path for video in data.videos] == [tmp_path / "elsewhere/x/000.avi", None, None]
    assert data.truth[0].by_video() == {"000": 1.0}
    assert data.problems[:2] == (
        "truth.csv line 3 names a video again; it is left out.",
        "truth.csv line 4 names no video; it is left out.",
    )


def test_it_is_recognised_by_content(tmp_path: Path) -> None:
    file = write(tmp_path / "pairs.csv", "left,right\na,b\n")
    assert not pair_folder.tasks(tmp_path)
    assert pair_folder.tasks(tmp_path) == ()
    with pytest.raises(DatasetError, match=r"no pairs\.csv with the columns"):
        pair_folder.load(file)
    write(file, "left,right,votes\na,b,1 1\n")
    assert pair_folder.tasks(file)
    assert pair_folder.tasks(tmp_path) == (tmp_path.name,)


def test_votes_in_fields_of_their_own_all_count(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,votes\na,b,1,1,1,-1,-1\nb,c,-1,1,1,1,1\n")
    data = pair_folder.load(tmp_path, choices=Choices(rule=Majority()))
    assert len(data.judgements) == 10
    assert data.pairs == (Pair("a", "b"), Pair("b", "c"))


def test_a_row_with_more_fields_than_columns_is_left_out_and_told(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,label,by\na,b,1,Ann\nb,c,1,-1,Ann\n")
    data = pair_folder.load(tmp_path)
    assert data.pairs == (Pair("a", "b"),)
    assert not missing(data.problems[0], "pairs.csv", "line 3", "5 fields", "4 columns")


def test_better_and_worse_by_raters_follow_the_rule(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "better,worse,rater\na,b,r1\na,b,r2\nb,a,r3\n")
    data = pair_folder.load(tmp_path, choices=Choices(rule=Majority()))
    assert data.pairs == (Pair("a", "b"),)
    assert [judgement.rater for judgement in data.judgements] == ["r1", "r2", "r3"]
    assert pair_folder.load(tmp_path, choices=Choices(rule=Unanimous())).pairs == ()


def test_side_files_that_are_not_understood_are_told(study: Path) -> None:
    write(study / "participants.csv", "clip no;who\n000;Ann\n")
    write(study / "truth.csv", "number,skill\n000,1\n")
    write(study / "regions.csv", "video,frame,hand x,hand y\n000,0,1,2\n")
    data = pair_folder.load(study)
    told = " ".join(data.problems)
    assert not missing(told, "participants.csv", "“video”", "“participant”")
    assert "truth.csv has no column “video”" in told
    assert not missing(told, "regions.csv", "columns video")
    assert data.regions_path is None


def test_numbers_with_decimal_commas_where_semicolons_part_the_columns(study: Path) -> None:
    write(study / "truth.csv", "video;participant_id;quality\n000;P1;3,5\n001;P1;-2\n002;P2;about 3\n003;P2;\n")
    write(study / "regions.csv", "video;frame;tool_x;tool_y;hand_x;hand_y\n000;3.0;12,5;20;40;50\n000;4;x;20;40;50\n")
    data = pair_folder.load(study)
    assert data.truth[0].by_video() == {"000": 3.5, "001": -2.0}
    assert data.participants == {"000": "P1", "001": "P1", "002": "P2"}
    told = " ".join(data.problems)
    assert not missing(told, "truth.csv", "“about 3”", "002")
    assert not missing(told, "regions.csv", "line 3")
    assert data.regions_path is not None
    assert [len(regions) for regions in read_regions(data.regions_path).of("000").values()] == [2, 1]


def test_regions_of_unknown_videos_and_many_bad_rows_are_counted(study: Path) -> None:
    rows = [f"000,{i},x,y" for i in range(6)]
    write(study / "regions.csv", "\n".join(["video,frame,tool_x,tool_y", *rows, "other,0,1,2"]))
    told = " ".join(pair_folder.load(study).problems)
    assert "regions.csv: 3 more rows like these." in told
    assert not missing(told, "regions.csv", "names videos")


def test_names_are_found_however_their_accents_are_stored(tmp_path: Path) -> None:
    apart, together = unicodedata.normalize("NFD", "Müller"), unicodedata.normalize("NFC", "Müller")
    write(tmp_path / "pairs.csv", f"left,right,label\n{together},b,1\n")
    touch(tmp_path / "videos", [f"{apart}.mp4", "B.mp4"])
    data = open_dataset(tmp_path)
    assert data.problems == ()
    assert all(video.path is not None for video in data.videos)


def test_a_task_that_the_folder_does_not_hold_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "grasping" / "pairs.csv", "better,worse\na,b\n")
    assert pair_folder.load(tmp_path / "grasping", choices=Choices(task="Grasping")).task
    with pytest.raises(DatasetError, match=r"holds no task “nix”\. It holds: grasping"):
        pair_folder.load(tmp_path / "grasping", choices=Choices(task="nix"))


def test_names_may_tell_the_folder_of_a_video(tmp_path: Path) -> None:
    rows = ["left,right,label", "P01/001,P02/001,1", "videos/P01/002.mp4,P02\\001.mp4,-1", "P03/001,P01/001,0"]
    write(tmp_path / "pairs.csv", "\n".join(rows))
    touch(tmp_path / "videos", ["P01/001.mp4", "P01/002.mp4", "P02/001.mp4", "P04/001.mp4"])
    data = pair_folder.load(tmp_path)
    places = {video.name: video.path for video in data.videos}
    assert places == {
        "P01/001": tmp_path / "videos/P01/001.mp4",
        "P01/002": tmp_path / "videos/P01/002.mp4",
        "P02/001": tmp_path / "videos/P02/001.mp4",
        "P03/001": None,
    }
    assert data.pairs == (Pair("P01/001", "P02/001"), Pair("P02/001", "P01/002"))


def test_a_vote_that_is_missing_keeps_its_place(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,votes\na,b,1,,0,1,1\na,c,1 - 1 na 1\nb,c,-,,\n")
    touch(tmp_path, ["a.mp4", "b.mp4", "c.mp4"])
    data = pair_folder.load(tmp_path)
    votes = [(j.rater, j.verdict) for j in data.judgements if {j.left, j.right} == {"a", "b"}]
    left, neither = Verdict.LEFT, Verdict.NEITHER
    assert votes == [("rater 1", left), ("rater 3", neither), ("rater 4", left), ("rater 5", left)]
    assert [j.rater for j in data.judgements if {j.left, j.right} == {"a", "c"}] == ["rater 1", "rater 3", "rater 5"]
    assert "line 4 has a label that is not 1, 0 or -1" in data.problems[0]


def test_votes_of_a_pair_that_is_named_again_are_those_of_further_raters(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,votes\na,b,1 1 1\nb,a,-1 -1 0\n")
    touch(tmp_path, ["a.mp4", "b.mp4"])
    data = pair_folder.load(tmp_path)
    assert [j.rater for j in data.judgements] == [f"rater {i}" for i in range(1, 7)]
    assert data.pairs == (Pair("a", "b"),), "five of six"
    assert not missing(data.problems[0], "3 names")


def test_rows_that_a_quotation_mark_swallows_are_named(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", 'left,right,label\na,b,1\n"a,c,1\nb,c,1\nc,d,1\n')
    touch(tmp_path, ["a.mp4", "b.mp4"])
    problem = pair_folder.load(tmp_path).problems[0]
    assert not missing(problem, "lines 3")


def test_what_a_pairs_file_lacks_is_said(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "a,b,1\nb,c,1\n")
    with pytest.raises(DatasetError, match=r"pairs\.csv.*columns left"):
        open_dataset(tmp_path)
    write(tmp_path / "pairs.csv", "left,right,label\na,b,0\n")
    touch(tmp_path, ["a.mp4", "b.mp4", "z.mp4"])
    with pytest.raises(DatasetError, match="All 1 pairs count as no difference"):
        open_dataset(tmp_path)


def test_videos_that_only_truth_names_change_no_fold(tmp_path: Path) -> None:
    names = [f"{i:03}" for i in range(1, 9)]
    write(tmp_path / "pairs.csv", "better,worse\n" + "".join(f"{a},{b}\n" for a, b in combinations(names, 2)))
    people = "".join(f"{name},P{(i + 1) // 2}\n" for i, name in enumerate(names, start=1))
    write(tmp_path / "participants.csv", "video,participant\n" + people)
    touch(tmp_path / "videos", [f"{i:03}.mp4" for i in range(1, 31)])
    before = make_folds(open_dataset(tmp_path))
    write(tmp_path / "truth.csv", "video,quality\n" + "".join(f"{i:03},{i}\n" for i in range(1, 31)))
    data = open_dataset(tmp_path)
    assert make_folds(data) == before
    assert before.fold_unit is FoldUnit.PARTICIPANT
    assert data.names == tuple(names)
    assert len(data.truth[0].values) == 8
    assert not missing(data.problems, "truth.csv", "names videos", "009", "010", "011", "012")


@pytest.mark.parametrize("call", ["videos/{}.mp4", "./videos/{}", "VIDEOS_{}", "{}.MP4"])
def test_all_tables_may_call_videos_as_pairs_do(tmp_path: Path, call: str) -> None:
    def called(name: str) -> str:
        return name.upper() if call.startswith("VIDEOS_") else call.format(name)

    write(tmp_path / "pairs.csv", "better,worse\nvideos/a.mp4,P1\\b.mp4\nP1/b,c\n")
    rows = [called("a"), called("P1/b"), called("c")]
    write(tmp_path / "participants.csv", "video,participant\n" + "".join(f"{name},{name[-5:]}\n" for name in rows))
    write(tmp_path / "truth.csv", "video,quality\n" + "".join(f"{name},{i}\n" for i, name in enumerate(rows)))
    write(tmp_path / "regions.csv", "video,frame,hand_x,hand_y\n" + "".join(f"{name},0,1,2\n" for name in rows))
    touch(tmp_path / "videos", ["a.mp4", "P1/b.mp4", "c.mp4"])
    data = open_dataset(tmp_path)
    assert data.problems == ()
    assert data.names == ("P1/b", "a", "c")
    assert set(data.participants) == set(data.truth[0].by_video()) == set(data.names)
    assert data.regions_path is not None
    assert set(read_regions(data.regions_path, data.names).by_video) == set(data.names)


def test_zeros_that_a_spreadsheet_has_taken(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "better,worse\n1,2\n2,10\n")
    write(tmp_path / "participants.csv", "video,participant\n001,A\n002.mp4,B\n010,C\n")
    touch(tmp_path / "videos", ["001.mp4", "002.mp4", "010.mp4"])
    data = open_dataset(tmp_path)
    assert [video.path and video.path.name for video in data.videos] == ["001.mp4", "010.mp4", "002.mp4"]
    assert data.participants == {"1": "A", "2": "B", "10": "C"}
    about_table, about_files = data.problems
    assert not missing(about_table, "participants.csv", "leading zeros", "001 with 1, 002 with 2, 010 with 10")
    assert not missing(about_files, "leading zeros", "1 with 001.mp4, 10 with 010.mp4, 2 with 002.mp4")
    touch(tmp_path / "videos", ["01.mp4"])
    assert open_dataset(tmp_path).video("1").path is None, "it could be either"


def test_paths_of_files_are_taken_as_they_are(tmp_path: Path) -> None:
    here, there = tmp_path / "study", tmp_path / "clips"
    touch(here / "videos", ["a.mp4", "P1/b.mp4"])
    touch(there, ["c.mp4", "one/d.mp4", "two/d.mp4"])
    cells = [
        here / "videos/a.mp4",
        here / "videos/P1/b.mp4",
        "../clips/c.mp4",
        there / "one/d.mp4",
        there / "two/d.mp4",
    ]
    write(here / "pairs.csv", "better,worse\n" + "".join(f"{a},{b}\n" for a, b in pairwise(cells)))
    write(here / "participants.csv", f"video,participant\na,A\n{cells[1]},B\nc,C\n{cells[3]},D\n")
    data = open_dataset(here)
    one, two = f"{there}/one/d", f"{there}/two/d"
    assert {video.name: video.path for video in data.videos} == {
        "a": here / "videos/a.mp4",
        "P1/b": here / "videos/P1/b.mp4",
        "c": there / "c.mp4",
        one: there / "one/d.mp4",
        two: there / "two/d.mp4",
    }
    assert data.participants == {"a": "A", "P1/b": "B", "c": "C", one: "D"}
    touch(tmp_path / "blurred", ["a.mp4"])
    assert open_dataset(here, tmp_path / "blurred").video("a").path == tmp_path / "blurred/a.mp4", "as a person says"


def test_an_extension_tells_files_of_one_name_apart(tmp_path: Path) -> None:
    touch(tmp_path / "videos", ["001.mp4", "001.avi", "002.mp4", "raw/003.avi", "003.mp4"])
    write(tmp_path / "pairs.csv", "better,worse\n001.mp4,001.avi\n002.mp4,001.AVI\n003.mp4,002\n")
    write(tmp_path / "participants.csv", "video,participant\n001.mp4,A\n001.avi,B\n002,C\n003,D\n")
    data = open_dataset(tmp_path)
    assert data.pairs == (Pair("001.mp4", "001.avi"), Pair("002", "001.avi"), Pair("003", "002"))
    assert {video.name: video.path for video in data.videos} == {
        "001.avi": tmp_path / "videos/001.avi",
        "001.mp4": tmp_path / "videos/001.mp4",
        "002": tmp_path / "videos/002.mp4",
        "003": tmp_path / "videos/003.mp4",
    }
    assert data.participants["001.mp4"] == "A"
    assert data.participants["001.avi"] == "B"
    (tmp_path / "videos/001.avi").unlink()
    assert pair_folder.load(tmp_path).names == ("001", "002", "003"), "one file, whatever its extension was"


def test_raters_in_two_spellings_are_one(tmp_path: Path) -> None:
    rows = ["left,right,label,rater", "a,b,1,Anna", "a,b,1,anna", "a,b,1,ANNA ", "a,b,1,Bob", "a,b,-1,bob", "b,c,-1,"]
    write(tmp_path / "pairs.csv", "\n".join(rows))
    data = pair_folder.load(tmp_path)
    assert [judgement.rater for judgement in data.judgements] == ["Anna"] * 3 + ["Bob"] * 2 + ["unnamed"]
    assert data.pairs == (Pair("c", "b"),), "Bob contradicts himself, and Anna has one vote"
    assert not missing(data.problems, "pairs.csv", "several ways")


def test_labels_with_decimal_commas(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left;right;label\na;b;1,0\nb;c;-1,0\nc;d;0,0\n")
    data = pair_folder.load(tmp_path)
    assert data.pairs == (Pair("a", "b"), Pair("c", "b"))
    assert data.similar == (SimilarPair("c", "d"),)
    assert data.problems == ()


def test_a_table_that_never_says_minus_one_is_asked_about(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,label\na,b,1\nb,c,0\n")
    assert not missing(pair_folder.load(tmp_path).problems[0], "0 means", "write -1")
    write(tmp_path / "pairs.csv", "left,right,votes\na,b,1 0 1\nb,c,1 1 1\n")
    assert "No row of pairs.csv says -1" in pair_folder.load(tmp_path).problems[0]
    write(tmp_path / "pairs.csv", "left,right,label\na,b,1\nb,c,0\nc,d,right\n")
    assert pair_folder.load(tmp_path).problems == ()


def test_columns_better_and_worse_count_where_no_label_is(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,better,worse\n001,002,002,001\n")
    assert pair_folder.load(tmp_path).pairs == (Pair("002", "001"),)


def test_a_label_beside_better_and_worse(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "better,worse,label\na,b,1\nb,c,0\nc,d,-1\nd,e,\ne,f,sure\ng,f,often\n")
    data = pair_folder.load(tmp_path)
    assert data.pairs == (Pair("a", "b"), Pair("d", "e"), Pair("e", "f"), Pair("g", "f"))
    assert data.similar == (SimilarPair("b", "c"),)
    assert not missing(data.problems[0], "line 4", "“-1”")
    assert not missing(data.problems[1], "pairs.csv", "line 6")


def test_names_of_tables_in_another_case(tmp_path: Path) -> None:
    write(tmp_path / "Pairs.csv", "better,worse\na,b\n")
    write(tmp_path / "PARTICIPANTS.CSV", "video,participant\na,A\nb,B\n")
    write(tmp_path / "Truth.csv", "video,quality\na,1\nb,2\n")
    write(tmp_path / "Regions.csv", "video,frame,hand_x,hand_y\na,0,1,2\n")
    data = open_dataset(tmp_path)
    assert data.participants == {"a": "A", "b": "B"}
    assert data.scores is not None
    assert data.regions_path == tmp_path / "Regions.csv"


def test_why_a_table_of_pairs_cannot_be_read_is_said(tmp_path: Path) -> None:
    write(tmp_path / "Pairs.csv", 'left,right,label\n"a,b,1\n' + "a,b,1\n" * 30_000)
    with pytest.raises(DatasetError, match=r"Pairs\.csv.*line 2.*quotation mark"):
        open_dataset(tmp_path)
    write(tmp_path / "Pairs.csv", "sep=;\nleft;right;label\na;b;1\n", "utf-16-le")
    assert open_dataset(tmp_path).pairs == (Pair("a", "b"),)
