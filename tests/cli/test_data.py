"""What ``skillviewer data`` tells of a data set."""

import json
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold
from skillviewer.core.dataset.folds import describe_shared_videos
from skillviewer.core.dataset.pairs import Pair
from tests.cli.studies import NAMES, write_study
from tests.data.files import touch, write
from tests.facts import missing

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("data") / "tiny")


def test_inspect_tells_what_is_there(study: Path, capsys: Capture) -> None:
    assert run(["data", "inspect", str(study)]) == 0
    out = capsys.readouterr().out
    rows = {line[2:19].strip(): line[20:] for line in out.splitlines()[1:]}
    assert out.splitlines()[0] == "tiny"
    assert rows["videos"] == "8, 8 with a file"
    assert rows["participants"] == "4"
    assert rows["ordered pairs"] == "27 (96 % of 28 possible)"
    assert rows["no disparity"] == "1"
    assert rows["numbers known"] == "quality"
    assert rows["cycles"] == "none"
    assert rows["regions"].endswith("regions.csv")


def test_inspect_as_json_lists_problems(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "pairs.csv").write_text("left,right,label\na,b,1\nb,c,1\nc,a,1\nx,y,3\n")
    assert run(["data", "inspect", str(tmp_path), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["datasets"]
    assert (one["videos"], one["videos_with_file"], one["pairs"], one["cycles"]) == (3, 0, 3, 1)
    assert any("line 5" in problem for problem in one["problems"])
    assert any("cycle" in problem for problem in one["problems"])


def test_ratings_that_hardly_differ_make_no_pair_if_it_is_asked_for(tmp_path: Path, capsys: Capture) -> None:
    rows = [f"Suturing_{take}\tN\t{6 * n}" + f"\t{n}" * 6 for take, n in (("B001", 1), ("C001", 2), ("D001", 5))]
    (tmp_path / "meta_file_Suturing.txt").write_text("\n".join(rows) + "\n")

    def counted(*more: str) -> tuple[int, int]:
        assert run(["data", "inspect", str(tmp_path), "--json", *more]) == 0
        (one,) = json.loads(capsys.readouterr().out)["datasets"]
        return one["pairs"], one["pairs_without_disparity"]

    assert counted() == (3, 0)
    assert counted("--smallest-difference", "7") == (2, 1)


def test_inspect_names_who_is_on_both_sides_of_released_folds() -> None:
    videos = tuple(DatasetVideo(name, participant=person) for name, person in (("a", "P"), ("b", "Q"), ("c", "P")))
    pairs = (Pair("a", "b"), Pair("a", "c"))
    fold = Fold("1", ("a", "b"), ("c",), pairs[:1], pairs[1:])
    people, shared = describe_shared_videos(Dataset("d", "best", "t", videos, pairs, released=(fold,)))
    assert not missing(people, "Fold 1", "1 person", ": P.")
    assert not missing(shared, "Fold 1", "1 video", ": a.")
    sound = Fold("1", ("b",), ("c",), (), (Pair("b", "c"),))
    assert len(describe_shared_videos(Dataset("d", "best", "t", videos, (Pair("b", "c"),), released=(sound,)))) == 1


def test_inspect_tells_of_every_task_in_a_folder(tmp_path: Path, capsys: Capture) -> None:
    for task in ("Chopstick_Using", "Dough_Rolling"):
        name = task.lower()
        folder = tmp_path / "annotations" / task
        (folder / "splits").mkdir(parents=True)
        (folder / f"{name}_gt.csv").write_text("Vid1,Vid2,Best\nA1,A2,A1\nA1,B1,B1\n")
    run(["data", "inspect", str(tmp_path), "--json"])
    tasks = {one["task"] for one in json.loads(capsys.readouterr().out)["datasets"]}
    assert {"chopstick_using", "dough_rolling"} <= tasks
    assert run(["data", "inspect", str(tmp_path), "--task", "dough", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["datasets"]) == 1


def test_raters_who_never_agree_have_their_agreement_told(tmp_path: Path, capsys: Capture) -> None:
    touch(tmp_path / "videos", [f"v{at}.mp4" for at in range(6)])
    rows = [f"v{at},{rater},{rating}" for at in range(6) for rater, rating in (("Ann", 1 + at), ("Bob", 6 - at))]
    write(tmp_path / "ratings.csv", "\n".join(["Clip,Judge,Flow", *rows]))
    assert run(["data", "import", str(tmp_path / "ratings.csv"), "-o", str(tmp_path / "set")]) == 0
    assert run(["data", "inspect", str(tmp_path / "set")]) == 1, "no video is better than another"
    capsys.readouterr()
    assert run(["data", "agreement", str(tmp_path / "set")]) == 0
    assert "weighted kappa -1.00" in capsys.readouterr().out


def test_folds_hold_whole_people_out(study: Path, capsys: Capture) -> None:
    assert run(["data", "folds", str(study), "--json"]) == 0
    out, err = capsys.readouterr()
    made = json.loads(out)
    assert made["by"] == "participant"
    assert err == ""
    assert sorted(name for fold in made["folds"] for name in fold["held_out_videos"]) == list(NAMES)
    for fold in made["folds"]:
        held_out = set(fold["held_out_videos"])
        assert len({name[0] for name in held_out}) == 1
        assert not held_out & {name for pair in fold["train_pairs"] for name in pair}
        assert all(held_out & set(pair) for pair in fold["test_pairs"])
        assert all(held_out >= set(pair) for pair in fold["honest_pairs"])
        assert len(fold["train_pairs"]) + len(fold["test_pairs"]) == 27
    assert run(["data", "folds", str(study)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tiny: 4 folds by participant"
    assert len(lines) == 7
    assert sum(line.endswith("2 videos of a") for line in lines) == 1


def test_folds_are_of_the_videos_that_have_a_file(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path / "fewer")
    (study / "videos" / "a1.mp4").unlink()
    assert run(["data", "folds", str(study), "--json"]) == 0
    out, err = capsys.readouterr()
    assert not missing(err, "8 videos", "27 pairs", "a1")
    assert "a1" not in {name for fold in json.loads(out)["folds"] for name in fold["held_out_videos"]}
    for file in (study / "videos").iterdir():
        file.unlink()
    assert run(["data", "folds", str(study), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "a1" in {name for fold in json.loads(out)["folds"] for name in fold["held_out_videos"]}


def test_folds_by_video_come_with_a_warning(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path / "nobody", participants=False)
    assert run(["data", "folds", str(study), "--folds", "2"]) == 0
    out, err = capsys.readouterr()
    assert "2 folds by video" in out
    assert "accuracies are too high" in err
    for option in ("--participants", "--participant-pattern"):  # as the commands of a study call it
        assert run(["data", "folds", str(study), option, "^."]) == 0
        assert "4 folds by participant" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["inspect", "/nowhere"], 1, "no file or folder"),
        (["folds", "{study}", "--folds", "9"], 1, "choose 2 to 4"),
        (["folds", "{study}", "--by", "released"], 1, "comes without folds"),
        (["inspect", "{study}", "--rule", "loudest"], 1, "no rule “loudest”"),
        (["folds", "{study}", "--folds", "1"], 2, ""),
        (["nothing"], 2, ""),
    ],
)
def test_what_cannot_be_done_is_said(args: list[str], code: int, message: str, study: Path, capsys: Capture) -> None:
    assert run(["data", *(arg.format(study=study) for arg in args)]) == code
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_a_folder_that_is_not_there_is_told_in_a_sentence_of_its_own(tmp_path: Path, capsys: Capture) -> None:
    assert run(["data", "inspect", str(tmp_path / "nowhere"), "--format", "pair-folder"]) == 1
    assert "None" not in capsys.readouterr().err


def test_agreement_of_raters_is_printed_and_drawn(study: Path, tmp_path: Path, capsys: Capture) -> None:
    rows = [f"v{i},P{i},{who},{1 + (i + shift) % 5}" for i in range(6) for who, shift in (("Ann", 0), ("Bo", i % 2))]
    table, figure = tmp_path / "ratings.csv", tmp_path / "figure.png"
    table.write_text("\n".join(["video,participant,rater,Flow", *rows]) + "\n", encoding="utf-8")
    assert run(["data", "agreement", str(table), "--figure", str(figure)]) == 0
    out = capsys.readouterr().out
    assert not missing(out, "2 raters", "“Flow”", "6 videos", "2,1")
    assert "Ann and Bo: weighted kappa " in out
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert run(["data", "agreement", str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["raters"], found["n_complete"], len(found["pairs"][0]["limits"]["means"])) == (["Ann", "Bo"], 6, 6)
    for arguments, words in (
        ([str(table), "--figure", str(figure)], "figure.png"),
        ([str(table), "--figure", str(tmp_path / "figure.xyz")], "choose a name that ends in"),
        ([str(study)], "tiny has no ratings by raters; skillviewer data import"),
    ):
        assert run(["data", "agreement", *arguments]) == 1
        assert words in capsys.readouterr().err


def test_folds_say_how_many_pairs_carry_the_accuracy_to_state_first(study: Path, capsys: Capture) -> None:
    assert run(["data", "folds", str(study), "--json"]) == 0
    folds = json.loads(capsys.readouterr().out)["folds"]
    n_pairs = sum(len(fold["honest_pairs"]) for fold in folds)
    assert run(["data", "folds", str(study)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert not missing(last, f"{n_pairs} pair", "few", "--folds 2")
