"""Every form of a data set goes the whole way: looked at, trained on, evaluated; stretches of long videos too."""

import json
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.nets.checkpoint import load_checkpoint
from tests.data.files import write
from tests.facts import missing
from tests.videos import write_barcode_video

Capture = pytest.CaptureFixture[str]
TINY = ["--segments", "3", "--input-px", "64", "--flow", "dis", "--candidates", "1", "--epochs", "1", "--device", "cpu"]
TAKES = [f"{who}{take:03}" for who in "BCDE" for take in (1, 2)]  # every later one is better
PAIRS = list(combinations(TAKES, 2))
ATTEMPT = 10


def lines(path: Path, rows: Iterable[str]) -> None:
    write(path, "\n".join(rows) + "\n")


def films(folder: Path, names: Iterable[str]) -> None:
    """Write a short video of each name, the later the longer."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        write_barcode_video(folder / f"{name}.mp4", 12 + i)


def recording(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_barcode_video(path, 96)


def epic_skills(root: Path) -> list[str]:
    """A task of EPIC-Skills with two released folds, in its own words: Vid1, Vid2, Best."""
    folder = root / "annotations/Chopstick_Using"
    lines(folder / "chopstick_using_gt.csv", ["Vid1,Vid2,Best", *(f"{a},{b},{b}" for a, b in PAIRS)])
    for number, held_out in ((1, "BC"), (2, "DE")):
        sides = {"val": [p for p in PAIRS if p[0][0] in held_out or p[1][0] in held_out]}
        sides["train"] = [p for p in PAIRS if p not in sides["val"]]
        for side, pairs in sides.items():
            lines(
                folder / f"splits/chopstick_using_{side}_{number}.csv",
                ["Better,Worse,", *(f"{b},{a}," for a, b in pairs)],
            )
    films(root / "videos/ChopstickUsing/Stationary", TAKES)
    return ["--videos", str(root / "videos"), "--task", "chopsticks"]


def dough(root: Path) -> list[str]:
    """Dough: attempts are frames of long recordings, and every video is another person."""
    names = [f"S{i:02}" for i in range(1, 9)]
    gt = [f"{a},{b},{b}," for a, b in combinations(names, 2)]
    lines(root / "annotations/Dough_Rolling/dough_rolling_gt.csv", ["Vid1,Vid2,Best,", *gt])
    segments = [f"{name}_Pizza_7150991,{11 * i},{11 * i + ATTEMPT}," for i, name in enumerate(names)]
    lines(root / "dough_rolling_segments.csv", ["Video,StartFrame,EndFrame,", *segments])
    recording(root / "v/S01_Pizza_7150991.mp4")
    for name in names[1:]:
        (root / f"v/{name}_Pizza_7150991.mp4").hardlink_to(root / "v/S01_Pizza_7150991.mp4")
    return ["--videos", str(root / "v")]


def best(root: Path) -> list[str]:
    """BEST: stretches by the second, one released fold, two words a line."""
    folder = root / "splits/tie_tie"
    train, test = TAKES[:5], TAKES[5:]
    for side, names in (("train", train), ("test", test)):
        lines(folder / f"{side}_vid_list.txt", names)
        lines(folder / f"{side}.txt", [f"{b} {a}" for a, b in combinations(names, 2)])
    stretches = [f"tie_tie,{name},{i * 0.3:.2f},{i * 0.3 + 0.5:.2f}" for i, name in enumerate(TAKES)]
    lines(root / "BEST.csv", ["task,vid_id,start_seconds,end_seconds", *stretches])
    recording(root / f"v/{TAKES[0]}.mp4")
    for name in TAKES[1:]:
        (root / f"v/{name}.mp4").hardlink_to(root / f"v/{TAKES[0]}.mp4")
    return ["--videos", str(root / "v")]


def jigsaws(root: Path) -> list[str]:
    """JIGSAWS: ratings of trials, with a tie."""
    ratings = [f"Suturing_{take}\tN\t{10 + max(1, i)}\t{5 + max(1, i)}\t1\t1\t1\t1\t1" for i, take in enumerate(TAKES)]
    lines(root / "Suturing/meta_file_Suturing.txt", ratings)
    films(root / "Suturing/video", [f"Suturing_{take}_capture2" for take in TAKES])
    return []


def pair_folder(root: Path) -> list[str]:
    """A folder with pairs.csv: several raters' votes, and who is in which video."""
    rows = [f"{a},{b},{'-1 -1 -1' if a != TAKES[0] or b != TAKES[1] else '0 1 -1'}" for a, b in PAIRS]
    lines(root / "pairs.csv", ["left,right,votes", *rows])
    lines(root / "participants.csv", ["video,participant", *(f"{take},{take[0]}" for take in TAKES)])
    films(root / "videos", TAKES)
    return []


def ratings(root: Path) -> list[str]:
    """A table of ratings by two raters, beside its videos, that was imported by command."""
    rows = [f"{take}.MP4;{take[0]};{judge};{i + shift}" for i, take in enumerate(TAKES) for judge, shift in RATERS]
    lines(root / "table.csv", ["Clip;Person;Judge;Global (0-9)", *rows])
    films(root / "films", TAKES)
    table = root / "table.csv"
    assert run(["data", "import", str(table), "--videos", str(root / "films"), "-o", str(root)]) == 0
    return []


