"""A folder with videos and pairs.csv."""

import unicodedata
from pathlib import Path

import pytest

from skillviewer.core.consensus import AtLeast, Majority, Unanimous
from skillviewer.core.errors import DatasetError
from skillviewer.core.pairs import Judgement, Pair, SimilarPair, Verdict
from skillviewer.data import pair_folder
from skillviewer.data.choices import Choices
from skillviewer.data.formats import open_dataset
from skillviewer.data.regions import read_regions
from tests.data.files import touch, write


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
    assert data.names == ("000", "001", "002", "003")
    assert data.videos[2].path == study / "videos/002.mov"
    assert data.regions_path == study / "regions.csv"
    assert data.problems == ("No pair names these files: 900.",)


def test_numbers_known_of_the_videos(study: Path) -> None:
    data = pair_folder.load(study)
    assert [measure.name for measure in data.truth] == ["skill", "quality"]
    assert data.truth[0].by_video() == {"000": 0.5, "001": 0.2, "002": 0.9, "003": 1.0}
    assert data.scores is not None
    assert data.scores.by_video() == {"000": 1.5, "001": -2.0, "003": 4.0}


def test_another_rule_is_a_choice_and_its_text_is_kept(study: Path) -> None:
    strict = pair_folder.load(study, choices=Choices(rule=Unanimous()))
    assert strict.pairs == (Pair("000", "001"),)
    assert strict.rule == Unanimous().text
    assert "labels of 1 pairs differ from what the rule makes of their votes (000–002)" in strict.problems[0]
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
    assert not pair_folder.recognise(tmp_path)
    assert pair_folder.tasks(tmp_path) == ()
    with pytest.raises(DatasetError, match=r"no pairs\.csv with the columns"):
        pair_folder.load(file)
    write(file, "left,right,votes\na,b,1 1\n")
    assert pair_folder.recognise(file)
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
    assert data.problems[0] == "pairs.csv line 3 has 5 fields and the table 4 columns; it is left out."


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
    assert "participants.csv has no columns “video” and “participant”" in told
    assert "truth.csv has no column “video”" in told
    assert "regions.csv needs the columns video and frame" in told
    assert data.regions_path is None


def test_numbers_with_decimal_commas_where_semicolons_part_the_columns(study: Path) -> None:
    write(study / "truth.csv", "video;participant_id;quality\n000;P1;3,5\n001;P1;-2\n002;P2;about 3\n003;P2;\n")
    write(study / "regions.csv", "video;frame;tool_x;tool_y;hand_x;hand_y\n000;3.0;12,5;20;40;50\n000;4;x;20;40;50\n")
    data = pair_folder.load(study)
    assert data.truth[0].by_video() == {"000": 3.5, "001": -2.0}
    assert data.participants == {"000": "P1", "001": "P1", "002": "P2"}
    told = " ".join(data.problems)
    assert "truth.csv, column quality: no number is “about 3” of 002." in told
    assert "regions.csv line 3 has no two numbers for tool; the rest of the line counts." in told
    assert data.regions_path is not None
    assert [len(regions) for regions in read_regions(data.regions_path).of("000").values()] == [2, 1]


def test_regions_of_unknown_videos_and_many_bad_rows_are_counted(study: Path) -> None:
    rows = [f"000,{i},x,y" for i in range(6)]
    write(study / "regions.csv", "\n".join(["video,frame,tool_x,tool_y", *rows, "other,0,1,2"]))
    told = " ".join(pair_folder.load(study).problems)
    assert "regions.csv: 3 more rows like these." in told
    assert "regions.csv names videos that no pair names: other." in told


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
    assert "line 3 names b and a again; its votes count as those of further raters." in data.problems[0]


def test_rows_that_a_quotation_mark_swallows_are_named(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", 'left,right,label\na,b,1\n"a,c,1\nb,c,1\nc,d,1\n')
    touch(tmp_path, ["a.mp4", "b.mp4"])
    problem = pair_folder.load(tmp_path).problems[0]
    assert "lines 3 to 5 (a quotation mark makes one row of them) does not name two videos" in problem


def test_what_a_pairs_file_lacks_is_said(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "a,b,1\nb,c,1\n")
    with pytest.raises(DatasetError, match=r"no pairs\.csv with the columns left, right and label"):
        open_dataset(tmp_path)
    write(tmp_path / "pairs.csv", "left,right,label\na,b,0\n")
    touch(tmp_path, ["a.mp4", "b.mp4", "z.mp4"])
    with pytest.raises(DatasetError, match="All 1 pairs that it holds count as no disparity"):
        open_dataset(tmp_path)
