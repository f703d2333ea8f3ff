"""Files that version 0.1 wrote, opened by this version: everything in them is found again, with its values.

``tests/fixtures/v0_1/README.md`` says how they were made.
"""

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from skillviewer.cli.main import run
from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.dataset.pairs import Pair, SimilarPair, Verdict
from skillviewer.core.faces.faces import DoubtReason, FaceBox, FaceMark, FaceReviewItem, FaceTrack
from skillviewer.core.finetuning.forgetting import Forgetting
from skillviewer.core.finetuning.tuning_report import TuningReport
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.video.clips import FrameRange, TimeRange
from skillviewer.data.analysis_file import load_analysis, save_analysis
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.study import FileState, Study, StudySettings, cached_analysis
from skillviewer.data.trained_pairs import read_pairs
from skillviewer.engine.training.state_file import StateFile
from skillviewer.nets.checkpoint import load_checkpoint
from tests.engine.training.test_state_file import train

OLD = Path(__file__).parent / "fixtures" / "v0_1"
TINY = "bd6277ee6909721f6ba674ae978df5df4de57ed2c5a3e06d581d03a10492f9ee"
TUNED = "58cd3299d844de93a184b21b5c896c1160f343debeb1977dec2e45f23dda1259"
ADA_1 = "89a5a33177c8fc1f6a9b904a1ec8b0e606b2e3c20b38d73f230947d216c6e2c8"
BEN_2 = "9a3c56131ec36ae3d8c42e1c88292febc15cbeae2790eb4e7fc151ce34a4caf5"
LONG = "5fcdab22c63fb887f64ff2a7a7bd46e608d8a768add64cd64d1fea0712cff428"
SCORES = {"ada_1": -0.05574497580528259, "ben_2": -0.11279705911874771, "long seconds": -0.04054580628871918}
L, N, R = Verdict.LEFT, Verdict.NEITHER, Verdict.RIGHT
ANN, BEN = "Ann", "Ben O'Neil"
VOTES = [
    ("ada_1", "ada_2", R, ANN),
    ("ada_1", "ben_1", R, ANN),
    ("ada_1", "ben_2", R, ANN),
    ("ada_2", "ben_1", R, ANN),
    ("ada_2", "ben_2", R, ANN),
    ("ben_1", "ben_2", R, ANN),
    ("ada_1", "ada_2", R, BEN),
    ("ada_1", "ben_2", N, BEN),
    ("ben_1", "ada_2", None, BEN),
    ("ben_1", "ben_2", L, BEN),
    ("ben_1", "ben_2", R, BEN),
    ("long seconds", "long frames", L, ANN),
]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the files to another place, as they come to a new computer, and live there."""
    folder = tmp_path / "pegs"
    shutil.copytree(OLD, folder)
    monkeypatch.setenv(HOME_VARIABLE, str(folder / "home"))
    return folder


def files_of(folder: Path) -> dict[str, str]:
    """Return the digest of every file, by its path in the folder."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def lines(capsys: Capture) -> list[dict[str, Any]]:
    """Return what was printed, one JSON object a line."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def check_people_and_votes(study: Study) -> None:
    """Check what people said: settings, votes, pairs, moments and notes."""
    assert study.settings == StudySettings(
        title="Pegs, first round",
        task="peg",
        statement="Who places the peg better?",
        allow_neither=False,
        speed=1.5,
        random_share=0.25,
        repeat_share=0.1,
        comparisons_per_video=6.0,
        rule="majority",
        participant_pattern="^([a-z]+)_",
        model=TUNED,
        blind=True,
    )
    assert study.votes.raters() == ("Zoë", ANN, BEN)
    votes = study.votes.all()
    assert [(vote.left, vote.right, vote.verdict, vote.rater) for vote in votes] == VOTES
    assert [vote.id for vote in votes] == list(range(1, 13))
    assert len({vote.key for vote in votes}) == 12
    assert votes[11].key == "b094596eaa1f4dc2a69661fe652103ec"
    first = votes[0]
    assert (first.taken_s, first.watched, first.speed, first.reason) == (4.25, 0.75, 1.5, "steadier")
    assert (first.left_mark_s, first.right_mark_s, first.purpose) == (0.25, 0.5, "random")
    assert (votes[1].taken_s, votes[1].watched, votes[6].purpose) == (3.5, 1.0, "repeat")
    assert [vote.id for vote in votes if not vote.is_valid] == [10]
    assert votes[11].judged_at is not None
    assert votes[11].judged_at.isoformat() == "2026-11-28T07:06:31.767130+00:00"
    assert set(study.pairs.all()) == {SimilarPair("ada_2", "ben_1"), Pair("ben_2", "ada_1")}
    assert study.rejudge_queue.waiting() == (frozenset({"ada_1", "ben_1"}),)
    moments = [(m.id, m.video, m.start_s, m.stop_s, m.label, m.opinion, m.author) for m in study.annotations.moments()]
    assert moments == [(1, "ada_1", 0.1, 0.4, "slips", "", ANN), (2, "ben_2", 0.5, 0.75, "", "disagree", BEN)]
    assert [moment.model_digest for moment in study.annotations.moments()] == ["", TINY]
    notes = [
        (note.id, note.video, note.moment, note.time_s, note.text, note.author) for note in study.annotations.notes()
    ]
    assert notes == [
        (1, None, None, None, "Ask about the glove.", ANN),
        (2, "ada_1", 1, 0.2, "The peg slips here.", ANN),
    ]


def check_models(study: Study) -> None:
    """Check the versions of the model, their scores, and what they said of videos."""
    assert [(m.digest, m.name, m.number, m.parent, m.state) for m in study.models.all()] == [
        (TINY, "tiny-v2", 1, None, "accepted"),
        (TUNED, "tiny-v2", 2, TINY, "accepted"),
    ]
    facts = study.models.get(TUNED).facts
    assert {key: facts[key] for key in ("seed", "rule", "votes", "pairs", "raters", "held_out_videos", "gain")} == {
        "seed": 3,
        "rule": "majority",
        "votes": 5,
        "pairs": 4,
        "raters": [ANN, BEN],
        "held_out_videos": ["long frames"],
        "gain": -1.0,
    }
    scores = study.models.scores(TINY)
    assert scores["ada_1"].interval == (-0.14769030659997814, 0.03620035498941296)
    assert (scores["ada_1"].passes, scores["ada_1"].warning) == (2, "")
    for name, score in scores.items():
        kept = cached_analysis(study.videos.get(name), TINY)
        assert kept is not None
        assert kept.score == score.score == SCORES[name]


def test_study(old: Path) -> None:
    with Study.open(old / "pegs.skillstudy") as study:
        study.videos.check()  # the copies have other time stamps
        videos = {video.name: video for video in study.videos.all()}
        assert {video.id: name for name, video in videos.items()} == {
            1: "ada_1",
            2: "ada_2",
            3: "ben_1",
            4: "ben_2",
            6: "long seconds",
            7: "long frames",
        }
        assert {(video.state, video.must_check) for video in videos.values()} == {(FileState.PRESENT, False)}
        assert (videos["ada_1"].digest, videos["ada_1"].size_bytes) == (ADA_1, 5124)
        assert videos["ada_1"].path == old / "videos" / "ada_1.mp4"
        assert [video.participant for video in videos.values()] == ["ada", "ada", "ben", "ben", "cem", "cem"]
        assert {video.task for video in videos.values()} == {"peg"}
        ada_2 = videos["ada_2"]
        assert (ada_2.notes, ada_2.context, ada_2.sync_s) == ("left-handed", "camera 2", 0.25)
        assert videos["long seconds"].clip_id == (LONG, TimeRange(0.5, 1.5))
        assert videos["long frames"].clip_id == (LONG, FrameRange(45, 80))
        assert study.videos.restore("take_é_3").id == 5
        check_people_and_votes(study)
        study.annotations.restore("note", 3)
        assert study.annotations.notes()[2].text == "a slip of the pen"
        check_models(study)
        assert set(study.models.scores(TINY)) == set(SCORES)
        assert study.models.get(TUNED).path == old / "models" / "tiny-v2"


def test_commands_on_a_study(old: Path, capsys: Capture) -> None:
    study = str(old / "pegs.skillstudy")
    assert run(["study", "ranking", study, "--json"]) == 0
    (ranking,) = lines(capsys)
    assert (ranking["judged"], ranking["skipped"]) == (10, 1)
    assert [row["name"] for row in ranking["strengths"] if row["name"].startswith(("ada", "ben"))] == [
        "ben_2",
        "ben_1",
        "ada_2",
        "ada_1",
    ]
    assert run(["study", "export", study, str(old / "votes.csv")]) == 0
    with (old / "votes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert rows[0]["reason"] == "steadier"
    capsys.readouterr()
    assert run(["finetune", study, "--use", "tiny-v2:1"]) == 0
    with Study.open(old / "pegs.skillstudy", read_only=True) as opened:
        assert opened.settings.model == TINY


def test_archive(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "fresh"))
    assert run(["study", "unpack", str(old / "pegs.skillarchive"), str(tmp_path / "unpacked")]) == 0
    shutil.rmtree(old)
    with Study.open(tmp_path / "unpacked" / "pegs.skillstudy") as study:
        check_people_and_votes(study)
        check_models(study)
        videos = {video.name: video for video in study.videos.all()}
        assert {video.state for video in videos.values()} == {FileState.PRESENT}
        assert (videos["ada_1"].digest, videos["ben_2"].digest) == (ADA_1, BEN_2)
        assert videos["long frames"].clip_id == (LONG, FrameRange(45, 80))
        for version in study.models.all():
            assert version.path is not None
            assert load_checkpoint(version.path).digest == version.digest
    faces = FaceStore().get(ADA_1)
    assert faces is not None
    assert len(faces.tracks) == 2


def test_checkpoint(old: Path) -> None:
    tiny = load_checkpoint(old / "models" / "tiny")
    assert (tiny.name, tiny.digest, tiny.map_kind, tiny.familiarity) == ("tiny", TINY, MapKind.DISTRIBUTION, None)
    config = tiny.config
    assert (config.attention_model, config.preset, config.precision) == ("full", "small-study", "float32")
    assert (config.preprocessing.n_segments, config.preprocessing.input_px) == (5, 128)
    flow = config.preprocessing.flow
    assert (flow.algorithm, flow.length, flow.bound_px, flow.short_side_px) == ("dis", 4, 20.0, 48)
    assert (config.sizes.feature_channels, config.sizes.grid, config.sizes.task_hidden) == (640, (4, 4), 6)
    assert config.backbone is not None
    assert config.backbone.name == "efficientnet-lite0"
    assert (tiny.card.task, tiny.card.created) == ("test", "2026-01-01T00:00:00+00:00")
    with torch.no_grad():
        assert sum(parameter.numel() for parameter in tiny.build().parameters()) == sum(
            tensor.numel() for tensor in tiny.head.values()
        )

    tuned = load_checkpoint(old / "models" / "tiny-v2")
    assert (tuned.digest, tuned.card.seed, tuned.card.n_pairs, tuned.card.n_videos) == (TUNED, 3, 4, 4)
    assert tuned.card.held_out is not None
    assert (tuned.card.held_out.accuracy, tuned.card.held_out.interval, tuned.card.held_out.n_pairs) == (0.0, None, 1)
    pairs = read_pairs(old / "models" / "tiny-v2" / "pairs.csv")
    assert [(pair.better.name, pair.worse.name, pair.use) for pair in pairs] == [
        ("ben_1", "ada_1", "trained"),
        ("ben_1", "ada_2", "trained"),
        ("ben_2", "ada_2", "trained"),
        ("ben_2", "ben_1", "trained"),
    ]
    assert (pairs[2].better.digest, str(pairs[2].better.path)) == (BEN_2, "/data/pegs/videos/ben_2.mp4")


def test_score_on_kept_features(old: Path, capsys: Capture) -> None:
    features = old / "home" / "cache" / "features"
    (entry,) = files_of(features)
    path = features / entry
    assert path.stem == "b64328e8f4a7c47ac55b7c588dbf78ee6e9a98d572daae95e9273b7c13b8c1c3"
    before = path.stat().st_ino
    arguments = ["--model", str(old / "models" / "tiny"), "--device", "cpu", "--json"]
    assert run(["score", "--passes", "1", str(old / "videos" / "ada_1.mp4"), *arguments]) == 0
    (found,) = lines(capsys)
    assert list(files_of(features)) == [entry], "what is known is not computed again"
    assert path.stat().st_ino == before
    assert found["sampled_frames"] == [5, 8, 11, 14, 17]
    assert found["score"] == pytest.approx(-0.059922829270362854, abs=1e-5)
    curve = [0.04522767663002014, -0.05498655140399933, -0.07291693985462189, -0.11087857186794281]
    assert found["score_curve"][:4] == pytest.approx(curve, abs=1e-5)
    assert (found["attention"]["kind"], found["attention"]["grid"]) == ("distribution", [2, 2])
    assert found["provenance"]["model_digest"] == TINY
    assert found["video"]["digest"] == ADA_1


def test_kept_analysis(old: Path) -> None:
    (path,) = (old / "home" / "cache" / "analyses" / "89").iterdir()
    assert path.name == f"{ADA_1}-{TINY}.analysis.npz"
    analysis = load_analysis(path)
    assert analysis.samples.tolist() == [[5, 8, 11, 14, 17], [4, 7, 10, 13, 16]]
    assert analysis.attention.shape == (2, 5, 2, 2)
    assert analysis.attention.dtype == np.float32
    assert np.allclose(analysis.attention.sum(axis=(2, 3)), 1, atol=1e-6)
    assert (analysis.n_segments, analysis.map_kind, analysis.clip_range) == (5, MapKind.DISTRIBUTION, None)
    assert (analysis.video.n_frames, analysis.video.rate_hz, analysis.video.codec) == (20, 30.0, "h264")
    assert analysis.mean_feature is not None
    assert analysis.mean_feature.shape == (640,)
    assert analysis.score_curve[0, -1] == -0.059922829270362854
    assert analysis.provenance.program == "SkillViewer 0.1.0"
    (part,) = (old / "home" / "cache" / "analyses" / "5f").iterdir()
    assert load_analysis(part).clip_range == TimeRange(0.5, 1.5)


def test_faces(old: Path) -> None:
    faces = FaceStore().get(ADA_1)
    assert faces is not None
    assert (faces.video_digest, faces.n_frames, faces.method, faces.searched) == (ADA_1, 20, "yunet", True)
    box = FaceBox(0.1, 0.2, 0.3, 0.5)
    assert faces.tracks == (
        FaceTrack(1, 0, 12, (FaceMark(2, box, 0.875), FaceMark(10, FaceBox(0.2, 0.2, 0.4, 0.5), 0.75))),
        FaceTrack(2, 13, 20, (FaceMark(15, FaceBox(0.5, 0.5, 0.75, 0.875), by_hand=True),)),
    )
    assert faces.doubts == (FaceReviewItem(4, 6, DoubtReason.HELD, box, 1),)
    assert (old / "home" / "data" / "faces" / f"{ADA_1}.faces.json").is_file()


def evaluate(old: Path, folder: str, *more: str) -> list[str]:
    """Return the command that made the evaluation."""
    settings = {"folds": 2, "segments": 5, "input-px": 96, "flow": "dis", "candidates": 1, "epochs": 2}
    chosen = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
    place = ["evaluate", str(old / "data"), "-o", str(old / folder), "--device", "cpu", "--precision", "float32"]
    place += ["--no-controls"]
    return [*place, *chosen, "--json", *more]


def test_finished_runs_of_an_evaluation_are_not_made_again(old: Path, capsys: Capture) -> None:
    runs = old / "evaluation" / "runs"
    before = files_of(runs)
    assert len(before) == 16
    assert run(evaluate(old, "evaluation", "--model", "none,duration")) == 0
    assert files_of(runs) == before
    none, duration = json.loads(capsys.readouterr().out)["models"]
    assert (none["model"], none["parameters"], none["pooled"]["n_pairs"]) == ("none", 1590913, 43)
    assert (duration["folds"], duration["seconds"]) == ([1.0, 1.0], 0.15228874899980838)
    assert none["folds"] == [1.0, 0.6190476190476191]


def test_evaluation_is_compared_with(old: Path, capsys: Capture) -> None:
    assert run(evaluate(old, "fresh", "--model", "duration", "--against", str(old / "evaluation"))) == 0
    (duration,) = json.loads(capsys.readouterr().out)["models"]
    assert duration["accuracy"] == 1.0
    assert duration["difference"]["value"] == pytest.approx(1 - 0.813953488372093)


def test_training_that_was_killed_goes_on(old: Path) -> None:
    state = StateFile(old / "training" / "state-final.safetensors")
    kept = state.load()
    assert kept is not None
    assert (kept.epoch, kept.turns, kept.best_epoch) == (2, (6,), 2)
    assert kept.best_key == (0.5384615384615384, -0.4989201472355769)
    assert [row.loss for row in kept.rows] == [0.4949275056521098, 0.47912606596946716]
    assert len(kept.tensors) == 70
    assert kept.generator["state"]["state"] == 70292044061956516973682965706326266580
    finished = train("full", state)
    assert finished.rows[:2] == kept.rows
    assert [row.epoch for row in finished.rows] == [1, 2, 3, 4]


def test_report_of_a_fine_tuning_keeps_its_names() -> None:
    """It has the keys of ``report.json`` as earlier versions wrote it, in their order."""
    report = json.loads((OLD / "models" / "tiny-v2" / "report.json").read_text(encoding="utf-8"))
    for kind, kept in ((TuningReport, report), (Forgetting, report["forgetting"])):
        names = [each.encode_name for each in msgspec.structs.fields(kind)]
        assert [name for name in names if name in kept] == list(kept)


def test_analysis_keeps_its_names(old: Path, tmp_path: Path) -> None:
    """All facts that an earlier version wrote have the same names in a new file."""
    (path,) = (old / "home" / "cache" / "analyses" / "5f").iterdir()
    save_analysis(load_analysis(path), tmp_path / "again.analysis.npz")
    before, after = (json.loads(str(np.load(one)["about"])) for one in (path, tmp_path / "again.analysis.npz"))
    assert before.items() <= after.items()