RATERS = (("x", 0), ("y", 1))


def study(root: Path) -> list[str]:
    """A study that holds the same ratings and no vote."""
    ratings(root.parent / "table")
    films, table = root.parent / "table" / "films", root.parent / "table" / "table.csv"
    assert run(["study", "create", str(root.with_suffix(".skillstudy"))]) == 0
    command = ["study", "import-ratings", str(root.with_suffix(".skillstudy")), str(table), "--videos", str(films)]
    assert run(command) == 0
    return []


def egoexolearn(root: Path) -> list[str]:
    """EgoExoLearn: ranges of frames of recordings."""
    ids = [f"bee9{letter}-ac78-11ee-819f-80615f12b59e" for letter in "abcd"]
    names = [f"18_{ids[i // 2]}_{11 * i}_{11 * i + ATTEMPT}" for i in range(8)]
    lines(root / "annotations/skill_train.txt", [f"{b} {a}" for a, b in combinations(names, 2)])
    recording(root / f"v/{ids[0]}.mp4")
    for one in ids[1:]:
        (root / f"v/{one}.mp4").hardlink_to(root / f"v/{ids[0]}.mp4")
    return ["--videos", str(root / "v")]


@pytest.mark.parametrize(
    ("layout", "stretches", "pairs", "similar", "folds"),
    [
        pytest.param(epic_skills, 0, 28, 0, 2, marks=pytest.mark.slow),
        pytest.param(dough, 8, 28, 0, 2, marks=pytest.mark.slow),
        pytest.param(best, 8, 13, 0, 1, marks=pytest.mark.slow),
        pytest.param(jigsaws, 0, 27, 1, 2, marks=pytest.mark.slow),
        pytest.param(pair_folder, 0, 27, 1, 2, marks=pytest.mark.slow),
        pytest.param(ratings, 0, 28, 0, 2, marks=pytest.mark.slow),
        (study, 0, 28, 0, 2),
        pytest.param(egoexolearn, 8, 28, 0, 2, marks=pytest.mark.slow),
    ],
)
def test_a_layout_is_inspected_trained_on_and_evaluated(
    layout: Callable[[Path], list[str]],
    stretches: int,
    pairs: int,
    similar: int,
    folds: int,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    root = tmp_path / "data"
    options = layout(root)
    root = root if root.exists() else root.with_suffix(".skillstudy")
    capsys.readouterr()
    assert run(["data", "inspect", str(root), *options, "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["datasets"]
    counted = ("videos", "videos_with_file", "stretches_of_longer_videos", "pairs", "pairs_without_disparity")
    assert [one[what] for what in counted] == [8, 8, stretches, pairs, similar]
    assert run(["train", str(root), *options, *TINY, "--no-refit", "-o", str(tmp_path / "model")]) == 0
    card = load_checkpoint(tmp_path / "model").card
    assert card.n_videos < 8
    assert card.held_out is not None
    assert card.held_out.n_pairs > 0
    assert 0 < card.n_pairs < pairs
    capsys.readouterr()
    command = ["evaluate", str(root), *options, *TINY, "--no-refit", "--model", "none", "--folds", "2", "--no-controls"]
    assert run([*command, "-o", str(tmp_path / "tables"), "--json"]) == 0
    (none,) = json.loads(capsys.readouterr().out)["models"]
    assert len(none["folds"]) == folds
    assert all(0 <= accuracy <= 1 for accuracy in none["folds"])
    table = (tmp_path / "tables/table.md").read_text(encoding="utf-8")
    assert "8 videos" in table


@pytest.mark.slow
def test_the_program_chooses_a_model_and_says_first_how_it_stands(tmp_path: Path, capsys: Capture) -> None:
    root = tmp_path / "data"
    ratings(root)
    command = [str(root), *TINY, "--model", "auto"]
    capsys.readouterr()
    assert run(["train", *command, "--check", "quick", "-o", str(tmp_path / "model")]) == 0
    told = capsys.readouterr()
    assert not missing(told.err, "4 people", "11")
    lines = told.out.splitlines()
    told_new, baseline = lines[1:3]
    assert not missing(told_new, "new people")
    assert baseline.startswith("  Duration only: ")
    (told_all,) = (line for line in lines if line.startswith("all pairs"))
    assert int(told_all.split()[-1]) > int(told_new.split()[-1])
    assert lines[-1] == str(tmp_path / "model")
    card = load_checkpoint(tmp_path / "model").card
    assert card.n_videos == 8
    assert lines[0] == card.verdict


def test_the_automatic_choice_holds_people_out_itself(tmp_path: Path, capsys: Capture) -> None:
    lines(tmp_path / "pairs.csv", ["better,worse", "a,b"])
    command = [str(tmp_path), "--model", "auto", "-o", str(tmp_path / "other")]
    for wrong in (["train", "--scale-folds", "4"], ["train", "--test", str(tmp_path)], ["evaluate", "--folds", "3"]):
        assert run([*wrong, *command]) == 2
    assert run(["train", *command]) == 1
    assert not missing(capsys.readouterr().err, "0 videos")
