"""``skillviewer evaluate`` on a tiny study, from end to end."""

import csv
import io
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from skillviewer.cli.main import run
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import inner_fold
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.data.study.lock import WriteLock
from skillviewer.engine.training import fit_fold
from skillviewer.nets.checkpoint import load_checkpoint
from tests.cli.studies import NAMES, write_study
from tests.facts import missing

Capture = pytest.CaptureFixture[str]

TINY = ["--segments", "7", "--input-px", "64", "--flow", "dis", "--candidates", "2", "--epochs", "1", "--device", "cpu"]
TINY += ["--no-controls"]
ONCE = ["--folds", "2", "--no-refit", "--checkpoints"]
"""Two folds, and one training in each."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("data") / "tiny")


def command(study: Path, folder: Path, *more: str) -> list[str]:
    return ["evaluate", str(study), "-o", str(folder), *TINY, *more]


@dataclass(frozen=True, slots=True)
class Serial:
    """An evaluation of three models in one process, with checkpoints."""

    folder: Path
    models: dict[str, Any]
    told: str


@pytest.fixture(scope="module")
def serial(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Serial:
    folder = tmp_path_factory.mktemp("serial")
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        assert run(command(study, folder, "--model", "none,motion,raan", *ONCE, "--json")) == 0
    found = json.loads(out.getvalue())["models"]
    return Serial(folder, {model["model"]: model for model in found}, err.getvalue())


def files_of(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in (folder / "runs").rglob("*") if p.is_file()}


def models(capsys: Capture) -> list[dict[str, Any]]:
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["models", "orderings", "verdict", "one_rater"]
    return list(found["models"])


def test_models_are_trained_tested_and_tabulated_once(study: Path, tmp_path: Path, capsys: Capture) -> None:
    names = ["full", "none", "tsn-frozen", "raan", "duration"]
    arguments = command(study, tmp_path, "--model", ",".join(names), "--folds", "2", "--json")
    assert run(arguments) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert list(found) == ["models", "orderings", "verdict", "one_rater"]
    assert [model["model"] for model in found["models"]] == names
    for model in found["models"]:
        assert len(model["folds"]) == 2
        assert all(0 <= accuracy <= 1 for accuracy in model["folds"])
        assert model["accuracy"] == pytest.approx(sum(model["folds"]) / 2)
        pooled = model["pooled"]
        if pooled["value"] == 1:  # every draw says the same, which is no interval
            assert pooled["low"] is pooled["high"] is None
        else:
            assert pooled["low"] <= pooled["value"] <= pooled["high"]
        assert model["ceilings"] == {"quality": 1.0}
        assert not model["optimistic"]
        assert (model["difference"] is None) == (model["model"] == "full")
        assert (model["attention"] is None) == (model["model"] != "full")
        assert all(run["seed"] == 0 for run in model["runs"])
    assert found["models"][0]["attention"]["n_frames"] == 8 * 7
    duration = found["models"][-1]
    assert duration["accuracy"] == 1.0  # the longer, the better
    assert duration["parameters"] == 1
    assert not missing(err, "selection rule")
    assert "10 runs made, 0 found" in err
    assert {p.name for p in tmp_path.iterdir()} == {"runs", "evaluation.json", "table.md", "table.csv", "table.png"}
    page = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert not missing(page, "Selection rule")
    assert all(f"| {name} |" in page for name in names)
    own = tmp_path / "runs" / "full-s0-f2"
    assert {p.name for p in own.iterdir()} == {
        "configuration.json", "curves.png", "log.csv", "maps.npz", "provenance.json", "score_curves.npz", "scores.csv",
    }  # fmt: skip
    with (own / "scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["video"] for row in rows] == list(NAMES)
    assert sum(int(row["held_out"]) for row in rows) == 4
    provenance = json.loads((own / "provenance.json").read_text())
    assert (provenance["held_out_looked_at"], provenance["videos_looked_at"]) == (0, 4)

    before = files_of(tmp_path)
    assert run(arguments) == 0
    again, err = capsys.readouterr()
    assert "0 runs made, 10 found" in err
    assert files_of(tmp_path) == before
    assert again == out


@pytest.mark.slow
def test_only_what_is_missing_or_made_otherwise_is_made(study: Path, tmp_path: Path, capsys: Capture) -> None:
    arguments = command(study, tmp_path, "--model", "duration", "--folds", "2")

    def made_and_found(*more: str) -> str:
        assert run([*arguments, *more]) == 0
        return capsys.readouterr().err.splitlines()[-1].split(" in ")[0]

    assert made_and_found() == "2 runs made, 0 found"
    before = files_of(tmp_path)
    assert made_and_found("--seeds", "2") == "2 runs made, 2 found"
    after = files_of(tmp_path)
    assert {name: after[name] for name in before} == before
    assert made_and_found("--seeds", "2", "--select", "last") == "4 runs made, 0 found"
    assert made_and_found("--seeds", "2", "--select", "last") == "0 runs made, 4 found"
    assert made_and_found("--seeds", "2") == "0 runs made, 4 found"
    (tmp_path / "runs" / "duration-s1-f2" / "provenance.json").unlink()
    assert made_and_found("--seeds", "2") == "1 runs made, 3 found"


def test_a_refused_evaluation_leaves_no_folder(study: Path, tmp_path: Path, capsys: Capture) -> None:
    arguments = command(study, tmp_path / "out", "--model", "duration", "--folds", "500")
    assert run(arguments) == 1
    assert "500" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    assert run(arguments) == 1
    assert (tmp_path / "out").is_dir(), "what was there before stays"


def test_two_do_not_write_into_one_folder(study: Path, tmp_path: Path, capsys: Capture) -> None:
    arguments = command(study, tmp_path, "--model", "duration", "--folds", "2")
    other = WriteLock(tmp_path / "evaluation")
    assert other.is_held
    assert run(arguments) == 1
    assert f"Another evaluation writes into {tmp_path}" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
    other.release()
    assert run(arguments) == 0
    assert not list(tmp_path.glob("*lock*"))


@pytest.mark.slow
def test_another_evaluation_is_compared_with(study: Path, tmp_path: Path, capsys: Capture) -> None:
    other = tmp_path / "other"
    assert run(command(study, other, "--model", "duration", "--folds", "2", "--seeds", "2", "--no-refit")) == 0
    capsys.readouterr()
    against = command(study, tmp_path / "own", "--model", "none,duration", "--baseline", str(other), "--no-refit")
    assert run([*against, "--folds", "2", "--json"]) == 0
    none, duration = models(capsys)
    assert none["difference"]["value"] == pytest.approx(none["pooled"]["value"] - duration["pooled"]["value"])
    assert none["difference"]["n_pairs"] == none["pooled"]["n_pairs"]
    same = duration["difference"]  # the same orders: no difference, and nothing to draw an interval from
    assert (same["value"], same["low"], same["high"]) == (0, None, None)
    assert [one["folder"] for one in duration["runs"]] == ["duration-s0-f1", "duration-s0-f2"]
    assert "| to duration of other (95 %) |" in (tmp_path / "own" / "table.md").read_text(encoding="utf-8")

    def refused(*more: str) -> str:
        assert run([*against, *more]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        return err

    assert not missing(refused("--folds", "4"), "compared")
    fewer = Path(shutil.copytree(study, tmp_path / "fewer"))
    judged = (fewer / "pairs.csv").read_text().splitlines(keepends=True)
    (fewer / "pairs.csv").write_text("".join(judged[:-1]))
    old_name = ("--against", str(other))  # of --baseline in version 0.1
    assert run(command(fewer, tmp_path / "own", "--model", "duration", "--folds", "2", *old_name)) == 1
    assert "other videos, pairs or folds" in capsys.readouterr().err
    (other / "runs" / "duration-s1-f2" / "scores.csv").write_text("video,held_out,score\n")
    assert not missing(refused("--folds", "2"), "duration-s1-f2")
    (other / "evaluation.json").write_text("{}")
    assert "cannot be read" in refused("--folds", "2")
    (other / "evaluation.json").write_text('{"folds": [], "models": []}')
    assert "has no result to compare with" in refused("--folds", "2")
    (other / "evaluation.json").unlink()
    assert "holds no evaluation to compare with" in refused("--folds", "2")


def test_epoch_chosen_on_the_test_pairs_is_labelled_everywhere(study: Path, tmp_path: Path, capsys: Capture) -> None:
    arguments = command(study, tmp_path, "--model", "duration", "--folds", "2", "--select", "best-on-test")
    assert run(arguments) == 0
    out, err = capsys.readouterr()
    assert not missing(out, "pairs themselves")
    assert not missing(err, "selection rule")
    assert "optimistic" in (tmp_path / "table.md").read_text(encoding="utf-8")
    assert run([*arguments, "--json"]) == 0
    (duration,) = models(capsys)
    assert duration["optimistic"]
    assert "optimistic" in duration["selection"]


def test_held_out_video_in_training_fails_the_run(
    study: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = "a2"

    def leaky(dataset: Dataset, fold: Fold, seed: int = 0, _n: int = 1) -> tuple[Fold]:
        inner = inner_fold(dataset, fold, seed)
        pairs = tuple(pair for pair in dataset.pairs if pair.within({leak, *inner.train_videos}))
        return (replace(inner, train_pairs=inner.train_pairs + pairs),)

    monkeypatch.setattr(fit_fold, "inner_folds", leaky)
    monkeypatch.setattr(fit_fold, "check_no_leak", lambda *_, **__: None)  # the first guard is off duty
    assert run(command(study, tmp_path, "--model", "duration", "--json")) == 1
    out, err = capsys.readouterr()
    assert not missing(err, "“a2”")
    assert json.loads(out)["models"] == []
    for configuration in tmp_path.glob("runs/*/configuration.json"):
        held_out = json.loads(configuration.read_text())["held_out"]
        assert configuration.with_name("provenance.json").exists() == (leak not in held_out)


@pytest.mark.slow
def test_checkpoints_are_kept_on_request(serial: Serial) -> None:
    for name in ("none", "raan"):
        checkpoint = load_checkpoint(serial.folder / "runs" / f"{name}-s0-f1" / "checkpoint")
        assert checkpoint.config.attention_model == name
        assert checkpoint.config.preprocessing.n_segments == 7
        assert checkpoint.card.n_videos == 4


def test_video_that_cannot_be_read_is_told_and_left_out(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path / "study")
    (study / "videos" / "c1.mp4").write_bytes(b"no video")
    assert run(command(study, tmp_path / "out", "--model", "duration", "--json")) == 0
    out, err = capsys.readouterr()
    assert "c1.mp4" in err
    (duration,) = json.loads(out)["models"]
    tested = (tmp_path / "out" / "runs" / "duration-s0-f1" / "scores.csv").read_text()
    assert "c1" not in tested
    assert duration["pooled"]["n_clusters"] == 4


def test_one_file_under_two_names_is_not_held_out_from_itself(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path / "study")
    (study / "videos" / "c1.mp4").write_bytes((study / "videos" / "a1.mp4").read_bytes())
    assert run(command(study, tmp_path / "out", "--model", "duration")) == 1
    assert not missing(capsys.readouterr().err, "Leave")
    assert not (tmp_path / "out" / "table.md").exists()


@pytest.mark.slow
def test_published_numbers_do_not_stand_beside_those_of_other_data(tmp_path: Path, capsys: Capture) -> None:
    study = write_study(tmp_path / "Infant-Grasp")
    more = ["--model", "duration,none", "--folds", "2", "--preset", "paper", "--no-refit"]
    assert run(command(study, tmp_path / "out", *more)) == 0
    page = (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    assert "preset paper (infant-grasp)" in page
    assert "84.0" not in page
    out, err = capsys.readouterr()
    assert "| published |" not in out
    assert not missing(err, "8 videos", "27 pairs", "94", "3,318")
    (study / "videos" / "a1.mp4").unlink()
    assert run(command(study, tmp_path / "fewer", *more)) == 0
    assert not missing(capsys.readouterr().err, "8 videos")


def test_a_folder_that_cannot_be_written_into_is_told_first(study: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("a file, and no folder")
    assert run(command(study, tmp_path / "file" / "out", "--model", "duration")) == 1
    out, err = capsys.readouterr()
    assert f"Nothing can be written into {tmp_path / 'file' / 'out'}" in err
    assert "opening videos" not in err + out


@pytest.mark.slow
def test_a_course_that_is_shortened_is_told(serial: Serial) -> None:
    assert not missing(serial.told, "2,000 epochs")
    assert "none was published" not in serial.told


@pytest.mark.slow
def test_several_at_once_find_the_same(serial: Serial, study: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(command(study, tmp_path, "--model", "raan", *ONCE, "--json", "--jobs", "2")) == 0
    (two,) = models(capsys)
    assert serial.models["raan"]["folds"] == two["folds"]
    assert serial.models["raan"]["by_separation"] == two["by_separation"]


def test_killed_evaluation_goes_on(study: Path, tmp_path: Path, capsys: Capture) -> None:
    arguments = command(study, tmp_path, "--model", "duration,none", *ONCE)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "skillviewer", *arguments], env=environment, stderr=subprocess.DEVNULL
    )
    first = tmp_path / "runs" / "duration-s0-f1" / "provenance.json"
    for _ in range(6000):
        if first.exists() or process.poll() is not None:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = first.stat().st_mtime_ns
    assert run([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)["models"]) == 2
    n_made, n_found = (int(word) for word in err.splitlines()[-1].split() if word.isdigit())
    assert n_made + n_found == 4
    assert n_found >= 1
    assert first.stat().st_mtime_ns == finished


def test_what_lost_its_pairs_is_left_out_and_told(study: Path, tmp_path: Path, capsys: Capture) -> None:
    """Of two released folds the one holds out a person whose videos are missing."""
    folder = tmp_path / "knots"
    shutil.copytree(study / "videos", folder / "videos")
    pairs = [(b, a) for a, b in itertools.combinations(NAMES, 2)]
    (folder / "knots_gt.csv").write_text("Vid1,Vid2,Best\n" + "".join(f"{b},{a},{b}\n" for b, a in pairs))
    (folder / "splits").mkdir()
    for number, person in ((1, "a"), (2, "b")):
        tested = [pair for pair in pairs if person in {pair[0][0], pair[1][0]}]
        for side, chosen in (("train", [pair for pair in pairs if pair not in tested]), ("val", tested)):
            rows = "".join(f"{better},{worse}\n" for better, worse in chosen)
            (folder / "splits" / f"knots_{side}_{number}.csv").write_text("Better,Worse\n" + rows)
    for name in ("a1", "a2"):
        (folder / "videos" / f"{name}.mp4").unlink()
    assert run(command(folder, tmp_path / "out", "--model", "duration,none")) == 0
    assert not missing(capsys.readouterr().err, "fold 1")
    record = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert [fold["name"] for fold in record["folds"]] == ["2"]
    assert [model["model"] for model in record["models"]] == ["duration", "none"]


@pytest.mark.slow
def test_three_people_whose_pairs_are_between_them(study: Path, tmp_path: Path, capsys: Capture) -> None:
    """When one is held out to test and one to choose on, no pair is left: then single videos choose, or it is said."""
    folder = tmp_path / "three"
    shutil.copytree(study / "videos", folder / "videos")
    names = [f"{who}{take}" for who in "abc" for take in (1, 2)]
    rows = [f"{b},{a},1" for a, b in itertools.combinations(names, 2) if a[0] != b[0]]
    (folder / "pairs.csv").write_text("left,right,label\n" + "\n".join(rows))
    (folder / "participants.csv").write_text("video,participant\n" + "".join(f"{n},{n[0]}\n" for n in names))
    assert run(command(folder, tmp_path / "out", "--model", "duration")) == 0
    record = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert [fold["name"] for fold in record["folds"]] == ["1", "2", "3"]
    (folder / "pairs.csv").write_text("left,right,label\nb1,a1,1\nc1,b1,1\nc1,a1,1\n")
    assert run(command(folder, tmp_path / "few", "--model", "duration")) == 1
    assert "Choose the last epoch (--select last)." in capsys.readouterr().err
    assert not (tmp_path / "few" / "table.png").exists()
    assert (tmp_path / "few" / "table.csv").read_text() == "model\n"
    assert run(command(folder, tmp_path / "few", "--model", "duration", "--select", "last")) == 0


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--model", "nobody"], 1, "no attention model “nobody”"),
        (["--model", "tsn"], 1, "skillviewer weights fetch alexnet"),
        (["--model", "full,full"], 1, "named twice"),
        (["--model", "duration", "--folds", "5"], 1, "choose 2 to 4"),
        (["--model", "full", "--backbone", "resnet101"], 1, "skillviewer weights fetch resnet101"),
        (["--model", "full", "--preset", "best"], 1, "no preset “best”"),
        (["--model", "full", "--cache-gb", "0.1", "--candidates", "64", "--segments", "200"], 1, "the cache holds"),
        (["--model", "none", "--input-px", "32"], 1, "1 x 1 cells"),
        (["--rule", "at-least:inf"], 1, "There is no rule “at-least:inf”"),
        (["--jobs", "0"], 2, ""),
    ],
)
def test_what_cannot_be_done_is_said(
    more: list[str], code: int, message: str, study: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert run(command(study, tmp_path / "out", *more)) == code
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_shards_make_the_runs_of_the_whole_from_features_that_two_processes_computed(
    serial: Serial, study: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ["--model", "none,motion", *ONCE]
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    options = [word for word in TINY if word != "--no-controls"]
    assert run(["data", "features", str(study), *options, "--jobs", "2"]) == 0
    out, err = capsys.readouterr()
    assert "8 videos have features" in out
    assert "Features take up to 0.01 GB of the 21.47 GB" in err  # "up to": never 0.00
    for shard in ("1/2", "2/2"):
        assert run(command(study, tmp_path / "shards", *models, "--shard", shard)) == 0
        assert not (tmp_path / "shards" / "evaluation.json").exists()
        assert "2 runs made, 0 found" in capsys.readouterr().err
    assert run(command(study, tmp_path / "shards", *models)) == 0
    assert "0 runs made, 4 found" in capsys.readouterr().err
    made = list((tmp_path / "shards" / "runs").rglob("scores.csv"))
    assert len(made) == 4
    for path in made:
        assert (serial.folder / path.relative_to(tmp_path / "shards")).read_bytes() == path.read_bytes()


def test_tracks_and_instruments_are_baselines_where_there_are_some(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillviewer.nets.models.TRIVIAL", ("kinematics", "measures"))
    folder = write_study(tmp_path / "lab")
    rows = [f"{name},{i},{7 - i % 3}" for i, name in enumerate(NAMES)]
    (folder / "measures.csv").write_text("\n".join(["video,force,drops", *rows]) + "\n", encoding="utf-8")
    (folder / "reference.csv").write_text("x,y\n0,20\n90,20\n", encoding="utf-8")
    arguments = [*command(folder, tmp_path / "out", "--model", "duration", "--folds", "2"), "--controls"]
    assert run([*arguments, "--json"]) == 0
    found = {model["model"]: model for model in models(capsys)}
    assert list(found) == ["duration", "kinematics", "measures"]
    assert found["measures"]["accuracy"] == 1  # the force tells the order
    assert found["kinematics"]["accuracy"] > 0.9  # and so does the time
    (folder / "measures.csv").write_text("\n".join(["video,force", *(f"{n},1" for n in NAMES)]) + "\n")
    assert run([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "2 runs made, 4 found" in err  # other numbers, other runs
    assert {model["model"]: model for model in json.loads(out)["models"]}["measures"]["accuracy"] == 0  # all tie


def test_tracks_are_added_to_the_scores_of_networks(tmp_path: Path, capsys: Capture) -> None:
    folder = write_study(tmp_path / "lab")
    (folder / "reference.csv").write_text("x,y\n0,20\n90,20\n", encoding="utf-8")
    arguments = command(folder, tmp_path / "out", "--model", "none,kinematics", "--folds", "2", "--select", "last")
    assert run([*arguments, "--json"]) == 0
    plain = {model["model"]: model for model in models(capsys)}
    assert run([*arguments, "--with-tracks", "--json", "--checkpoints"]) == 0
    out, err = capsys.readouterr()
    assert not missing(err, "weight", "tracks is added", "2 runs made, 2 found")
    found = {model["model"]: model for model in json.loads(out)["models"]}
    assert found["kinematics"]["runs"] == plain["kinematics"]["runs"]
    assert found["none"]["accuracy"] > max(0.9, plain["none"]["accuracy"])
    (checkpoint,) = {p.parent for p in (tmp_path / "out" / "runs").glob("none-s0-f1-*/checkpoint/config.json")}
    assert load_checkpoint(checkpoint).config.tracks is not None
    assert run(command(folder, tmp_path / "auto", "--model", "auto", "--with-tracks")) == 2


def test_baselines_without_their_inputs_are_refused(study: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(command(study, tmp_path, "--model", "measures", "--folds", "2")) == 1
    assert "measures.csv" in capsys.readouterr().err
