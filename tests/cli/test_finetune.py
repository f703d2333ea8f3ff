"""``skillviewer finetune`` as a person or a script meets it."""

import re
import shutil
from itertools import combinations
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.model_choice import BaselineAccuracy, CheckLevel, ModelChoice
from skillviewer.data.study import ModelState, NewVideo, Study, Vote
from skillviewer.engine.evaluation.choice_plan import ChoicePlan
from skillviewer.engine.evaluation.choose_and_train import ChosenTraining
from skillviewer.engine.finetuning import automatic_choice
from skillviewer.engine.training.train_checkpoint import TrainingResult
from skillviewer.nets.checkpoint import load_checkpoint
from tests.checkpoints import tiny_checkpoint
from tests.data.files import write
from tests.engine.tuned import NAMES, write_study
from tests.facts import missing

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A study without votes, and a model to begin as."""
    folder = tmp_path_factory.mktemp("study")
    write_study(folder / "videos")
    with Study.create(folder / "grasping.skillstudy") as study:
        study.videos.add([NewVideo(folder / "videos" / f"{name}.mp4", participant=name[0]) for name in NAMES])
    return folder / "grasping.skillstudy", tiny_checkpoint(folder / "parent").folder


def vote(path: Path, verdict: Verdict) -> None:
    with Study.open(path) as study:
        study.votes.import_votes(
            [
                Vote(better, worse, verdict, rater, key=f"{rater}{better}{worse}{verdict}")
                for worse, better in combinations(NAMES, 2)
                for rater in ("Ann", "Ben")
            ]
        )


def test_from_votes_to_a_version_and_back(begun: tuple[Path, Path], tmp_path: Path, capsys: Capture) -> None:
    path, parent = begun
    study, start = str(path), ["--from", str(parent)]
    assert run(["finetune", study, *start]) == 1
    assert not missing(capsys.readouterr().err, "grasping")

    assert run(["finetune", study, "--versions"]) == 0
    assert not missing(capsys.readouterr().out, "training makes")

    vote(path, Verdict.LEFT)
    assert run(["finetune", study, *start, "--rule", "nonsense"]) == 1
    assert "nonsense" in capsys.readouterr().err
    assert run(["finetune", study, *start, "--cost"]) == 0
    told = capsys.readouterr()
    assert not missing(told.err, "15 pairs", "13 held", "2 videos")
    assert re.search(r"features +about .*\n +training +about .*15 pairs(.|\n)*in all", told.err)
    assert told.out == ""
    with Study.open(path, read_only=True) as opened:
        assert opened.models.all() == (), "the cost alone changes nothing"

    out = tmp_path / "graspers"
    few = ["--epochs", "1", "--candidates", "1"]
    assert run(["finetune", study, *start, "-o", str(out), *few]) == 0
    told = capsys.readouterr()
    assert "epoch   0   before" in told.err
    assert "epoch   1   loss" in told.err
    reported = told.out.splitlines()
    assert not missing(reported[0], "new people")
    assert any(line.startswith("held out: ") for line in reported)
    assert "! The pairs are few: 15 trained on, 13 held out." in told.out
    assert not missing(told.out.splitlines()[-1], "graspers:2", f"{out}")
    checkpoint = load_checkpoint(out)
    assert checkpoint.card.held_out is not None
    with Study.open(path, read_only=True) as opened:
        first, new = opened.models.all()
        assert (first.path, new.path, new.parent) == (parent, out, first.digest)
        assert (new.state, opened.settings.model) == (ModelState.PROPOSED, "")
        assert new.facts["raters"] == ["Ann", "Ben"]
        stated = checkpoint.card.held_out.headline
        facts = {"pairs": stated.n_pairs, "accuracy": stated.accuracy, "low": stated.low, "high": stated.high}
        assert new.facts["both_new"] == facts

    assert run(["finetune", study, "--use", "graspers:2"]) == 0
    assert run(["finetune", study, "--versions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "graspers:2 is in use"
    assert [line.split()[:2] for line in lines[1:]] == [["graspers:1", "accepted"], ["*", "graspers:2"]]
    assert run(["finetune", study, "--use", "graspers:1"]) == 0
    with Study.open(path, read_only=True) as opened:
        assert opened.settings.model == first.digest
    assert run(["finetune", study, "--use", "graspers:7"]) == 1
    assert not missing(capsys.readouterr().err, "graspers:7")

    assert run(["finetune", study, *start, "-o", str(tmp_path / "copy"), *few, "--accept"]) == 0
    told = capsys.readouterr()
    assert not missing(told.err, "graspers:2", f"{out}", f"{tmp_path / 'copy'}")
    with Study.open(path, read_only=True) as opened:
        assert [(m.number, m.path) for m in opened.models.all()] == [(1, parent), (2, out)]
        assert opened.settings.model == new.digest
    (out / "weights.safetensors").write_bytes(b"something else")
    assert run(["finetune", study, "--use", "graspers:2"]) == 1
    assert not missing(capsys.readouterr().err, "study knows")
    shutil.copy(tmp_path / "copy" / "weights.safetensors", out)

    assert run(["finetune", study, *start, "-o", str(out), *few]) == 1
    assert "already" in capsys.readouterr().err
    assert load_checkpoint(out).digest == checkpoint.digest


def test_ratings_alone_are_trained_on_and_say_so(begun: tuple[Path, Path], tmp_path: Path, capsys: Capture) -> None:
    path, parent = begun
    with Study.open(path, read_only=True) as study:
        videos = [video.path for video in study.videos.all()]
    rated = tmp_path / "rated.skillstudy"
    with Study.create(rated) as made:
        made.videos.add([NewVideo(video, participant=video.stem[0]) for video in videos if video is not None])
    rows = [f"{name},x,{grip},3" for name, grip in zip(NAMES, (2, 1, 4, 3, 6, 5, 8, 7), strict=True)]
    write(tmp_path / "scores.csv", "\n".join(["video,rater,Grip,Care", *rows]))
    assert run(["study", "import-ratings", str(rated), str(tmp_path / "scores.csv")]) == 0
    command = ["finetune", str(rated), "--from", str(parent), "--cost", "--criterion", "Grip"]
    capsys.readouterr()
    assert run(command) == 0
    assert "15 pairs to train on, 13 held out" in capsys.readouterr().err
    assert run([*command, "--learn-from", "votes"]) == 1
    assert "no ratings, votes or pairs" in capsys.readouterr().err
    assert run([*command, "--criterion", "Care"]) == 1
    assert not missing(capsys.readouterr().err, "Care")
    assert run([*command, "--model", "duration"]) == 2, "the model is chosen where training begins from nothing"
    assert run(["finetune", str(rated), "--criterion", "Grip", "--model", "duration"]) == 1
    assert "not trained on features" in capsys.readouterr().err
    assert run(["finetune", str(rated), "--criterion", "Grip", "--model", "auto", "--from", str(parent)]) == 2
    capsys.readouterr()
    assert run([*command, "--criterion", "Speed"]) == 1
    assert "no criterion “Speed”" in capsys.readouterr().err


def test_only_ties_are_refused(begun: tuple[Path, Path], tmp_path: Path, capsys: Capture) -> None:
    path, parent = begun
    with Study.open(path, read_only=True) as study:
        videos = [video.path for video in study.videos.all()]
    tied = tmp_path / "tied.skillstudy"
    with Study.create(tied) as made:
        made.videos.add([NewVideo(video) for video in videos])
    vote(tied, Verdict.NEITHER)
    assert run(["finetune", str(tied), "--from", str(parent)]) == 1
    assert "All 28 pairs count as no difference" in capsys.readouterr().err


def test_what_stops_is_asked_for_once(tmp_path: Path, capsys: Capture) -> None:
    assert run(["finetune", str(tmp_path / "s"), "--versions", "--use", "a:1"]) == 2
    assert "give one of them" in capsys.readouterr().err
    for name in ("", "..", "/"):
        assert run(["finetune", str(tmp_path / "s"), "-o", name]) == 2
        assert "names no version" in capsys.readouterr().err


def test_help_needs_no_torch(capsys: Capture) -> None:
    assert run(["finetune", "--help"]) == 0
    said = capsys.readouterr().out
    assert "[default: none]" not in said
    assert all(option in said for option in ("--from", "--rule", "--by", "--cost", "--accept", "--use"))


@pytest.mark.parametrize("command", [["finetune", "no.skillstudy"], ["train", ".", "-o", "new"]])
def test_a_seed_that_no_generator_takes_is_refused(command: list[str], capsys: Capture) -> None:
    assert run([*command, "--seed", "-1"]) == 2
    assert "-1 is not in the range 0<=x<=4294967295" in capsys.readouterr().err


def test_an_automatic_choice_becomes_a_version(
    begun: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    path = tmp_path / "own.skillstudy"
    with Study.open(begun[0], read_only=True) as study, Study.create(path) as own:
        own.videos.add([NewVideo(v.path, participant=v.participant) for v in study.videos.all() if v.path is not None])
    vote(path, Verdict.LEFT)
    plans = list[ChoicePlan]()

    def trained(plan: ChoicePlan, _dataset: object, folder: Path, *_rest: object, **_work: Path) -> ChosenTraining:
        plans.append(plan)
        made = tiny_checkpoint(folder)
        estimate = PooledEstimate(0.75, 0.6, 0.9, 20, 4, "participant")
        lead = PooledEstimate(0.1, 0.02, 0.2, 20, 4, "participant")
        row = BaselineAccuracy("motion", "Motion", estimate, lead)
        choice = ModelChoice(
            "sharp",
            "Sharp",
            CheckLevel.CROSS_VALIDATED,
            "participant",
            estimate,
            estimate,
            True,
            (),
            (row,),
            None,
            (),
            None,
        )
        return ChosenTraining(TrainingResult(made, (), ()), choice)

    monkeypatch.setattr(automatic_choice, "choose_and_train", trained)
    command = ["finetune", str(path), "--model", "auto", "--candidates", "1", "--epochs", "2", "--accept"]
    assert run([*command, "-o", str(tmp_path / "auto")]) == 0
    told = capsys.readouterr()
    assert re.search(r"features +about .* sampled frames\n +checking +about .* trainings of 5 models", told.err)
    assert not missing(told.out, "75.0 %", "10 points")
    assert told.out.splitlines()[-1].endswith("(in use)")
    (plan,) = plans
    assert (plan.training.epochs, plan.training.candidates) == (2, 1)
    with Study.open(path, read_only=True) as opened:
        facts = opened.models.all()[-1].facts
    assert (facts["is_improvement"], facts["accuracy"]) == (True, 0.75)
